/**
 * Calls with JsSIP and SIP.js at the far end, through the gateway: hold from either side, both at
 * once, and new paths; proven by what our side hears and knows (complaint 7).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";
import type { Page } from "playwright-core";

import { pageWithTone } from "./chromium.js";
import { callState, dial, openPhone, register } from "./pages.js";
import { hearsSilence, hearsTone } from "./sound.js";
import { Stage } from "./stage.js";

const ALICE = 440;
const BOB = 1000;
const limit = { timeout: 90_000 };

const stage = new Stage();

/** What the tests do with the far end, whoever it is. */
interface Rival {
  readonly ready: Promise<unknown>;
  hold(): unknown;
  resume(): unknown;
}

type RivalPage = Window & { rival: Rival };

/** The script that makes a page's bob of this library. */
async function script(name: string): Promise<string> {
  const entryPoints = [`tests/browser/rivals/${name}.mjs`];
  const built = await build({ entryPoints, bundle: true, format: "esm", write: false, logLevel: "error" });
  return `(async () => { ${built.outputFiles[0]?.text ?? ""}\n await window.rival.ready; })()`;
}

/** Alice's page and that of a rival, who hear each other. */
async function talking(name: string): Promise<{ alice: Page; bob: Page }> {
  const alice = await pageWithTone(await stage.browser.newContext(), ALICE);
  const bob = await pageWithTone(await stage.browser.newContext(), BOB);
  for (const page of [alice, bob]) await openPhone(page, stage.gateway.base);
  await register(alice, "alice");
  await bob.evaluate(await script(name));
  await dial(alice, "bob");
  await hearsTone(alice, BOB);
  return { alice, bob };
}

/** Resolves when our side knows who holds. */
async function held(alice: Page, local: boolean, remote: boolean): Promise<void> {
  await alice.waitForFunction(
    (wanted) => {
      const now = window.lastCall?.held;
      return now?.local === wanted.local && now.remote === wanted.remote;
    },
    { local, remote },
  );
}

for (const name of ["jssip", "sipjs"]) {
  test(`${name} is held, holds, and each takes the call up again`, limit, async () => {
    const { alice, bob } = await talking(name);
    await alice.evaluate(() => window.lastCall?.hold());
    await held(alice, true, false);
    await hearsSilence(alice, BOB);
    await alice.evaluate(() => window.lastCall?.resume());
    await held(alice, false, false);
    await hearsTone(alice, BOB);
    await bob.evaluate(() => (window as unknown as RivalPage).rival.hold());
    await held(alice, false, true);
    await hearsSilence(alice, BOB);
    await bob.evaluate(() => (window as unknown as RivalPage).rival.resume());
    await held(alice, false, false);
    await hearsTone(alice, BOB);
    await alice.evaluate(() => window.lastCall?.renegotiate({ iceRestart: true }));
    await hearsTone(alice, BOB);
    assert.equal(await alice.evaluate(() => window.lastCall?.state), "connected");
    await alice.evaluate(() => window.lastCall?.hangup());
    await callState(alice, "ended");
    await Promise.all([alice, bob].map((page) => page.context().close()));
  });
}
