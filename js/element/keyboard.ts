/** What a key means, as a pure function of the state and of the place. */
import type { Act } from "./pieces.js";
import { isUp, type ViewState } from "./state.js";

/** A key press as far as it matters here; a `KeyboardEvent` fits. */
export interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly repeat: boolean;
}

/** Where the press happened: in the number field, in a longer text, on a control, or elsewhere. */
export type Place = "number" | "text" | "control" | "elsewhere";

/**
 * The act of a key, if it has one here.
 *
 * `shortcuts` are those of single characters, which WCAG 2.1.4 wants to be switched off at will;
 * Enter and Escape always work. Enter on a control is the browser's own press.
 */
export function actOf(key: Key, place: Place, state: ViewState, shortcuts: boolean): Act | undefined {
  if (key.ctrlKey || key.altKey || key.metaKey || key.repeat) return undefined;
  if (key.key === "Escape") return escape(state);
  if (place === "text") return undefined;
  if (key.key === "Enter") return place === "control" ? undefined : enter(state, place);
  return shortcuts && place !== "number" ? character(key.key, state) : undefined;
}

function enter({ call, form, line, typing }: ViewState, place: Place): Act | undefined {
  // Who types a number does not mean the call that begins to ring meanwhile.
  if (call?.phase === "incoming") return place === "number" ? undefined : "answer";
  const free = call === undefined || (call.phase === "ended" && typing);
  return free && form === "phone" && line.is !== "unsupported" ? "call" : undefined;
}

function escape({ call, waiting, notice, pane }: ViewState): Act | undefined {
  if (waiting) return "reject-waiting";
  if (notice) return "dismiss";
  switch (call?.phase) {
    case "incoming":
      return "reject";
    case "calling":
    case "ringing":
    case "early":
    case "answering":
      return "hangup";
    case "ended":
      return "close";
    case "connected":
    case "reconnecting":
      return pane === "none" ? undefined : pane;
    case undefined:
      return undefined;
  }
}

function character(key: string, { call, form }: ViewState): Act | undefined {
  const up = call !== undefined && isUp(call);
  if (/^[0-9*#]$/.test(key))
    return up || ((!call || call.phase === "ended") && form === "phone") ? `key-${key}` : undefined;
  if (key === "+") return !call && form === "phone" ? "key-+" : undefined;
  return up && key.toLowerCase() === "m" ? "mute" : undefined;
}

/** Where a key was pressed, by the innermost target. */
export function placeOf(target: EventTarget | undefined): Place {
  if (!(target instanceof Element)) return "elsewhere";
  if (target.matches("[data-input=number]")) return "number";
  if (target.matches("input, textarea, select, [contenteditable]")) return "text";
  return target.matches("button, a, summary") ? "control" : "elsewhere";
}
