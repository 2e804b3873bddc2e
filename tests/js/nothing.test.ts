/** What pages without types give: nothing, or the wrong thing. It is refused in words, and changes nothing. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { asBrowser, codeOf, misuse, onDuty, settled } from "./stage.js";

beforeEach(asBrowser);

const nothing = null as unknown as never;

test("nothing in place of options rejects with a code, and is an error event too", async () => {
  const at = await onDuty();
  const errors: unknown[] = [];
  at.phone.addEventListener("error", ({ error }) => errors.push(error.code));
  assert.equal(await codeOf(at.phone.pickup(nothing)), "bad-target");
  assert.equal(await codeOf(at.phone.sendMessage("bob", nothing)), "bad-argument");
  assert.deepEqual(errors, ["bad-target", "bad-argument"]);
  void at.phone.callPhone(nothing);
  await settled();
  const asked = at.core.asked.at(-1);
  assert.equal(asked?.type === "dial" && asked.target, "");
});

test("a subscription and a publication of nothing are over at once", async () => {
  const at = await onDuty();
  const [subscription, publication] = [at.phone.subscribe(nothing), at.phone.publish(nothing)];
  await settled();
  assert.deepEqual([subscription.state, subscription.reason?.code], ["terminated", "bad-argument"]);
  assert.deepEqual([publication.state, publication.reason?.code], ["failed", "bad-argument"]);
  assert.equal(
    at.core.asked.some(({ type }) => type === "ask"),
    false,
  );
});

test("settings that are refused are forgotten", async () => {
  const at = await onDuty({ ringSeconds: 30 });
  at.core.meets = () => {
    throw misuse("bad-argument");
  };
  assert.throws(() => {
    at.phone.configure({ ringSeconds: "long" as unknown as number });
  });
  at.core.meets = () => undefined;
  at.phone.configure({ callsAtOnce: 2 });
  const told = at.core.said.at(-1)?.command;
  assert.equal(told?.type === "configure" && told.ringSeconds, 30);
});
