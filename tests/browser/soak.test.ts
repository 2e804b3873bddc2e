/** A day of calls in short: nothing grows. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CDPSession, Page } from "playwright-core";

import { pageWithTone } from "./chromium.js";
import { Stage } from "./stage.js";

const stage = new Stage({ flags: ["--js-flags=--expose-gc"] });

/** Registers a phone of its own, calls the echo number, and shuts down; so many times. */
async function cycles(page: Page, count: number): Promise<void> {
  const wish = { times: count, bundle: "/dist/index.js" };
  await page.evaluate(async ({ times, bundle }) => {
    const { createPhone } = (await import(bundle)) as typeof import("../../js/index.js");
    for (let n = 0; n < times; n += 1) {
      const phone = createPhone({ service: location.origin, rateCalls: 1000 });
      const answer = await fetch("/createAuth", { method: "POST" });
      await phone.register({ token: await answer.text() });
      const call = await phone.callPhone({ phone: "9196" });
      if (call.state !== "connected") {
        await new Promise<void>((resolve) => {
          call.addEventListener("statechange", () => {
            if (call.state === "connected") resolve();
          });
        });
      }
      await phone.shutdown();
    }
  }, wish);
}

/** What is alive after a collection of garbage. */
async function alive(devtools: CDPSession): Promise<Record<string, number>> {
  // More than once: what a finalizer lets go of is garbage only for the next collection.
  for (let round = 0; round < 4; round += 1) {
    await devtools.send("HeapProfiler.collectGarbage");
    await devtools.send("Runtime.evaluate", {
      expression: "new Promise((resolve) => setTimeout(resolve, 50))",
      awaitPromise: true,
    });
  }
  const { metrics } = await devtools.send("Performance.getMetrics");
  // Not AudioHandlers: the microphone that the tests play leaves some behind for each call.
  const wanted = ["JSHeapUsedSize", "Nodes", "JSEventListeners", "RTCPeerConnections"];
  return Object.fromEntries(
    metrics.filter(({ name }) => wanted.includes(name)).map(({ name, value }) => [name, value]),
  );
}

test(
  "a hundred cycles of register, call and shutdown leave nothing behind",
  { timeout: 300_000 },
  async (t) => {
    const page = await pageWithTone(stage.browser, 440);
    await page.goto(`${stage.gateway.base}/headless.html`);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Performance.enable");
    await cycles(page, 20);
    const early = await alive(devtools);
    await cycles(page, 80);
    const late = await alive(devtools);
    t.diagnostic(`after 20 cycles: ${JSON.stringify(early)}`);
    t.diagnostic(`after 100 cycles: ${JSON.stringify(late)}`);
    for (const [what, before20] of Object.entries(early)) {
      // The collector takes what lies on the stack for alive: the last of the hundred may be.
      const allowed = before20 + (what === "JSHeapUsedSize" ? 512 * 1024 : 1);
      assert.ok((late[what] ?? 0) <= allowed, `${what} grew from ${before20} to ${late[what] ?? 0}`);
    }
  },
);
