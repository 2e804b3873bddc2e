/** Hold, resume and new paths between two tabs, proven by what each hears (complaint 7). */

import { test } from "node:test";
import type { Page } from "playwright-core";

import { callState, dial, rings } from "./pages.js";
import { hearsSilence, hearsTone } from "./sound.js";
import { close, Stage } from "./stage.js";

const ALICE = 440;
const BOB = 1000;
const limit = { timeout: 60_000 };

const stage = new Stage();

/** Alice has called bob, and each hears the other. */
async function talking(): Promise<{ alice: Page; bob: Page }> {
  const alice = await stage.seat("alice", ALICE);
  const bob = await stage.seat("bob", BOB);
  await dial(alice, "bob");
  await rings(bob);
  await bob.evaluate(() => window.lastCall?.answer());
  await bothHear(alice, bob);
  return { alice, bob };
}

async function bothHear(alice: Page, bob: Page): Promise<void> {
  await Promise.all([hearsTone(alice, BOB), hearsTone(bob, ALICE)]);
}

async function nobodyHears(alice: Page, bob: Page): Promise<void> {
  await Promise.all([hearsSilence(alice, BOB), hearsSilence(bob, ALICE)]);
}

/** Resolves when the page knows who holds the call. */
async function held(page: Page, local: boolean, remote: boolean): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      const now = window.lastCall?.held;
      return now?.local === wanted.local && now.remote === wanted.remote;
    },
    { local, remote },
  );
}

async function hold(page: Page): Promise<void> {
  await page.evaluate(() => window.lastCall?.hold());
}

async function resume(page: Page): Promise<void> {
  await page.evaluate(() => window.lastCall?.resume());
}

test("on hold nobody hears anything, and afterwards each hears the other again", limit, async () => {
  const { alice, bob } = await talking();
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    await hold(one);
    await Promise.all([held(one, true, false), held(other, false, true)]);
    await nobodyHears(alice, bob);
    await resume(one);
    await Promise.all([held(one, false, false), held(other, false, false)]);
    await bothHear(alice, bob);
  }
  await close(alice, bob);
});

test("what both hold is quiet until both have taken it up again", limit, async () => {
  const { alice, bob } = await talking();
  await hold(alice);
  await held(bob, false, true);
  await hold(bob);
  await Promise.all([held(alice, true, true), held(bob, true, true)]);
  await nobodyHears(alice, bob);
  await resume(alice);
  await Promise.all([held(alice, false, true), held(bob, true, false)]);
  await nobodyHears(alice, bob);
  await resume(bob);
  await Promise.all([held(alice, false, false), held(bob, false, false)]);
  await bothHear(alice, bob);
  await close(alice, bob);
});

test("both press hold at the same moment, and resume at the same moment", limit, async () => {
  const { alice, bob } = await talking();
  await Promise.all([hold(alice), hold(bob)]);
  await Promise.all([held(alice, true, true), held(bob, true, true)]);
  await nobodyHears(alice, bob);
  await Promise.all([resume(alice), resume(bob)]);
  await Promise.all([held(alice, false, false), held(bob, false, false)]);
  await bothHear(alice, bob);
  await close(alice, bob);
});

test("a call outlives new paths, on hold and off it", limit, async () => {
  const { alice, bob } = await talking();
  for (const page of [alice, bob]) {
    await page.evaluate(() => window.lastCall?.renegotiate({ iceRestart: true }));
    await new Promise((done) => setTimeout(done, 500));
    await bothHear(alice, bob);
  }
  await hold(alice);
  await held(bob, false, true);
  await bob.evaluate(() => window.lastCall?.renegotiate({ iceRestart: true }));
  await new Promise((done) => setTimeout(done, 500));
  await nobodyHears(alice, bob);
  await resume(alice);
  await held(bob, false, false);
  await bothHear(alice, bob);
  await close(alice, bob);
});

test("the echo number may be held and taken up again", limit, async () => {
  const alice = await stage.seat("alice", ALICE);
  await dial(alice, "9196");
  await hearsTone(alice, ALICE);
  await hold(alice);
  await held(alice, true, false);
  await hearsSilence(alice, ALICE);
  await resume(alice);
  await held(alice, false, false);
  await hearsTone(alice, ALICE);
  await alice.evaluate(() => window.lastCall?.hangup());
  await callState(alice, "ended");
  await close(alice);
});
