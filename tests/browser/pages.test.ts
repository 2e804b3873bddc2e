/** The demo pages as a visitor meets them: nothing foreign is contacted, nothing is blocked, everyone can use them. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Page } from "playwright-core";

import { pageWithTone } from "./chromium.js";
import { hearsTone } from "./sound.js";
import { Stage } from "./stage.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const limit = { timeout: 90_000 };

const stage = new Stage();

/** A page that notes every host it contacts and everything its console complains about. */
async function watched(
  path: string,
  scheme: "light" | "dark" = "light",
): Promise<{ page: Page; hosts: Set<string>; complaints: string[] }> {
  const context = await stage.browser.newContext({ colorScheme: scheme });
  const page = await pageWithTone(context, 440);
  const hosts = new Set<string>();
  const complaints: string[] = [];
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  page.on("websocket", (socket) => hosts.add(new URL(socket.url()).host));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${stage.gateway.base}${path}`);
  return { page, hosts, complaints };
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const found = await (window as unknown as { axe: typeof import("axe-core") }).axe.run();
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target }) => `${id}: ${target.join(" ")}`),
    );
  });
}

for (const scheme of ["light", "dark"] as const) {
  for (const path of ["/", "/agent.html", "/faces.html"]) {
    test(`${path} has no violation that axe finds (${scheme})`, limit, async () => {
      const { page } = await watched(path, scheme);
      // faces.html draws the views without the element.
      await page.waitForFunction(
        () => customElements.get("cc-sdk") !== undefined || document.querySelector("figure") !== null,
      );
      assert.deepEqual(await violations(page), []);
      await page.context().close();
    });
  }
}

test("loading, registering and calling contact the gateway and nobody else", limit, async () => {
  const { page, hosts, complaints } = await watched("/cc-sdk-document.html");
  await page.waitForFunction(() => window.ccSdk.seatStatus === 2);
  await page.evaluate(() => window.ccSdk.callPhone({ phone: "9196" }));
  await hearsTone(page, 440);
  assert.deepEqual([...hosts], [new URL(stage.gateway.base).host]);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("the page of the CC SDK document runs as printed", limit, async () => {
  const { page } = await watched("/cc-sdk-document.html");
  await page.evaluate(() => {
    const seen: unknown[] = [];
    Object.assign(window, { seen });
    const sdk = document.getElementById("sdk");
    sdk?.addEventListener("onCall", (event) => {
      const { detail } = event as CustomEvent<
        [{ callStatus: number; calledNumber: string }] & { callStatus: number }
      >;
      seen.push([detail.callStatus, detail[0].callStatus, detail[0].calledNumber]);
    });
  });
  await page.waitForFunction(() => window.ccSdk.seatStatus === 2);
  await page.click("#call");
  await page.waitForFunction(() => "seen" in window && (window.seen as unknown[]).length >= 2);
  const seen = await page.evaluate(() => (window as unknown as { seen: unknown[] }).seen);
  assert.deepEqual(seen[0], [1, 1, "13212345678"]);
  assert.deepEqual(seen.at(-1), [5, 5, "13212345678"]);
  await page.context().close();
});
