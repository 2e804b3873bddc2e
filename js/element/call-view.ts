/** A call in the form `phone`, from the first ring to the notes after it. */
import { icon } from "./icons.js";
import {
  avatar,
  button,
  details,
  duration,
  exchanged,
  message,
  pad,
  timer,
  who,
  type Speech,
} from "./pieces.js";
import { isUp, type CallFace, type Pane, type ViewState } from "./state.js";
import { endingOf, fill, type Message, type Texts } from "./texts.js";
import { h, type Branch, type Child } from "./tree.js";

/** The call and all that can be done with it. */
export function callView(state: ViewState, call: CallFace, speech: Speech): Branch {
  const { texts } = speech;
  const pane = paneOf(state, call);
  const small = pane !== "none" || isUrgent(state);
  return h(
    "div",
    {
      key: "call",
      class: "call",
      part: "call",
      role: "group",
      tabindex: -1,
      "data-home": true,
      "aria-label": who(call, texts),
    },
    h(
      "div",
      { key: "scroll", class: "scroll" },
      person(call, small, speech),
      call.phase === "ended" ? result(call, speech) : progress(call, small, speech),
      pane !== "keys" && info(state, call, texts),
      opened(state, call, pane, texts),
    ),
    isUp(call) && tiles(state, call, texts),
    isUp(call) && h("slot", { key: "actions", name: "actions" }),
    primary(state, call, texts),
  );
}

/** What is opened; after a call the notes are, since that time is for them. */
function paneOf(state: ViewState, call: CallFace): Pane {
  const wished: Pane = call.phase === "ended" && state.seat === 4 ? "notes" : state.pane;
  if (wished === "notes") return state.shows.notes ? wished : "none";
  return isUp(call) ? wished : "none";
}

/** What is more urgent than the call takes room from it, so that nothing below moves. */
function isUrgent({ notice, waiting }: ViewState): boolean {
  return notice !== undefined || waiting !== undefined;
}

/** How a call ended, in words. */
export function ending(call: CallFace, { texts, language }: Speech): Message {
  const { ending } = call;
  if (!ending) return texts.ended.hangup;
  if (ending.code === "hangup" && call.seconds > 0) {
    return { what: fill(texts.ended.talked.what, { time: duration(call.seconds, language) }), next: "" };
  }
  if (ending.code === "cancelled" && call.direction === "incoming") return texts.ended.missed;
  const said = endingOf(texts, ending.code);
  if (call.seconds === 0 || ending.code === "hangup") return said;
  return { what: `${said.what} · ${duration(call.seconds, language)}`, next: said.next };
}

function person(call: CallFace, small: boolean, { texts, language }: Speech): Branch {
  const name = who(call, texts);
  return h(
    "div",
    { key: "who", class: small ? "who small" : "who" },
    avatar(call),
    h(
      "div",
      { key: "names", class: "names" },
      h("h2", { key: "name", class: "name", part: "name", dir: "auto" }, name),
      call.number !== name &&
        h("p", { key: "number", class: "number", part: "number", dir: "ltr" }, call.number),
    ),
    small && call.phase === "connected" && timer(call, language),
  );
}

function progress(call: CallFace, small: boolean, speech: Speech): Branch | false {
  const stage = h("p", { key: "stage", class: "stage" }, speech.texts.face[call.phase]);
  const shown = call.phase === "connected" ? !small && timer(call, speech.language) : stage;
  const more = remark(call, speech);
  return (shown !== false || more !== false) && h("div", { key: "progress", class: "progress" }, shown, more);
}

/** What a person must know while talking: being held, being muted, being lost for a moment. */
function remark(call: CallFace, { texts, language }: Speech): Branch | false {
  const lines = [
    call.phase === "reconnecting" &&
      fill(texts.call.reconnecting, { seconds: duration(call.seconds, language) }),
    call.heldThere && texts.call.heldThere,
    call.heldHere && texts.call.heldHere,
    isUp(call) && call.muted && texts.call.muted,
  ].filter((line) => line !== false);
  return lines.length > 0 && h("p", { key: "remark", class: "remark" }, lines.join(" · "));
}

function result(call: CallFace, speech: Speech): Branch {
  const { code = "", ...rest } = call.ending ?? {};
  const dull = code === "hangup" || code === "cancelled" || code === "rejected-here";
  return h(
    "div",
    { key: "result", class: "result", part: "result" },
    ...message(ending(call, speech)),
    !dull && details({ code, ...rest }, speech.texts, call.trace),
  );
}

function info(state: ViewState, call: CallFace, texts: Texts): Branch | false {
  if (!state.shows.info || call.info === "" || isUrgent(state)) return false;
  return h(
    "div",
    { key: "info", class: "info", part: "info" },
    h("h3", {}, texts.call.info),
    h("p", { dir: "auto" }, call.info),
  );
}

function opened(state: ViewState, call: CallFace, pane: Pane, texts: Texts): Branch | false {
  if (pane === "notes") return notes(state, texts);
  if (!isUp(call)) return false;
  const back = exchanged(call, texts);
  return pane === "keys" ? h("div", { key: "keys", class: "keys" }, back, pad(texts.act.keys, false)) : back;
}

function notes(state: ViewState, texts: Texts): Branch {
  const attributes = {
    id: "notes",
    part: "notes",
    rows: 4,
    "data-input": "notes",
    dir: "auto",
    value: state.notes,
    placeholder: texts.call.notesHint,
  };
  return h(
    "div",
    { key: "notes", class: "notes" },
    h("label", { for: "notes" }, texts.call.notes),
    h("textarea", attributes),
  );
}

function tiles(state: ViewState, call: CallFace, texts: Texts): Branch {
  const { act } = texts;
  const open = state.pane;
  return h(
    "div",
    { key: "tiles", class: "tiles", part: "tiles" },
    button({
      act: "mute",
      kind: "tile",
      icon: call.muted ? "muted" : "mic",
      text: act.mute,
      pressed: call.muted,
    }),
    button({ act: "keys", kind: "tile", icon: "keys", text: act.keys, expanded: open === "keys" }),
    state.shows.notes &&
      button({ act: "notes", kind: "tile", icon: "notes", text: act.notes, expanded: open === "notes" }),
  );
}

/**
 * The row of fixed places: what ends is on the left, what begins is on the right, so that a double
 * press of Call or Answer meets nothing that ends the call.
 */
function primary(state: ViewState, call: CallFace, texts: Texts): Branch {
  return h("div", { key: "primary", class: "primary", part: "primary" }, ...choices(state, call, texts));
}

function choices(state: ViewState, call: CallFace, texts: Texts): Child[] {
  const { act } = texts;
  switch (call.phase) {
    case "incoming":
      return [
        button({ act: "reject", kind: "end", icon: "hangup", text: act.reject }),
        button({ act: "answer", kind: "go", icon: "call", text: act.answer }),
      ];
    case "ended":
      return [
        button({ act: "close", kind: "tile", text: state.seat === 4 ? act.done : act.close }),
        button({ act: "again", kind: "go", icon: "call", text: act.again, disabled: call.number === "" }),
      ];
    case "calling":
    case "ringing":
    case "early":
    case "answering":
      return [
        button({ act: "hangup", kind: "end", icon: "hangup", text: act.hangup }),
        h("span", { key: "wait", class: "wait", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
      ];
    case "connected":
    case "reconnecting":
      return [button({ act: "hangup", kind: "end", icon: "hangup", text: act.hangup }), levels(call, texts)];
    default:
      return call.phase satisfies never;
  }
}

/** How loud both sides are; the element writes `data-live-level`. */
function levels(call: CallFace, texts: Texts): Branch {
  const one = (side: "you" | "them"): Branch =>
    h(
      "span",
      { key: side, class: "level", part: "level", "data-level": side },
      h("span", { class: "caption" }, side === "you" ? texts.call.you : texts.call.them),
      side === "you" && call.muted
        ? icon("muted")
        : h("span", { class: "bars" }, h("i"), h("i"), h("i"), h("i"), h("i")),
    );
  return h(
    "span",
    { key: "levels", class: "levels", part: "levels", "aria-hidden": "true" },
    one("you"),
    one("them"),
  );
}
