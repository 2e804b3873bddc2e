/** Messages, busy lamps, presence and mailboxes between pages, through the gateway. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";

import { callState, dial } from "./pages.js";
import { close, Stage } from "./stage.js";

const limit = { timeout: 60_000 };
const stage = new Stage();

/** Keeps what a page is told in attributes of its body. */
async function watches(page: Page, target: string): Promise<void> {
  await page.evaluate((seat) => {
    const told = document.body.dataset;
    window.ccSdk.subscribe({ target: seat, event: "dialog" }).addEventListener("notify", ({ parsed }) => {
      if (parsed?.package === "dialog-info") told.lamp = parsed.status;
    });
    window.ccSdk.subscribe({ target: seat, event: "presence" }).addEventListener("notify", ({ parsed }) => {
      if (parsed?.package === "presence") told.presence = `${String(parsed.open)} ${parsed.note ?? ""}`;
    });
  }, target);
}

async function isTold(page: Page, name: "lamp" | "presence", wanted: string): Promise<void> {
  const told = { name, wanted };
  await page.waitForFunction(({ name, wanted }) => document.body.dataset[name] === wanted, told);
}

test("a text goes from page to page, and the sender learns that it arrived", limit, async () => {
  const [alice, bob] = [await stage.seat("alice", 440), await stage.seat("bob", 440)];
  const heard = bob.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        window.ccSdk.addEventListener("message", ({ from, body }) => resolve([from.number, body]));
      }),
  );
  await alice.evaluate(() => window.ccSdk.sendMessage("bob", "hello ☎ <b>"));
  assert.deepEqual(await heard, ["alice", "hello ☎ <b>"]);
  await close(bob);
  const code = await alice.evaluate(() =>
    window.ccSdk.sendMessage("bob", "gone?").then(
      () => "delivered",
      (error: unknown) => (error as { code: string }).code,
    ),
  );
  assert.equal(code, "no-answer");
  await close(alice);
});

test("a lamp and a presence change when the other takes a call, says so, or leaves", limit, async () => {
  const [alice, bob] = [await stage.seat("alice", 440), await stage.seat("bob", 440)];
  await watches(alice, "bob");
  await isTold(alice, "lamp", "idle");
  await isTold(alice, "presence", "true ");
  await dial(bob, "9196");
  await callState(bob, "connected");
  await isTold(alice, "lamp", "busy");
  await bob.evaluate(() => window.ccSdk.calls[0]?.hangup());
  await isTold(alice, "lamp", "idle");
  await bob.evaluate(() => window.ccSdk.setPresence("closed", "at lunch"));
  await isTold(alice, "presence", "false at lunch");
  await bob.evaluate(() => window.ccSdk.setPresence(null));
  await isTold(alice, "presence", "true ");
  await close(bob);
  await isTold(alice, "presence", "false ");
  await close(alice);
});

test("a mailbox is watched, and what the other can do is asked", limit, async () => {
  const [alice, bob] = [await stage.seat("alice", 440), await stage.seat("bob", 440)];
  const waiting = await alice.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const mailbox = window.ccSdk.subscribe({ event: "message-summary" });
        mailbox.addEventListener("notify", ({ parsed }) => {
          if (parsed?.package === "message-summary") resolve(parsed.messages[0]?.new ?? 0);
        });
      }),
  );
  assert.equal(waiting, 2);
  const { headers } = await alice.evaluate(() => window.ccSdk.sendOptions("bob"));
  assert.match(headers.allow ?? "", /MESSAGE/);
  await close(alice, bob);
});
