/**
 * What is shown, as a pure function of the state: every face can be drawn from a fixture.
 *
 * Nothing here touches the DOM; `tree.ts` writes the result, `element.ts` listens to it.
 */
import { buttonView } from "./button-view.js";
import { callView, ending } from "./call-view.js";
import { icon } from "./icons.js";
import {
  button,
  details,
  live,
  message,
  notice,
  pad,
  plain,
  who,
  type Pressable,
  type Speech,
} from "./pieces.js";
import { faceOf, type CallFace, type Face, type ViewState } from "./state.js";
import { fill, languageOf, messageOf, textsFor, type Texts } from "./texts.js";
import { h, type Branch, type Tree } from "./tree.js";

/** Draws a state in a language (a BCP 47 tag). */
export function view(state: ViewState, language: string): readonly Tree[] {
  const speech = { texts: textsFor(language), language };
  const body = state.form === "button" ? buttonView(state, speech) : phoneView(state, speech);
  return [body, ...live(state, progressOf(state, speech), speech.texts)].map((tree) =>
    spoken(tree, language),
  );
}

/** The page may be in another language, which matters to a voice that reads. */
function spoken(tree: Branch, language: string): Branch {
  return { ...tree, attributes: { ...tree.attributes, lang: languageOf(language) } };
}

function phoneView(state: ViewState, speech: Speech): Branch {
  const { call, typing, waiting } = state;
  const aside = typing && call && isFleeting(call) ? call : undefined;
  return h(
    "div",
    { key: "phone", class: "phone", part: "phone" },
    head(state, speech.texts),
    h("slot", { key: "header", name: "header" }),
    state.notice && notice(state.notice, speech),
    aside && besideTyping(aside, speech),
    waiting && besideCall(waiting, speech.texts),
    call && !aside ? callView(state, call, speech) : dialView(state, speech),
    h("slot", { key: "footer", name: "footer" }),
  );
}

/** The status line: what the phone is doing, and the seat's switch. */
function head(state: ViewState, texts: Texts): Branch {
  const face = faceOf(state);
  return h(
    "div",
    { key: "head", class: "head", part: "status" },
    h("slot", { key: "logo", name: "logo" }),
    h("span", { key: "dot", class: `dot ${toneOf(state, face)}`, part: "dot", "aria-hidden": "true" }),
    h("span", { key: "face", class: "face" }, statusText(state, face, texts)),
    seatSwitch(state, texts),
  );
}

function statusText(state: ViewState, face: Face, texts: Texts): string {
  const inCall = state.call !== undefined && state.call.phase !== "ended";
  return inCall && state.line.is === "relinking" ? texts.face.relinking : texts.face[face];
}

function toneOf(state: ViewState, face: Face): string {
  if (state.line.is === "relinking" || face === "reconnecting") return "warn";
  if (face === "paused" || face === "wrap-up" || face === "held") return "warn";
  if (face === "failed" || face === "offline" || face === "unsupported") return "bad";
  if (face === "loading" || face === "unregistered" || face === "registering") return "idle";
  if (face === "ended") return state.line.is === "registered" ? "good" : "idle";
  return "good";
}

function seatSwitch(state: ViewState, texts: Texts): Branch | false {
  if (!state.shows.seat || state.line.is !== "registered" || (state.seat !== 2 && state.seat !== 5))
    return false;
  const paused = state.seat === 5;
  return button({
    act: paused ? "resume" : "pause",
    kind: "tile",
    icon: paused ? "play" : "pause",
    text: paused ? texts.seat.available : texts.seat.pause,
    part: "button seat",
  });
}

/** Number field, dial pad, Call; above them why nothing can be called, where that is so. */
function dialView(state: ViewState, speech: Speech): Branch {
  const { texts } = speech;
  const dead = state.line.is === "unsupported";
  return h(
    "div",
    {
      key: "dial",
      class: "dial",
      part: "dial",
      role: "group",
      tabindex: -1,
      "data-home": true,
      "aria-label": texts.field.pad,
    },
    trouble(state, texts),
    field(state, dead, texts),
    pad(texts.field.pad, dead),
    h(
      "div",
      { key: "primary", class: "primary", part: "primary" },
      button({
        act: "redial",
        kind: "tile",
        icon: "again",
        name: redialName(state, texts),
        disabled: dead || state.lastNumber === "",
      }),
      button({ act: "call", kind: "go", icon: "call", text: texts.act.call, disabled: dead }),
    ),
  );
}

function redialName(state: ViewState, texts: Texts): string {
  return state.lastNumber === "" ? texts.act.redial : `${texts.act.redial}: ${state.lastNumber}`;
}

function trouble(state: ViewState, texts: Texts): Branch | false {
  const { line } = state;
  if (line.is === "registered" && state.seat === 5)
    return h("p", { key: "trouble", class: "trouble mild" }, texts.seat.paused);
  const reason = line.is === "unregistered" ? (line.reason ?? { code: "unregistered" }) : reasonOf(state);
  if (!reason) return false;
  const told = line.is === "unregistered" && line.reason ? details(line.reason, texts) : false;
  const mild = reason.code === "unregistered" || reason.code === "relinking";
  return h(
    "div",
    { key: "trouble", class: mild ? "trouble mild" : "trouble", part: "trouble" },
    !mild && icon("warning"),
    h("div", { class: "words" }, ...message(messageOf(texts, reason.code)), told),
  );
}

function reasonOf({ line }: ViewState): { code: string } | undefined {
  if (line.is === "unsupported") return { code: line.code };
  return line.is === "offline" || line.is === "relinking" ? { code: line.is } : undefined;
}

function field(state: ViewState, dead: boolean, texts: Texts): Branch {
  const wrong = state.notice?.code === "bad-target";
  const attributes = {
    id: "number",
    part: "field",
    type: "tel",
    inputmode: "tel",
    autocomplete: "off",
    spellcheck: "false",
    dir: "ltr",
    enterkeyhint: "go",
    placeholder: texts.field.placeholder,
    "data-input": "number",
    value: state.number,
    disabled: dead,
    "aria-invalid": wrong ? "true" : undefined,
    "aria-describedby": wrong ? "notice" : undefined,
  };
  return h(
    "div",
    { key: "field", class: "field" },
    h("label", { for: "number", class: "unseen" }, texts.field.label),
    h("input", attributes),
    state.number !== "" && button({ act: "erase", icon: "back", name: texts.field.erase, disabled: dead }),
  );
}

/** A call that came in and was not taken, or not yet. */
function isFleeting({ answered, phase, direction }: CallFace): boolean {
  return phase === "incoming" || (phase === "ended" && direction === "incoming" && !answered);
}

function besideTyping(call: CallFace, speech: Speech): Branch {
  const { act, call: say } = speech.texts;
  const name = who(call, speech.texts);
  if (call.phase === "ended") {
    const line = `${ending(call, speech).what} · ${name}`;
    return banner(line, { act: "close", text: act.close }, { act: "again", text: act.again });
  }
  return banner(
    fill(say.incomingFrom, { who: name }),
    { act: "reject", text: act.reject },
    { act: "answer", text: act.answer },
  );
}

/** A further call while one is up. */
function besideCall(call: CallFace, texts: Texts): Branch {
  const line = fill(texts.call.waiting, { who: who(call, texts) });
  return banner(
    line,
    { act: "reject-waiting", text: texts.act.reject },
    { act: "swap", text: texts.act.swap },
  );
}

function banner(line: string, no: Pressable, yes: Pressable): Branch {
  return h(
    "div",
    { key: "banner", class: "banner", part: "incoming", role: "group", "aria-label": line },
    h("p", { class: "what", dir: "auto" }, line),
    h(
      "div",
      { class: "choices" },
      button({ ...no, kind: "tile" }),
      button({ ...yes, kind: "go", icon: "call" }),
    ),
  );
}

/** The sentence for the polite live region. It holds no time, so it changes only with the state. */
function progressOf(state: ViewState, speech: Speech): string {
  const { texts } = speech;
  const { call, line } = state;
  if (call?.phase === "incoming") return "";
  if (call?.phase === "ended") return plain(ending(call, speech));
  if (call?.phase === "connected" && faceOf(state) === "connected") {
    return fill(texts.call.talkingTo, { who: who(call, texts) });
  }
  if (!call && line.is === "unregistered" && line.reason) return plain(messageOf(texts, line.reason.code));
  if (!call && line.is === "unsupported") return plain(messageOf(texts, line.code));
  return texts.face[faceOf(state)];
}
