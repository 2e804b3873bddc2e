/**
 * Tells a person who looks elsewhere that somebody calls: by the page's title and icon, and by a
 * notification if those are allowed. Everything is given back when the ringing ends.
 */
export class Ringing {
  #shown: string | undefined;
  #restore: (() => void)[] = [];

  /** Shows this line, or takes everything back. */
  tell(line: string | undefined): void {
    if (line === this.#shown) return;
    this.#shown = line;
    for (const restore of this.#restore.splice(0)) restore();
    if (line !== undefined) this.#restore = [changeTitle(line), changeIcon(), notify(line)];
  }
}

/** A ringing dot, as an address: a page that forbids such pictures keeps its own icon. */
const dot =
  "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#b3261e"/></svg>',
  );

function changeTitle(title: string): () => void {
  const before = document.title;
  document.title = title;
  return () => {
    // A page that has changed it meanwhile keeps its own.
    if (document.title === title) document.title = before;
  };
}

/** A link of our own beside the page's, which then holds again: the last one counts. */
function changeIcon(): () => void {
  const link = document.createElement("link");
  link.rel = "icon";
  link.type = "image/svg+xml";
  link.href = dot;
  document.head.append(link);
  return () => {
    link.remove();
  };
}

function notify(line: string): () => void {
  const { Notification } = globalThis as Partial<typeof globalThis>;
  if (!document.hidden || Notification?.permission !== "granted") return () => undefined;
  try {
    const notification = new Notification(line, { tag: "cc-sdk-incoming", requireInteraction: true });
    notification.addEventListener("click", () => {
      globalThis.focus();
    });
    return () => {
      notification.close();
    };
  } catch {
    // Chromium on Android has the class but lets only service workers use it.
    return () => undefined;
  }
}
