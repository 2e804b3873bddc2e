import assert from "node:assert/strict";
import { test } from "node:test";
import { asBrowser, calling, codeOf, onDuty, registered, settled } from "./stage.js";

const window = asBrowser();

test("a trap in a command rejects what was pending and throws the instance away", async () => {
  const at = await onDuty();
  const first = at.core;
  const pending = codeOf(at.phone.updateToken("d.e.f"));
  await settled();
  first.meets = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  assert.throws(() => at.phone.setSeatStatus(5), { code: "internal" });
  assert.equal(await pending, "internal");
  assert.equal(at.loader.discarded, 1);
  assert.equal(at.phone.registration.state, "failed");
  assert.equal(at.phone.seatStatus, 1);
});

test("a trap outside our calls is noticed, and the next register works", async () => {
  const at = await onDuty();
  const first = at.core;
  trapElsewhere();
  assert.equal(at.phone.registration.reason?.code, "internal");
  const again = at.phone.register({ token: "a.b.c" });
  await settled();
  assert.notEqual(at.core, first);
  at.core.tells(registered);
  await again;
  assert.equal(at.phone.registration.state, "registered");
});

test("a trap ends every call", async () => {
  const at = await calling();
  const [call] = at.phone.calls;
  assert.ok(call);
  trapElsewhere();
  assert.equal(call.state, "ended");
  assert.deepEqual([call.endReason?.by, call.endReason?.cause], ["system", "internal"]);
  assert.deepEqual(at.phone.calls, []);
});

test("a trap is the end of a call that has not left", async () => {
  const at = await onDuty();
  const left = codeOf(at.phone.callPhone({ phone: "9196" }));
  await settled();
  trapElsewhere();
  assert.equal(await left, "internal");
});

test("a trap in what follows a promise is noticed", async () => {
  const at = await calling();
  const reason = new WebAssembly.RuntimeError("unreachable");
  window.dispatchEvent(Object.assign(new Event("unhandledrejection"), { reason }));
  assert.equal(at.phone.registration.reason?.code, "internal");
  assert.deepEqual(at.phone.calls, []);
});

test("another script's error is none of ours", async () => {
  const at = await onDuty();
  window.dispatchEvent(Object.assign(new Event("error"), { error: new Error("theirs") }));
  window.dispatchEvent(Object.assign(new Event("unhandledrejection"), { reason: new Error("theirs") }));
  assert.equal(at.phone.registration.state, "registered");
});

function trapElsewhere(): void {
  const error = new WebAssembly.RuntimeError("unreachable");
  window.dispatchEvent(Object.assign(new Event("error"), { error }));
}
