/** Tells a person who looks elsewhere that somebody calls: the page's title, and a notification if allowed. */
export class Ringing {
  #title: { before: string; shown: string } | undefined;
  #notification: Notification | undefined;

  /** Shows this line, or takes everything back. */
  tell(line: string | undefined): void {
    if (line === this.#title?.shown) return;
    this.#end();
    if (line !== undefined) this.#begin(line);
  }

  #begin(shown: string): void {
    this.#title = { before: document.title, shown };
    document.title = shown;
    const { Notification } = globalThis as Partial<typeof globalThis>;
    if (!document.hidden || Notification?.permission !== "granted") return;
    try {
      this.#notification = new Notification(shown, { tag: "cc-sdk-incoming", requireInteraction: true });
      this.#notification.addEventListener("click", () => {
        globalThis.focus();
      });
    } catch {
      // Chromium on Android has the class but lets only service workers use it.
    }
  }

  #end(): void {
    this.#notification?.close();
    this.#notification = undefined;
    // A page that has changed its title meanwhile keeps its own.
    if (this.#title && document.title === this.#title.shown) document.title = this.#title.before;
    this.#title = undefined;
  }
}
