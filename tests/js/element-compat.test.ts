/** The events of the CC SDK, as pages of both readings listen to them. */
import "./dom.js";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { callDetail, seatDetail } from "../../js/element/compat.js";
import { CcSdkElement } from "../../js/element/element.js";
import { asBrowser, callTold, define, ended, onDuty, settled, stage, state, status } from "./stage.js";

CcSdkElement.define();

beforeEach(() => {
  asBrowser();
  define({ navigator: { mediaDevices: {}, onLine: true } });
});
afterEach(() => {
  document.body.replaceChildren();
});

interface Heard {
  readonly type: string;
  readonly detail: unknown;
  readonly bubbles: boolean;
}
function listen(element: Element): Heard[] {
  const heard: Heard[] = [];
  for (const name of ["onSeatStatus", "on-seat-status", "onCall", "on-call"]) {
    element.addEventListener(name, (event) => {
      heard.push({ type: name, detail: (event as CustomEvent<unknown>).detail, bubbles: event.bubbles });
    });
  }
  return heard;
}

test("the detail of onSeatStatus is an array that compares and converts like its number", () => {
  const detail = seatDetail(2, false) as unknown as number[];
  assert.ok(Array.isArray(detail));
  assert.equal(detail[0], 2);
  const [first] = detail;
  assert.equal(first, 2);
  assert.ok((detail as unknown as number) == 2);
  assert.equal(Number(detail), 2);
  assert.equal({ 2: "idle" }[detail as unknown as 2], "idle");
  assert.equal(JSON.stringify(detail), "[2]");
  assert.equal(seatDetail(2, true), 2);
});

test("the detail of onCall is read as an array and as an object", () => {
  const detail = callDetail(3, "+34600", false);
  assert.ok(Array.isArray(detail));
  assert.equal(detail.callStatus, 3);
  assert.equal(detail[0].callStatus, 3);
  assert.equal(detail.calledNumber, "+34600");
  assert.equal(detail[0].calledNumber, "+34600");
});

test("the called number is a number only when asked for, and only when nothing is lost but zeros", () => {
  assert.equal(callDetail(1, "13212345678", true).calledNumber, 13_212_345_678);
  assert.equal(callDetail(1, "13212345678", false).calledNumber, "13212345678");
  assert.equal(callDetail(1, "alice", true).calledNumber, "alice");
});

test("a call raises onCall and its hyphenated twin at each step, without bubbling", async () => {
  const at = await onDuty();
  const element = document.createElement("cc-sdk");
  element.phone = at.phone;
  document.body.append(element);
  const heard = listen(element);
  const left = element.callPhone({ phone: "9196" });
  await settled();
  at.core.tells(callTold(1), status(1, 1));
  await left;
  at.core.tells(
    state(1, "ringing"),
    status(1, 2),
    state(1, "connected"),
    status(1, 3),
    ended(1),
    status(1, 4),
  );
  await settled();
  const steps = heard.map(({ type, detail }) => [type, (detail as { callStatus: number }).callStatus]);
  assert.deepEqual(
    steps,
    [1, 2, 3, 4].flatMap((step) => [
      ["onCall", step],
      ["on-call", step],
    ]),
  );
  assert.ok(heard.every(({ bubbles }) => !bubbles));
});

test("a status is told once, and never out of a page's sight", async () => {
  const at = await onDuty();
  at.core.tells({ type: "seatStatus", status: 2 });
  const element = document.createElement("cc-sdk");
  element.phone = at.phone;
  const heard = listen(element);
  document.body.append(element);
  await settled();
  at.core.tells({ type: "seatStatus", status: 2 }, { type: "seatStatus", status: 3 });
  assert.deepEqual(
    heard.filter(({ type }) => type === "onSeatStatus").map(({ detail }) => String(detail)),
    ["2", "3"],
  );
});

test("an element that comes late tells of the call that is already there", async () => {
  const at = await onDuty();
  at.core.tells(callTold(1), status(1, 1), state(1, "ringing"), status(1, 2));
  const element = document.createElement("cc-sdk");
  element.phone = at.phone;
  const heard = listen(element);
  document.body.append(element);
  await settled();
  assert.deepEqual(
    heard
      .filter(({ type }) => type === "onCall")
      .map(({ detail }) => (detail as { callStatus: number }).callStatus),
    [2],
  );
});

test("register before the element exists is not lost", async () => {
  const at = stage();
  void at.phone.register({ token: "a.b.c", lang: "es", noWorkMode: true });
  const element = document.createElement("cc-sdk");
  element.phone = at.phone;
  document.body.append(element);
  await settled();
  at.core.tells({ type: "registration", state: "registered", expiresIn: 600, reason: undefined });
  await settled();
  assert.equal(element.getAttribute("state"), "ready");
  assert.match(element.shadowRoot?.textContent ?? "", /Disponible/);
});

test("a phone set before the class was there is taken over", async () => {
  const at = await onDuty();
  const element = document.createElement("cc-sdk");
  // An assignment before the upgrade makes a property of the element's own.
  Object.defineProperty(element, "phone", { value: at.phone, configurable: true, writable: true });
  document.body.append(element);
  await settled();
  assert.ok(!Object.hasOwn(element, "phone"));
  assert.equal(element.phone, at.phone);
  assert.equal(element.getAttribute("state"), "ready");
});

test("detail-format=number gives plain numbers", async () => {
  const at = await onDuty();
  const element = document.createElement("cc-sdk");
  element.setAttribute("detail-format", "number");
  element.phone = at.phone;
  document.body.append(element);
  const heard = listen(element);
  at.core.tells({ type: "seatStatus", status: 5 });
  assert.equal(heard[0]?.detail, 5);
});

test("what callPhone of a page that ignores it rejects with is no unhandled rejection", async () => {
  const at = await onDuty();
  const element = document.createElement("cc-sdk");
  element.phone = at.phone;
  document.body.append(element);
  let unhandled = 0;
  const count = (): void => {
    unhandled += 1;
  };
  process.on("unhandledRejection", count);
  void element.callPhone({ phone: "9196" });
  await settled();
  at.core.tells(callTold(1), ended(1, { code: "microphone-denied", cause: "media-failed" }));
  await settled();
  process.off("unhandledRejection", count);
  assert.equal(unhandled, 0);
  assert.match(element.shadowRoot?.textContent ?? "", /The microphone is blocked/);
});
