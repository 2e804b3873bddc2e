/** The parts that both forms of the phone are made of. Pure functions from state to tree. */
import { icon, type IconName } from "./icons.js";
import { initials } from "./number.js";
import { type CallFace, type Notice, type Reason, type ViewState } from "./state.js";
import { fill, messageOf, type Message, type Texts } from "./texts.js";
import { h, type Attribute, type Branch, type Child } from "./tree.js";

/** What a press asks for; the element carries it out. */
export type Act =
  | "call"
  | "again"
  | "answer"
  | "reject"
  | "hangup"
  | "close"
  | "mute"
  | "keys"
  | "notes"
  | "erase"
  | "redial"
  | "pause"
  | "resume"
  | "play"
  | "dismiss"
  | "swap"
  | "reject-waiting"
  | `key-${string}`;

/** A word in the language, and what is needed to write numbers in it. */
export interface Speech {
  readonly texts: Texts;
  /** A BCP 47 tag for `Intl`. */
  readonly language: string;
}

/** What a button looks like and is called. */
export interface Pressable {
  readonly act: Act;
  readonly text?: string;
  readonly icon?: IconName;
  /** `go` and `end` are coloured, `tile` stands in a row, `plain` has no frame. */
  readonly kind?: "go" | "end" | "tile" | "plain" | "key";
  /** The name for a screen reader, where the text alone does not say it. */
  readonly name?: string;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly disabled?: boolean;
  readonly part?: string;
}

/** A button. */
export function button(face: Pressable, ...more: Child[]): Branch {
  const attributes: Record<string, Attribute> = {
    key: face.act,
    type: "button",
    class: `press ${face.kind ?? "plain"}`,
    part: face.part ?? `button ${face.act}`,
    "data-act": face.act,
    "aria-label": face.name === face.text ? undefined : face.name,
    "aria-pressed": face.pressed === undefined ? undefined : String(face.pressed),
    "aria-expanded": face.expanded === undefined ? undefined : String(face.expanded),
    disabled: face.disabled,
    title: face.text === undefined && face.kind !== "key" ? face.name : undefined,
  };
  const label = face.text !== undefined && h("span", { key: "text", class: "text" }, face.text);
  return h("button", attributes, face.icon && icon(face.icon), label, ...more);
}

/** The twelve keys of a telephone, with the letters that people remember numbers by. */
export function pad(name: string, disabled: boolean): Branch {
  const keys = keyRows.map(([digit, letters]) =>
    button(
      { act: `key-${digit}`, kind: "key", disabled, part: "key", name: digit === "0" ? "0 +" : digit },
      h("span", { class: "digit", "data-letters": letters === "" ? undefined : letters }, digit),
    ),
  );
  return h(
    "div",
    { key: "pad", class: "pad", part: "pad", role: "group", "aria-label": name, dir: "ltr" },
    ...keys,
  );
}

const keyRows: readonly (readonly [string, string])[] = [
  ["1", ""],
  ["2", "ABC"],
  ["3", "DEF"],
  ["4", "GHI"],
  ["5", "JKL"],
  ["6", "MNO"],
  ["7", "PQRS"],
  ["8", "TUV"],
  ["9", "WXYZ"],
  ["*", ""],
  ["0", "+"],
  ["#", ""],
];

/** What happened, what to do, and for technicians the codes. */
export function notice(notice: Notice, { texts }: Speech): Branch {
  const { what, next } = messageOf(texts, notice.code);
  return h(
    "div",
    { key: "notice", class: "notice", part: "notice", id: "notice" },
    icon("warning"),
    h("div", { class: "words" }, ...message({ what, next }), details(notice, texts)),
    notice.cure === "play" && button({ act: "play", kind: "tile", icon: "play", text: texts.act.play }),
    button({ act: "dismiss", icon: "close", name: texts.act.close, part: "button dismiss" }),
  );
}

/** Two sentences. */
export function message({ what, next }: Message): Branch[] {
  const first = h("p", { key: "what", class: "what" }, what);
  return next === "" ? [first] : [first, h("p", { key: "next", class: "next" }, next)];
}

/** Codes, folded away; nothing where there are none. */
export function details(reason: Reason, texts: Texts, trace?: string): Branch | false {
  const lines = [
    reason.code !== "" && fill(texts.details.code, { code: reason.code }),
    reason.sipStatus !== undefined &&
      fill(texts.details.sip, { status: reason.sipStatus }) + said(reason.text),
    reason.sipStatus === undefined && reason.text,
    trace !== undefined && trace !== "" && fill(texts.details.trace, { trace }),
  ].filter((line): line is string => typeof line === "string" && line !== "");
  if (lines.length === 0) return false;
  return h(
    "details",
    { key: "details", part: "details" },
    h("summary", {}, texts.act.details),
    ...lines.map((line) => h("p", { dir: "ltr" }, line)),
  );
}

function said(text: string | undefined): string {
  return text === undefined || text === "" ? "" : ` ${text}`;
}

/** Who is at the other end. */
export function who(call: CallFace, texts: Texts): string {
  return call.name || call.number || texts.call.unknown;
}

/** A disc with the initials of a name, or a drawn person. */
export function avatar(call: CallFace): Branch {
  const letters = initials(call.name);
  return h(
    "span",
    { key: "avatar", class: "avatar", part: "avatar", "aria-hidden": "true" },
    letters || icon("person"),
  );
}

/** A running clock, `2:13` or `1:02:13`, in the digits of the language. */
export function clock(seconds: number, language: string): string {
  const two = new Intl.NumberFormat(language, { minimumIntegerDigits: 2, useGrouping: false });
  const one = new Intl.NumberFormat(language, { useGrouping: false });
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const parts = hours > 0 ? [one.format(hours), two.format(minutes)] : [one.format(minutes)];
  return [...parts, two.format(Math.floor(seconds) % 60)].join(":");
}

/** A length of time in words: «2 min 13 sec». */
export function duration(seconds: number, language: string): string {
  const say = (value: number, unit: string): string =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(value);
  const units = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [Math.floor(seconds) % 60, "second"],
  ] as const;
  const said = units.filter(([value]) => value > 0).map(([value, unit]) => say(value, unit));
  return said.length > 0 ? said.join(" ") : say(0, "second");
}

/** The running time of a call; not read out by itself. */
export function timer(call: CallFace, language: string): Branch {
  return h(
    "p",
    { key: "timer", class: "timer", part: "timer", role: "timer", "aria-live": "off" },
    clock(call.seconds, language),
  );
}

/** Digits that went out and what came back. */
export function exchanged(call: CallFace, texts: Texts): Branch | false {
  if (call.digits === "" && call.heard === "") return false;
  return h(
    "dl",
    { key: "exchanged", class: "exchanged", part: "digits" },
    ...pair(texts.call.digits, call.digits),
    ...pair(texts.call.heard, call.heard),
  );
}

function pair(name: string, value: string): Branch[] {
  if (value === "") return [];
  return [h("dt", { key: `t-${name}` }, name), h("dd", { key: `d-${name}`, dir: "auto" }, value)];
}

/** The two live regions: progress politely, calls and errors at once. The timer is in neither. */
export function live(state: ViewState, polite: string, texts: Texts): Branch[] {
  return [
    h("p", { key: "polite", class: "unseen", role: "status", "aria-live": "polite" }, polite),
    h("p", { key: "urgent", class: "unseen", role: "alert", "aria-live": "assertive" }, urgent(state, texts)),
  ];
}

function urgent(state: ViewState, texts: Texts): string {
  if (state.call?.phase === "incoming") return fill(texts.call.incomingFrom, { who: who(state.call, texts) });
  if (state.waiting) return fill(texts.call.waiting, { who: who(state.waiting, texts) });
  return state.notice ? plain(messageOf(texts, state.notice.code)) : "";
}

/** A message as one line. */
export function plain({ what, next }: Message): string {
  return next === "" ? what : `${what}. ${next}`;
}
