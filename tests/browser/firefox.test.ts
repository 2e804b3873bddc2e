/** The main paths in Firefox: register, echo, a call between two tabs, digits. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "puppeteer-core";

import { asEvaluates, launchFirefox, type Firefox } from "./firefox.js";
import { startGateway, type Gateway } from "./gateway.js";
import { hearsSilence, hearsTone, toneForMicrophone } from "./sound.js";

const ALICE = 440;
const BOB = 1000;
const limit = { timeout: 60_000 };

let gateway: Gateway;
let firefox: Firefox;

before(async () => {
  gateway = await startGateway();
  firefox = await launchFirefox();
});

after(async () => {
  await firefox.close();
  await gateway.stop();
});

async function seat(name: string, hertz: number): Promise<Page> {
  const page = await firefox.browser.newPage();
  await page.evaluateOnNewDocument(toneForMicrophone, hertz);
  await page.goto(`${gateway.base}/headless.html`);
  await page.evaluate(async (seatName) => {
    window.ccSdk.addEventListener("call", ({ call }) => Object.assign(window, { lastCall: call }));
    const answer = await fetch("/createAuth", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ seat: seatName }),
    });
    await window.ccSdk.register({ token: await answer.text() });
  }, name);
  return page;
}

async function dial(page: Page, phone: string): Promise<void> {
  await page.evaluate(async (number) => {
    await window.ccSdk.callPhone({ phone: number });
  }, phone);
}

test("Firefox hears its own voice from the echo number", limit, async () => {
  const alice = await seat("alice", ALICE);
  await dial(alice, "9196");
  await hearsTone(asEvaluates(alice), ALICE);
  await alice.evaluate(() => window.lastCall?.hangup());
  await alice.waitForFunction(() => window.localTracks?.every((track) => track.readyState === "ended"));
  await alice.close();
});

test("two tabs of Firefox hear each other, and either hangs up", limit, async () => {
  const alice = await seat("alice", ALICE);
  const bob = await seat("bob", BOB);
  await dial(alice, "bob");
  await bob.waitForFunction(() => window.lastCall?.state === "incoming");
  await bob.evaluate(() => window.lastCall?.answer());
  await Promise.all([hearsTone(asEvaluates(alice), BOB), hearsTone(asEvaluates(bob), ALICE)]);
  await bob.evaluate(() => window.lastCall?.hangup());
  await alice.waitForFunction(() => window.lastCall?.state === "ended");
  assert.equal(await alice.evaluate(() => window.lastCall?.endReason?.by), "remote");
  await Promise.all([alice.close(), bob.close()]);
});

test("on hold two tabs of Firefox hear nothing, and afterwards each other again", limit, async () => {
  const alice = await seat("alice", ALICE);
  const bob = await seat("bob", BOB);
  await dial(alice, "bob");
  await bob.waitForFunction(() => window.lastCall?.state === "incoming");
  await bob.evaluate(() => window.lastCall?.answer());
  const hear = [() => hearsTone(asEvaluates(alice), BOB), () => hearsTone(asEvaluates(bob), ALICE)];
  await Promise.all(hear.map((one) => one()));
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    await one.evaluate(() => window.lastCall?.hold());
    await one.waitForFunction(() => window.lastCall?.held.local);
    await other.waitForFunction(() => window.lastCall?.held.remote);
    await Promise.all([hearsSilence(asEvaluates(alice), BOB), hearsSilence(asEvaluates(bob), ALICE)]);
    await one.evaluate(() => window.lastCall?.resume());
    await one.waitForFunction(() => !window.lastCall?.held.local);
    await other.waitForFunction(() => !window.lastCall?.held.remote);
    await Promise.all(hear.map((again) => again()));
  }
  await Promise.all([alice.close(), bob.close()]);
});

test("digits of Firefox are read back", limit, async () => {
  const alice = await seat("alice", ALICE);
  await dial(alice, "9198");
  const heard = await alice.evaluate(
    () =>
      new Promise<string>((resolve) => {
        let text = "";
        window.lastCall?.addEventListener("message", ({ body }) => {
          text += /[0-9*#A-D]/.exec(body)?.[0] ?? "";
          if (text.length === 3) resolve(text);
        });
        window.lastCall?.sendDigits("79#");
      }),
  );
  assert.equal(heard, "79#");
  await alice.close();
});

test("a visitor of the shop presses Call in Firefox and hears the echo", limit, async () => {
  const page = await firefox.browser.newPage();
  await page.evaluateOnNewDocument(toneForMicrophone, ALICE);
  await page.goto(`${gateway.base}/`);
  await page.waitForFunction(() => window.ccSdk.seatStatus === 2);
  await page.evaluate(() => {
    const call = document.querySelector("cc-sdk")?.shadowRoot?.querySelector<HTMLElement>("[part~=call]");
    call?.click();
  });
  await hearsTone(asEvaluates(page), ALICE);
  await page.close();
});
