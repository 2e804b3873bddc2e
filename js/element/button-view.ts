/** The form `button`: one button that becomes the call. No dial pad at first, no words of telephony. */
import { ending } from "./call-view.js";
import { button, clock, details, duration, exchanged, message, pad, who, type Speech } from "./pieces.js";
import { isUp, type CallFace, type ViewState } from "./state.js";
import { fill, messageOf, type Message } from "./texts.js";
import { h, type Branch, type Child } from "./tree.js";

/** The button, and below it one line that says what it is or what happened. */
export function buttonView(state: ViewState, speech: Speech): Branch {
  const { call } = state;
  const busy = call !== undefined && call.phase !== "ended";
  return h(
    "div",
    { key: "button", class: "visit", part: "button-form", tabindex: -1, "data-home": true, role: "group" },
    busy ? bar(state, call, speech) : begin(state, speech),
    below(state, speech),
    busy && isUp(call) && state.pane === "keys" && keys(call, speech),
  );
}

function begin(state: ViewState, { texts }: Speech): Branch {
  const again = state.call !== undefined;
  const text = retry(state) ? texts.act.retry : again ? texts.act.again : state.label || texts.button.label;
  const disabled = state.line.is === "unsupported";
  return button({
    act: again ? "again" : "call",
    kind: "go",
    icon: "call",
    text,
    disabled,
    part: "button call",
  });
}

/** After a refused microphone the press is the same, but it is no second call. */
function retry({ call }: ViewState): boolean {
  return call?.ending?.code.startsWith("microphone-") === true;
}

/** During the call: what happens, mute, key pad, and at the far end of the row hang up. */
function bar(state: ViewState, call: CallFace, speech: Speech): Branch {
  return h(
    "div",
    { key: "bar", class: "bar", part: "bar" },
    status(call, speech),
    ...controls(state, call, speech),
  );
}

function status(call: CallFace, { texts, language }: Speech): Branch {
  if (call.phase === "connected") {
    const time = clock(call.seconds, language);
    return h(
      "span",
      { key: "timer", class: "status timer", part: "timer", role: "timer", "aria-live": "off" },
      time,
    );
  }
  const text = { incoming: who(call, texts), reconnecting: texts.face.reconnecting }[call.phase as string];
  return h("span", { key: "stage", class: "status", part: "status" }, text ?? texts.button.connecting);
}

function controls(state: ViewState, call: CallFace, { texts }: Speech): Child[] {
  const { act } = texts;
  if (call.phase === "incoming") {
    return [
      button({ act: "reject", kind: "end", icon: "hangup", name: act.reject }),
      button({ act: "answer", kind: "go", icon: "call", name: act.answer }),
    ];
  }
  const up = isUp(call);
  return [
    up &&
      button({
        act: "mute",
        kind: "plain",
        icon: call.muted ? "muted" : "mic",
        name: act.muteName,
        pressed: call.muted,
      }),
    call.phase === "connected" &&
      button({ act: "keys", kind: "plain", icon: "keys", name: act.keys, expanded: state.pane === "keys" }),
    button({ act: "hangup", kind: "end", icon: "hangup", name: up ? act.hangup : act.cancel }),
  ];
}

function below(state: ViewState, speech: Speech): Branch {
  const { texts } = speech;
  const play =
    state.notice?.cure === "play" &&
    button({ act: "play", kind: "tile", icon: "play", text: texts.act.play });
  return h(
    "div",
    { key: "below", class: weighty(state) ? "below weighty" : "below", part: "message" },
    ...message(said(state, speech)),
    play,
    codes(state, speech),
  );
}

/** An error or an end, in contrast to a mere hint. */
function weighty({ call, line, notice }: ViewState): boolean {
  if (notice !== undefined || call?.phase === "ended") return true;
  return (
    call === undefined &&
    (line.is === "unsupported" ||
      line.is === "offline" ||
      (line.is === "unregistered" && line.reason !== undefined))
  );
}

/** The one thing worth saying now. */
function said(state: ViewState, speech: Speech): Message {
  const { texts } = speech;
  const { call, line, notice } = state;
  if (notice) return messageOf(texts, notice.code);
  if (call?.phase === "ended") return ending(call, speech);
  if (call) return { what: during(call, speech), next: "" };
  if (line.is === "unsupported") return messageOf(texts, line.code);
  if (line.is === "offline") return messageOf(texts, "offline");
  if (line.is === "unregistered" && line.reason) return messageOf(texts, line.reason.code);
  return { what: state.hint || texts.button.hint, next: "" };
}

function during(call: CallFace, { texts, language }: Speech): string {
  if (call.phase === "reconnecting")
    return fill(texts.call.reconnecting, { seconds: duration(call.seconds, language) });
  if (call.phase === "connected") {
    if (call.heldThere) return texts.call.heldThere;
    return call.muted ? texts.call.muted : texts.face.connected;
  }
  return texts.face[call.phase];
}

function codes(state: ViewState, { texts }: Speech): Branch | false {
  const { call, line, notice } = state;
  if (notice) return details(notice, texts);
  const reason = call?.ending;
  if (reason)
    return reason.code !== "hangup" && reason.code !== "cancelled" && details(reason, texts, call.trace);
  return !call && line.is === "unregistered" && line.reason !== undefined && details(line.reason, texts);
}

function keys(call: CallFace, { texts }: Speech): Branch {
  return h(
    "div",
    { key: "keys", class: "keys floating", part: "keys" },
    exchanged(call, texts),
    pad(texts.act.keys, false),
  );
}
