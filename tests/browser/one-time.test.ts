/** Calls without registration: one-time tokens out, and a pick-up of a call that waits. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";

import { pageWithTone } from "./chromium.js";
import { callState, dial, endReason, openPhone, register } from "./pages.js";
import { hearsTone } from "./sound.js";
import { Stage } from "./stage.js";

const ALICE = 440;
const VISITOR = 1000;
const limit = { timeout: 60_000 };
const stage = new Stage();

async function open(hertz: number): Promise<Page> {
  const page = await pageWithTone(await stage.browser.newContext(), hertz);
  await openPhone(page, stage.gateway.base);
  return page;
}

/** A token for one call, of the next visitor; it brings its account. */
async function once(page: Page, more: { pickup?: string } = {}): Promise<string> {
  return page.evaluate(async (wish) => {
    const answer = await fetch("/createAuth", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ kind: "once", ...wish }),
    });
    return answer.text();
  }, more);
}

/** Every SIP request that the page sends, by its method. */
function watch(page: Page): string[] {
  const sent: string[] = [];
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => {
      const text = payload.toString();
      if (text.trim() !== "" && !text.startsWith("SIP/2.0")) sent.push(text);
    });
  });
  return sent;
}

test("a call with a one-time token is heard, and registers nothing", limit, async () => {
  const page = await open(VISITOR);
  const sent = watch(page);
  const token = await once(page);
  await page.evaluate((text) => window.ccSdk.callPhone({ phone: "9196", token: text }), token);
  await hearsTone(page, VISITOR);
  await page.evaluate(() => window.ccSdk.calls[0]?.hangup());
  await callState(page, "ended");
  const methods = sent.map((text) => text.split(" ")[0]);
  assert.ok(!methods.includes("REGISTER"), methods.join());
  assert.equal(methods.filter((method) => method === "INVITE").length, 1);
  assert.equal(sent.filter((text) => text.includes(token)).length, 1);

  // The second time it is worth nothing, and the page learns why.
  await page.evaluate((text) => window.ccSdk.callPhone({ phone: "9196", token: text }), token);
  await callState(page, "ended");
  const reason = await endReason(page);
  assert.deepEqual([reason?.cause, reason?.sipStatus], ["auth", 403]);
  await page.context().close();
});

test("a call that waits is picked up without registration, and both hear each other", limit, async () => {
  const [alice, visitor] = await Promise.all([open(ALICE), open(VISITOR)]);
  const sent = watch(visitor);
  await register(alice, "alice");
  await dial(alice, "9189");
  await callState(alice, "ringing");
  // What the push would bring.
  const pickup = await alice.evaluate(() => window.lastCall?.sipCallId ?? "");
  const token = await once(visitor, { pickup });
  await visitor.evaluate((text) => window.ccSdk.pickup({ phone: "", token: text }), token);
  await Promise.all([callState(alice, "connected"), callState(visitor, "connected")]);
  await Promise.all([hearsTone(alice, VISITOR), hearsTone(visitor, ALICE)]);
  assert.ok(!sent.some((text) => text.startsWith("REGISTER")));
  await visitor.evaluate(() => window.ccSdk.calls[0]?.hangup());
  await callState(alice, "ended");
  await Promise.all([alice.context().close(), visitor.context().close()]);
});
