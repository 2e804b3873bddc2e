/** Three tabs and the gateway: calls are passed on, proven by the sound at the far ends. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";

import { pageWithTone } from "./chromium.js";
import { callState, dial, endReason, openPhone, register, rings } from "./pages.js";
import { hearsTone } from "./sound.js";
import { close, Stage } from "./stage.js";

const TONES = { alice: 440, bob: 1000, carol: 1700 } as const;
const limit = { timeout: 90_000 };

const stage = new Stage();

async function seat(name: keyof typeof TONES): Promise<Page> {
  const page = await pageWithTone(await stage.browser.newContext(), TONES[name]);
  await openPhone(page, stage.gateway.base);
  await page.evaluate(() => {
    window.ccSdk.configure({ callsAtOnce: 2, acceptTransfers: true });
  });
  await register(page, name);
  return page;
}

async function seats(): Promise<[alice: Page, bob: Page, carol: Page]> {
  return Promise.all([seat("alice"), seat("bob"), seat("carol")]);
}

async function connect(from: Page, to: Page, name: string): Promise<void> {
  await dial(from, name);
  await rings(to);
  await to.evaluate(() => window.lastCall?.answer());
  await Promise.all([callState(from, "connected"), callState(to, "connected")]);
}

/** The far side's sound of the page's last call. */
async function listensToLast(page: Page): Promise<void> {
  await page.waitForFunction(() => window.lastCall?.state === "connected");
  await page.evaluate(() => {
    window.listenTo = window.lastCall;
  });
}

async function callsUp(page: Page): Promise<number> {
  return page.evaluate(() => window.ccSdk.calls.length);
}

test("alice passes bob on to carol: they hear each other, and alice is out", limit, async () => {
  const [alice, bob, carol] = await seats();
  await connect(alice, bob, "bob");
  await Promise.all([hearsTone(alice, TONES.bob), hearsTone(bob, TONES.alice)]);
  const done = alice.evaluate(() => window.lastCall?.transfer("carol"));
  await rings(carol);
  await carol.evaluate(() => window.lastCall?.answer());
  await done;
  assert.deepEqual((await endReason(alice))?.cause, "replaced");
  await Promise.all([bob, carol].map(listensToLast));
  await Promise.all([hearsTone(bob, TONES.carol), hearsTone(carol, TONES.bob)]);
  await bob.waitForFunction(() => window.ccSdk.calls.length === 1);
  assert.deepEqual(await Promise.all([alice, bob, carol].map(callsUp)), [0, 1, 1]);
  await close(alice, bob, carol);
});

test("alice asks carol first, then bob and carol have each other", limit, async () => {
  const [alice, bob, carol] = await seats();
  await connect(alice, bob, "bob");
  await alice.evaluate(() => Object.assign(window, { listenTo: window.lastCall }));
  await connect(alice, carol, "carol");
  await Promise.all([hearsTone(carol, TONES.alice), hearsTone(alice, TONES.bob)]);
  await alice.evaluate(() => {
    const [toBob, toCarol] = window.ccSdk.calls;
    return toCarol && toBob?.transfer(toCarol);
  });
  for (const page of [bob, carol]) {
    await page.waitForFunction(() => window.lastCall?.continues !== undefined);
    await listensToLast(page);
  }
  await Promise.all([hearsTone(bob, TONES.carol), hearsTone(carol, TONES.bob)]);
  await Promise.all([bob, carol].map((page) => page.waitForFunction(() => window.ccSdk.calls.length === 1)));
  await alice.waitForFunction(() => window.ccSdk.calls.length === 0);
  await bob.evaluate(() => window.lastCall?.hangup());
  await callState(carol, "ended");
  await close(alice, bob, carol);
});

test("a transfer that carol refuses leaves alice and bob in their call", limit, async () => {
  const [alice, bob, carol] = await seats();
  await connect(alice, bob, "bob");
  const code = alice.evaluate(() =>
    window.lastCall?.transfer("carol").then(
      () => "taken",
      (error: unknown) => (error as { code: string }).code,
    ),
  );
  await rings(carol);
  await carol.evaluate(() => window.lastCall?.reject(486));
  assert.equal(await code, "busy");
  await bob.waitForFunction(() => window.ccSdk.calls.length === 1);
  await Promise.all([hearsTone(alice, TONES.bob), hearsTone(bob, TONES.alice)]);
  await close(alice, bob, carol);
});
