/** Several phones on one page: each its own account, connection and calls. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";

import { pageWithTone } from "./chromium.js";
import { openPhone, token } from "./pages.js";
import { hearsTone } from "./sound.js";
import { Stage } from "./stage.js";

const TONE = 440;
const limit = { timeout: 60_000 };
const stage = new Stage();

/** A page with a phone for each of the seats, all registered. */
async function pageOf(...seats: string[]): Promise<Page> {
  const page = await pageWithTone(await stage.browser.newContext(), TONE);
  await openPhone(page, stage.gateway.base);
  for (const seat of seats) {
    const secret = await token(page, seat);
    await page.evaluate(async (text) => {
      const phone = window.CcSdk.createPhone({ service: location.origin });
      (window.phones ??= []).push(phone);
      await phone.register({ token: text });
    }, secret);
  }
  return page;
}

/** Resolves when so many REGISTERs were accepted. */
async function acceptances(page: Page, wanted: number): Promise<void> {
  let count = 0;
  return new Promise((resolve) => {
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => {
        const text = payload.toString();
        if (text.startsWith("SIP/2.0 200") && /^CSeq: \d+ REGISTER/im.test(text)) count += 1;
        if (count === wanted) resolve();
      });
    });
  });
}

test("two phones of one page call each other, and each hears the other", limit, async () => {
  const page = await pageOf("alice", "bob");
  const caller = await page.evaluate(async () => {
    const [alice, bob] = window.phones ?? [];
    const rings = new Promise<string>((resolve) => {
      bob?.addEventListener("incoming", ({ call }) => {
        resolve(call.remote.number);
        call.answer();
      });
    });
    await alice?.callPhone({ phone: "bob" });
    return rings;
  });
  assert.equal(caller, "alice");
  await page.waitForFunction(() => window.phones?.every((phone) => phone.calls[0]?.state === "connected"));
  for (const which of [0, 1]) {
    await page.evaluate((at) => (window.listenTo = window.phones?.[at]?.calls[0]) && undefined, which);
    await hearsTone(page, TONE);
  }
  // Nothing of it is the default phone's.
  assert.deepEqual(await page.evaluate(() => [window.ccSdk.registration.state, window.ccSdk.calls.length]), [
    "none",
    0,
  ]);
  await page.evaluate(() => window.phones?.[1]?.calls[0]?.hangup());
  await page.waitForFunction(() => window.phones?.every((phone) => phone.calls.length === 0));
  await page.context().close();
});

test(
  "a phone with two flows calls on when one is lost, and the page hears nothing of it",
  limit,
  async () => {
    const page = await pageWithTone(await stage.browser.newContext(), TONE);
    await page.addInitScript(() => {
      const sockets: WebSocket[] = [];
      Object.assign(window, { sockets });
      window.WebSocket = class extends WebSocket {
        constructor(...how: ConstructorParameters<typeof WebSocket>) {
          super(...how);
          sockets.push(this);
        }
      };
    });
    await openPhone(page, stage.gateway.base);
    const both = acceptances(page, 2);
    await page.evaluate(async () => {
      const account = {
        uri: "sip:alice@localhost",
        servers: [`ws://${location.host}/sip`],
        password: "alice-demo",
        flows: 2,
      };
      Object.assign(window, { noticed: [] });
      for (const name of ["reconnecting", "reconnected", "registrationfailed"]) {
        window.ccSdk.addEventListener(name as "reconnecting", () => window.noticed?.push(name));
      }
      await window.ccSdk.register({ account });
    });
    await both;
    await page.evaluate(() => window.sockets?.[0]?.close());
    await page.waitForFunction(() => window.sockets?.length === 3);
    await page.evaluate(() => window.ccSdk.callPhone({ phone: "9196" }));
    await hearsTone(page, TONE);
    assert.deepEqual(await page.evaluate(() => window.noticed), []);
    await page.context().close();
  },
);

test("a phone that is shut down leaves the other one registered and able to call", limit, async () => {
  const page = await pageOf("alice", "bob");
  await page.evaluate(() => window.phones?.[0]?.shutdown());
  const states = await page.evaluate(() => window.phones?.map(({ registration }) => registration.state));
  assert.deepEqual(states, ["none", "registered"]);
  await page.evaluate(() => window.phones?.[1]?.callPhone({ phone: "9196" }));
  await page.evaluate(() => (window.listenTo = window.phones?.[1]?.calls[0]) && undefined);
  await hearsTone(page, TONE);
  await page.context().close();
});
