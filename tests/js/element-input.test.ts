/** What people paste and press. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { actOf, type Key, type Place } from "../../js/element/keyboard.js";
import { digitsOf, initials, tidy } from "../../js/element/number.js";
import { blank, type CallFace, type Phase, type ViewState } from "../../js/element/state.js";

const pasted: [string, string][] = [
  ["Tel.: +34 600-123-456", "+34 600 123 456"],
  ["  9196 ", "9196"],
  ["+1 (212) 555-0123", "+1 (212) 555 0123"],
  ["Call 600.123.456 now", "600 123 456"],
  ["+44 (0)20 7946 0018", "+44 20 7946 0018"],
  ["\u202a+34\u00a0600\u00a0123\u00a0456\u202c", "+34 600 123 456"],
  ["+34 600–123—456", "+34 600 123 456"],
  ["٠١٢٣٤٥٦٧٨٩", "0123456789"],
  ["+34600123", "+34600123"],
  ["0705C245_001", "0705C245_001"],
  ["alice", "alice"],
  ["sip:alice@example.com", "sip:alice@example.com"],
  ["tel:+34-600-123-456", "tel:+34-600-123-456"],
  ["alice@example.com", "alice@example.com"],
  ["*31#600123456", "*31#600123456"],
  ["hello you", "hello you"],
  ["", ""],
];
for (const [text, number] of pasted) {
  test(`«${text}» is read as «${number}»`, () => {
    assert.equal(tidy(text), number);
  });
}

test("what was read once is read the same again", () => {
  for (const [text] of pasted) assert.equal(tidy(tidy(text)), tidy(text));
});

test("only digits are sent as digits", () => {
  assert.equal(digitsOf("1 2-a*#+x"), "12A*#");
});

test("initials stand for names and not for numbers", () => {
  assert.deepEqual(["Ana García López", "bob", "+34 600", ""].map(initials), ["AL", "B", "", ""]);
});

const key = (name: string, more: Partial<Key> = {}): Key => ({
  key: name,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  ...more,
});
const call: CallFace = {
  phase: "connected",
  direction: "outgoing",
  number: "1",
  name: "",
  info: "",
  muted: false,
  heldHere: false,
  heldThere: false,
  answered: false,
  seconds: 0,
  digits: "",
  heard: "",
};
const at = (phase: Phase, more: Partial<ViewState> = {}): ViewState => ({
  ...blank,
  call: { ...call, phase },
  ...more,
});
const press = (name: string, state: ViewState, place: Place = "elsewhere", shortcuts = true): unknown =>
  actOf(key(name), place, state, shortcuts);

test("Enter calls and answers", () => {
  assert.equal(press("Enter", blank, "number"), "call");
  assert.equal(press("Enter", at("incoming")), "answer");
  assert.equal(press("Enter", at("connected")), undefined);
});

test("Enter in the number field answers no call that begins to ring meanwhile", () => {
  assert.equal(press("Enter", at("incoming", { typing: true }), "number"), undefined);
});

test("Enter on a button is the button's own press", () => {
  assert.equal(press("Enter", at("incoming"), "control"), undefined);
});

test("Escape rejects, cancels and closes, and never hangs up a call that is up", () => {
  assert.equal(press("Escape", at("incoming")), "reject");
  assert.equal(press("Escape", at("ringing")), "hangup");
  assert.equal(press("Escape", at("ended")), "close");
  assert.equal(press("Escape", at("connected")), undefined);
  assert.equal(press("Escape", at("connected", { pane: "keys" })), "keys");
  assert.equal(press("Escape", { ...blank, notice: { code: "bad-target" } }, "number"), "dismiss");
});

test("digits are dialled, or sent in a call", () => {
  assert.equal(press("5", blank), "key-5");
  assert.equal(press("5", at("connected")), "key-5");
  assert.equal(press("5", at("incoming")), undefined);
  assert.equal(press("5", blank, "number"), undefined);
});

test("M mutes in a call and nowhere else", () => {
  assert.equal(press("m", at("connected")), "mute");
  assert.equal(press("M", at("connected"), "control"), "mute");
  assert.equal(press("m", blank), undefined);
  assert.equal(press("m", at("connected"), "text"), undefined);
});

test("shortcuts of one character can be switched off, Enter and Escape stay", () => {
  assert.equal(press("m", at("connected"), "elsewhere", false), undefined);
  assert.equal(press("5", at("connected"), "elsewhere", false), undefined);
  assert.equal(press("Escape", at("incoming"), "elsewhere", false), "reject");
  assert.equal(press("Enter", at("incoming"), "elsewhere", false), "answer");
});

test("keys with a modifier, and keys held down, are the browser's", () => {
  assert.equal(actOf(key("m", { ctrlKey: true }), "elsewhere", at("connected"), true), undefined);
  assert.equal(actOf(key("Enter", { repeat: true }), "number", blank, true), undefined);
});
