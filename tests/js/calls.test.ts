import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Call } from "../../js/call.js";
import {
  asBrowser,
  callTold,
  calling,
  codeOf,
  ended,
  heard,
  misuse,
  onDuty,
  ringing,
  settled,
  stage,
  state,
  status,
} from "./stage.js";

beforeEach(asBrowser);

test("callPhone tells the core whom to call and how", async () => {
  const at = await onDuty();
  void at.phone.callPhone({
    phone: "+1 (212) 555-0123",
    info: "order 7",
    headers: { "X-Order": "7" },
    anonymous: true,
  });
  await settled();
  assert.deepEqual(at.core.asked.at(-1), {
    type: "dial",
    call: 1,
    target: "+1 (212) 555-0123",
    info: "order 7",
    headers: { "X-Order": "7" },
    anonymous: true,
  });
});

test("callPhone resolves when the call has left, with the call that the phone told of before", async () => {
  const at = await onDuty();
  let begun: Call | undefined;
  at.phone.addEventListener("call", ({ call }) => (begun = call));
  let left: Call | undefined;
  void at.phone.callPhone({ phone: "9196" }).then((call) => (left = call));
  await settled();
  at.core.tells(callTold(1));
  await settled();
  assert.equal(left, undefined);
  at.core.tells(status(1, 1));
  await settled();
  assert.ok(left);
  assert.equal(left, begun);
  assert.deepEqual(at.phone.calls, [left]);
});

test("a call that ends before it left rejects with the code of its fault", async () => {
  const at = await onDuty();
  const left = codeOf(at.phone.callPhone({ phone: "9196" }));
  await settled();
  at.core.tells(callTold(1), ended(1, { by: "system", cause: "media-failed", code: "microphone-denied" }));
  assert.equal(await left, "microphone-denied");
});

test("a call that ends before it left rejects with the cause where there is no code", async () => {
  const at = await onDuty();
  const left = at.phone.callPhone({ phone: "9196" });
  await settled();
  at.core.tells(
    callTold(1),
    ended(1, { cause: "server-error", sipStatus: 503, text: "Service Unavailable" }),
  );
  await assert.rejects(left, { code: "server-error", sipStatus: 503, message: "Service Unavailable" });
});

test("a refused call keeps the time until the next may be tried", async () => {
  const at = await onDuty();
  at.core.meets = ({ type }) => {
    if (type === "dial") throw misuse("rate-limited", 4);
  };
  await assert.rejects(at.phone.callPhone({ phone: "9196" }), { code: "rate-limited", retryAfter: 4 });
});

test("callPhone without a phone is left to the core as an empty target", async () => {
  const at = await onDuty();
  for (const options of [undefined, {}, { phone: null }, "9196"]) {
    void at.phone.callPhone(options as unknown as { phone: string });
    await settled();
    const asked = at.core.asked.at(-1);
    assert.equal(asked?.type === "dial" && asked.target, "");
  }
});

test("a page without types may give a number", async () => {
  const at = await onDuty();
  void at.phone.callPhone({ phone: 9196 as unknown as string });
  await settled();
  const asked = at.core.asked.at(-1);
  assert.equal(asked?.type === "dial" && asked.target, "9196");
});

test("a call before any register loads the core and waits there", async () => {
  const at = stage();
  void at.phone.callPhone({ phone: "9196" });
  await settled();
  assert.deepEqual(
    at.core.said.map(({ command }) => command.type),
    ["configure", "dial"],
  );
});

test("without consent nothing reaches the core", async () => {
  const at = await onDuty();
  const refusals = [
    () => false,
    () => Promise.resolve(false),
    () => undefined as unknown as boolean,
    () => Promise.reject(new Error("the page's own")),
  ];
  for (const consent of refusals) {
    at.phone.beforeCall = consent;
    assert.equal(await codeOf(at.phone.callPhone({ phone: "9196" })), "call-refused");
  }
  assert.equal(
    at.core.asked.some(({ type }) => type === "dial"),
    false,
  );
});

test("with consent the call is made, and consent was asked with its details", async () => {
  const at = await onDuty();
  const asked: unknown[] = [];
  at.phone.beforeCall = (details) => {
    asked.push(details.phone);
    return Promise.resolve(true);
  };
  void at.phone.callPhone({ phone: "9196" });
  await settled();
  assert.deepEqual(asked, ["9196"]);
  assert.equal(at.core.asked.at(-1)?.type, "dial");
});

test("an incoming call is told with who calls and the headers by lower-case name", async () => {
  const at = await onDuty();
  const events = heard(at.phone, "call", "incoming");
  at.core.tells(
    callTold(7, {
      direction: "incoming",
      number: "bob",
      displayName: "Bob",
      info: "order 7",
      headers: [
        ["X-Order", "7"],
        ["x-order", "8"],
        ["__proto__", "odd"],
      ],
    }),
  );
  assert.deepEqual(
    events.map(({ type }) => type),
    ["call", "incoming"],
  );
  const call = at.phone.calls[0];
  assert.ok(call);
  assert.deepEqual(
    [call.id, call.state, call.direction, call.account, call.info],
    [7, "incoming", "incoming", at.phone.account, "order 7"],
  );
  assert.deepEqual(call.remote, { number: "bob", displayName: "Bob", uri: "sip:9196@example.com" });
  assert.equal(call.headers["x-order"], "7, 8");
  assert.equal(Object.getPrototypeOf(call.headers), Object.prototype);
});

test("a call mirrors its states and times", async () => {
  const at = await calling();
  const call = at.phone.calls[0];
  assert.ok(call);
  const changes: string[] = [];
  call.addEventListener("statechange", (event) => changes.push(event.state));
  at.core.tells(
    state(1, "ringing"),
    state(1, "connected", 3000),
    state(1, "reconnecting"),
    state(1, "connected", 4000),
  );
  assert.deepEqual([call.state, call.startedAt, call.answeredAt], ["connected", 1000, 3000]);
  at.core.tells(ended(1));
  assert.deepEqual(changes, ["ringing", "connected", "reconnecting", "connected", "ended"]);
  assert.deepEqual([call.endReason?.by, call.endReason?.cause, call.endedAt], ["remote", "hangup", 5000]);
  assert.deepEqual(at.phone.calls, []);
});

test("the steps of the CC SDK come with their call, the last one after its end", async () => {
  const at = await calling();
  const steps: unknown[] = [];
  at.phone.addEventListener("callstatus", ({ callStatus, calledNumber }) =>
    steps.push([callStatus, calledNumber]),
  );
  at.core.tells(status(1, 2), status(1, 3), ended(1), status(1, 4));
  assert.deepEqual(steps, [
    [2, "9196"],
    [3, "9196"],
    [4, "9196"],
  ]);
});

test("hold and resume name who did it", async () => {
  const at = await calling();
  const call = at.phone.calls[0];
  assert.ok(call);
  const told: string[] = [];
  call.addEventListener("hold", ({ by }) => told.push(`hold ${by}`));
  call.addEventListener("resume", ({ by }) => told.push(`resume ${by}`));
  at.core.tells(
    { type: "callHeld", call: 1, local: false, remote: true },
    { type: "callHeld", call: 1, local: true, remote: false },
  );
  assert.deepEqual(told, ["hold remote", "hold local", "resume remote"]);
  assert.deepEqual(call.held, { local: true, remote: false });
});

test("digits, messages, muting and warnings reach the call", async () => {
  const at = await calling();
  const call = at.phone.calls[0];
  assert.ok(call);
  const events = heard(call, "digit", "digitsent", "message", "mute", "warning");
  at.core.tells(
    { type: "callDigit", call: 1, digit: "5" },
    { type: "callDigitSent", call: 1, digit: "#" },
    { type: "callMessage", call: 1, contentType: "text/plain", body: "hola" },
    { type: "callMuted", call: 1, muted: true },
    { type: "warning", code: "odd", text: "odd", call: 1, header: "Via", offset: 7 },
  );
  const facts = ["digit", "contentType", "body", "muted", "code", "text", "header", "offset"];
  assert.deepEqual(
    events.map((event) => JSON.parse(JSON.stringify(event, facts)) as unknown),
    [
      { digit: "5" },
      { digit: "#" },
      { contentType: "text/plain", body: "hola" },
      { muted: true },
      { code: "odd", text: "odd", header: "Via", offset: 7 },
    ],
  );
  assert.equal(call.muted, true);
});

test("what a page asks of a call goes to the core as one command each", async () => {
  const at = await ringing();
  const call = at.phone.calls[0];
  assert.ok(call);
  const before = at.core.asked.length;
  call.answer();
  call.reject();
  call.reject(603);
  call.mute();
  call.unmute();
  call.sendDigits("12#,4");
  call.sendDigits("1", { transport: "info" });
  void call.sendMessage("hola");
  call.hangup();
  assert.deepEqual(at.core.asked.slice(before), [
    { type: "answer", call: 1 },
    { type: "reject", call: 1, status: 486 },
    { type: "reject", call: 1, status: 603 },
    { type: "mute", call: 1, muted: true },
    { type: "mute", call: 1, muted: false },
    { type: "sendDigits", call: 1, digits: "12#,4" },
    { type: "sendDigits", call: 1, digits: "1", transport: "info" },
    { type: "sendCallMessage", call: 1, id: 1, body: "hola", contentType: "text/plain" },
    { type: "hangup", call: 1 },
  ]);
});

test("misuse of a call throws at once", async () => {
  const at = await ringing();
  const call = at.phone.calls[0];
  at.core.meets = () => {
    throw misuse("bad-digit");
  };
  assert.throws(() => call?.sendDigits("x"), { name: "CcSdkError", code: "bad-digit" });
});

test("a listener that throws harms neither the others nor the core", async (t) => {
  const at = await onDuty();
  // Node reports what a listener throws by nextTick; browsers by the window's error event.
  const reported = t.mock.method(process, "nextTick", () => undefined);
  at.phone.addEventListener("call", () => {
    throw new Error("the page's own");
  });
  const events = heard(at.phone, "call");
  at.core.tells(callTold(1));
  assert.equal(reported.mock.callCount(), 1);
  assert.equal(events.length, 1);
});

test("a listener may call straight back in", async () => {
  const at = await onDuty();
  at.phone.addEventListener("incoming", ({ call }) => {
    call.answer();
  });
  at.core.tells(callTold(1, { direction: "incoming" }));
  assert.deepEqual(at.core.asked.at(-1), { type: "answer", call: 1 });
});

test("calls that are over are forgotten with the next one", async () => {
  const at = await calling();
  at.core.tells(ended(1), status(1, 4), callTold(2, { direction: "incoming" }));
  const steps = heard(at.phone, "callstatus");
  at.core.tells(status(1, 4), status(2, 2));
  assert.equal(steps.length, 1);
});

test("the seat's status is told and kept", async () => {
  const at = await onDuty();
  const told: number[] = [];
  at.phone.addEventListener("seatstatus", (event) => told.push(event.status));
  at.core.tells({ type: "seatStatus", status: 2 }, { type: "seatStatus", status: 3 });
  assert.deepEqual(told, [2, 3]);
  assert.equal(at.phone.seatStatus, 3);
  at.phone.setSeatStatus(5);
  at.phone.finishWrapUp();
  assert.deepEqual(at.core.asked.slice(-2), [{ type: "setSeatStatus", status: 5 }, { type: "finishWrapUp" }]);
});

test("the seat cannot be set before anything is registered", () => {
  assert.throws(() => stage().phone.setSeatStatus(5), { code: "not-registered" });
});

test("the link's fate and the token's end are events", async () => {
  const at = await onDuty();
  const events = heard(at.phone, "startfailed", "reconnecting", "reconnected", "tokenwillexpire", "warning");
  at.core.tells(
    { type: "startFailed", text: "1006" },
    { type: "reconnecting", retryInMs: 1000, attempt: 1 },
    { type: "reconnected" },
    { type: "tokenWillExpire", expiresIn: 60 },
    { type: "warning", code: "message-unreadable", text: "Via", call: undefined, header: "Via", offset: 3 },
  );
  assert.deepEqual(
    events.map(({ type }) => type),
    ["startfailed", "reconnecting", "reconnected", "tokenwillexpire", "warning"],
  );
});
