/**
 * Every icon of the element, drawn for this project on a grid of 24, stroked in the text's colour.
 *
 * They are decoration: the button beside them carries the name.
 */
import { h, type Branch } from "./tree.js";

/** The names of the drawings. */
export type IconName = keyof typeof drawings;

/** A picture in the size and colour of the text around it. */
export function icon(name: IconName): Branch {
  const { path, turned } = drawing(name);
  return h(
    "svg",
    {
      key: name,
      viewBox: "0 0 24 24",
      class: turned ? "icon turned" : "icon",
      "aria-hidden": "true",
      focusable: "false",
    },
    h("path", { d: path }),
  );
}

function drawing(name: IconName): { path: string; turned: boolean } {
  return name === "hangup" ? { path: drawings.call, turned: true } : { path: drawings[name], turned: false };
}

const handset =
  "M6.6 3.5h2.2a1 1 0 0 1 1 .8l.7 3.3a1 1 0 0 1-.3.9L8.4 10.2a13 13 0 0 0 5.4 5.4l1.7-1.8a1 1 0 0 1 .9-.3l3.3.7a1 1 0 0 1 .8 1v2.2a2.1 2.1 0 0 1-2.2 2.1A15.8 15.8 0 0 1 4.5 5.7a2.1 2.1 0 0 1 2.1-2.2z";

/** Twelve keys as nine dots. */
const dots = [5, 12, 19]
  .map((y) => [5, 12, 19].map((x) => `M${String(x - 0.6)} ${String(y)}h1.2`).join(""))
  .join("");

const drawings = {
  call: handset,
  hangup: handset,
  mic: "M12 3.5a2.8 2.8 0 0 1 2.8 2.8v5a2.8 2.8 0 0 1-5.6 0v-5A2.8 2.8 0 0 1 12 3.5zM5.8 11a6.2 6.2 0 0 0 12.4 0M12 17.2v3.3M9 20.5h6",
  muted:
    "M9.2 9.2v2.1a2.8 2.8 0 0 0 4.6 2.1M14.8 10.5V6.3a2.8 2.8 0 0 0-5.5-.7M5.8 11a6.2 6.2 0 0 0 10 4.9M18.2 11a6.2 6.2 0 0 1-.6 2.6M12 17.2v3.3M9 20.5h6M4 4l16 16",
  keys: dots,
  notes: "M6.5 3.5h8l4 4v13h-12zM14.5 3.5v4h4M9.5 12h6M9.5 15.5h6",
  back: "M9.2 5.5h10.3a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H9.2L3.5 12zM11.5 9.5l5 5M16.5 9.5l-5 5",
  again: "M4.5 12a7.5 7.5 0 1 0 2.4-5.5L4.5 8.8M4.5 4.5v4.3h4.3",
  close: "M6 6l12 12M18 6L6 18",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  play: "M8 5.2v13.6L19 12z",
  warning: "M12 4l9 15.5H3zM12 10v4.5M12 17h.01",
  person: "M12 12.2a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.8 20.2a7.2 7.2 0 0 1 14.4 0",
} as const;
