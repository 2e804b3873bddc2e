/** Calls of the classic script against the gateway, proven by the sound at the far end. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { callState, dial, endReason, rings } from "./pages.js";
import { hearsSilence, hearsTone } from "./sound.js";
import { close, Stage } from "./stage.js";

const ALICE = 440;
const BOB = 1000;
const limit = { timeout: 60_000 };

const stage = new Stage();

test("the echo number gives one's own voice back, and silence after mute", limit, async () => {
  const alice = await stage.seat("alice", ALICE);
  await dial(alice, "9196");
  await hearsTone(alice, ALICE);
  await alice.evaluate(() => window.ccSdk.calls[0]?.mute());
  await hearsSilence(alice, ALICE);
  await alice.evaluate(() => window.ccSdk.calls[0]?.unmute());
  await hearsTone(alice, ALICE);
  await close(alice);
});

test("after hanging up every local track is stopped within a second", limit, async () => {
  const alice = await stage.seat("alice", ALICE);
  await dial(alice, "9196");
  await hearsTone(alice, ALICE);
  await alice.evaluate(() => window.ccSdk.calls[0]?.hangup());
  await callState(alice, "ended");
  await alice.waitForFunction(
    () => window.localTracks?.every((track) => track.readyState === "ended"),
    undefined,
    { timeout: 1000 },
  );
  const reason = await endReason(alice);
  assert.deepEqual([reason?.by, reason?.cause], ["local", "hangup"]);
  await close(alice);
});

test("digits that the far end heard are read back", limit, async () => {
  const alice = await stage.seat("alice", ALICE);
  await dial(alice, "9198");
  const heard = alice.evaluate(
    () =>
      new Promise<string>((resolve) => {
        let text = "";
        window.ccSdk.calls[0]?.addEventListener("message", ({ body }) => {
          text += /[0-9*#A-D]/.exec(body)?.[0] ?? "";
          if (text.length === 4) resolve(text);
        });
        window.ccSdk.calls[0]?.sendDigits("12#4");
      }),
  );
  assert.equal(await heard, "12#4");
  await close(alice);
});

test("two tabs talk: who calls is seen, and each hears the other", limit, async () => {
  const alice = await stage.seat("alice", ALICE);
  const bob = await stage.seat("bob", BOB);
  await dial(alice, "bob");
  assert.equal(await rings(bob), "alice");
  await bob.evaluate(() => window.ccSdk.calls[0]?.answer());
  await Promise.all([callState(alice, "connected"), callState(bob, "connected")]);
  await Promise.all([hearsTone(alice, BOB), hearsTone(bob, ALICE)]);
  await alice.evaluate(() => window.ccSdk.calls[0]?.hangup());
  await callState(bob, "ended");
  const reason = await endReason(bob);
  assert.deepEqual([reason?.by, reason?.cause], ["remote", "hangup"]);
  await close(alice, bob);
});

test("a callee rings reliably, takes the call without a person, and says why it ends it", limit, async () => {
  const alice = await stage.seat("alice", ALICE);
  const bob = await stage.seat("bob", BOB);
  await bob.evaluate(() => {
    window.ccSdk.configure({ reliableRinging: true, autoAnswer: "asked" });
  });
  await alice.evaluate(async (phone) => {
    await window.ccSdk.callPhone({ phone, headers: { "Answer-Mode": "Auto", Subject: "rent" } });
  }, "bob");
  await Promise.all([callState(alice, "connected"), callState(bob, "connected")]);
  await Promise.all([hearsTone(alice, BOB), hearsTone(bob, ALICE)]);
  const told = await bob.evaluate(() => [
    window.lastCall?.caller.autoAnswer,
    window.lastCall?.headers.subject,
  ]);
  assert.deepEqual(told, [0, "rent"]);
  await bob.evaluate(() => window.ccSdk.calls[0]?.hangup({ reason: "lunch" }));
  await callState(alice, "ended");
  assert.equal((await endReason(alice))?.text, "lunch");
  await close(alice, bob);
});

test("the callee hangs up", limit, async () => {
  const alice = await stage.seat("alice", ALICE);
  const bob = await stage.seat("bob", BOB);
  await dial(alice, "bob");
  await rings(bob);
  await bob.evaluate(() => window.ccSdk.calls[0]?.answer());
  await callState(alice, "connected");
  await bob.evaluate(() => window.ccSdk.calls[0]?.hangup());
  await callState(alice, "ended");
  assert.equal((await endReason(alice))?.by, "remote");
  await close(alice, bob);
});

test("a rejected call says declined, a busy one busy", limit, async () => {
  const alice = await stage.seat("alice", ALICE);
  const bob = await stage.seat("bob", BOB);
  for (const [status, cause] of [
    [603, "declined"],
    [486, "busy"],
  ] as const) {
    await dial(alice, "bob");
    await rings(bob);
    await bob.evaluate((code) => window.ccSdk.calls[0]?.reject(code), status);
    await callState(alice, "ended");
    const reason = await endReason(alice);
    assert.deepEqual([reason?.cause, reason?.sipStatus], [cause, status]);
  }
  await close(alice, bob);
});

test("the caller cancels while it rings, and the callee's phone stops ringing", limit, async () => {
  const alice = await stage.seat("alice", ALICE);
  const bob = await stage.seat("bob", BOB);
  await dial(alice, "bob");
  await rings(bob);
  await callState(alice, "ringing");
  await alice.evaluate(() => window.ccSdk.calls[0]?.hangup());
  await Promise.all([callState(alice, "ended"), callState(bob, "ended")]);
  assert.deepEqual(
    [(await endReason(alice))?.cause, (await endReason(bob))?.cause],
    ["cancelled", "cancelled"],
  );
  await close(alice, bob);
});

test("a number that nobody has is not found, and the phone can call again", limit, async () => {
  const alice = await stage.seat("alice", ALICE);
  await dial(alice, "777000777");
  await callState(alice, "ended");
  const reason = await endReason(alice);
  assert.deepEqual([reason?.cause, reason?.sipStatus], ["not-found", 404]);
  await dial(alice, "9196");
  await hearsTone(alice, ALICE);
  await close(alice);
});
