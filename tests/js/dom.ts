/** A document for the element, set up before anything of the SDK is imported. */
import { Window } from "happy-dom";

const window = new Window({ url: "https://shop.example.com/" });
const names = [
  "AbortController",
  "ClipboardEvent",
  "CSSStyleSheet",
  "CustomEvent",
  "Element",
  "Event",
  "EventTarget",
  "HTMLElement",
  "HTMLInputElement",
  "KeyboardEvent",
  "MouseEvent",
  "Node",
  "customElements",
  "document",
] as const;
for (const name of names) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
}
