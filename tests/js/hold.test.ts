import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Call } from "../../js/call.js";
import { CcSdkError } from "../../js/errors.js";
import { asBrowser, calling, heard, misuse, onDuty, type Stage } from "./stage.js";

beforeEach(asBrowser);

function callOf(at: Stage): Call {
  const [call] = at.phone.calls;
  assert.ok(call);
  return call;
}

test("hold, resume and renegotiate are asked of the core", async () => {
  const at = await calling();
  const call = callOf(at);
  call.hold();
  call.resume();
  call.renegotiate();
  call.renegotiate({ iceRestart: true });
  assert.deepEqual(at.core.asked.slice(-4), [
    { type: "hold", call: call.id, held: true },
    { type: "hold", call: call.id, held: false },
    { type: "renegotiate", call: call.id, iceRestart: false },
    { type: "renegotiate", call: call.id, iceRestart: true },
  ]);
});

test("hold and resume say whose they are, once, and held says what is", async () => {
  const at = await calling();
  const call = callOf(at);
  const events = heard(call, "hold", "resume");
  const told: string[] = [];
  for (const name of ["hold", "resume"] as const) {
    call.addEventListener(name, ({ by }) => told.push(`${name} ${by}`));
  }
  for (const [local, remote] of [
    [true, false],
    [true, true],
    [false, true],
    [false, false],
  ] as const) {
    at.core.tells({ type: "callHeld", call: call.id, local, remote });
    assert.deepEqual(call.held, { local, remote });
  }
  assert.deepEqual(told, ["hold local", "hold remote", "resume local", "resume remote"]);
  assert.equal(events.length, 4);
});

test("what the core refuses is an error at once", async () => {
  const at = await calling();
  const call = callOf(at);
  at.core.meets = () => {
    throw misuse("not-connected") as Error;
  };
  for (const wish of [() => call.hold(), () => call.resume(), () => call.renegotiate()]) {
    assert.throws(wish, (thrown) => thrown instanceof CcSdkError && thrown.code === "not-connected");
  }
});

test("how long a call lives without a sign of life is a setting", async () => {
  const at = await onDuty({ sessionExpires: 0 });
  const settings = at.core.said.map(({ command }) => command).find(({ type }) => type === "configure");
  assert.equal(settings && "sessionExpires" in settings && settings.sessionExpires, 0);
});
