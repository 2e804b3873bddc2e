/** The page that the README prints works as printed, on an origin of its own. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { launchChromium, pageWithTone } from "./chromium.js";
import { startGateway } from "./gateway.js";

const [, printed] = /```html\n(.*?)```/s.exec(readFileSync("README.md", "utf8")) ?? [];

test("a visitor calls from the README's page", { timeout: 60_000 }, async () => {
  assert.ok(printed, "the README prints a page");
  let page = "";
  const site = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  const origin = `http://localhost:${String((site.address() as AddressInfo).port)}`;
  const gateway = await startGateway("--allow-origin", origin);
  page = printed
    .replace("https://phone.example.com", gateway.base)
    .replace('"/createAuth"', `"${gateway.base}/createAuth"`);

  const browser = await launchChromium();
  const tab = await pageWithTone(browser, 440);
  const statuses: string[] = [];
  tab.on("console", (message) => statuses.push(message.text()));
  await tab.goto(origin);
  await tab.waitForFunction(() => window.ccSdk.seatStatus === 2);
  const talking = tab.waitForEvent("console", (message) => message.text().startsWith("3"));
  await tab.getByRole("button").click();
  await talking;
  assert.deepEqual(statuses, ["1 9196", "2 9196", "3 9196"]);

  await browser.close();
  await gateway.stop();
  site.closeAllConnections();
  site.close();
});
