/** Whatever goes wrong, a visitor reads a sentence that says what happened and what to do next. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page, Route } from "playwright-core";

import { pageWithTone } from "./chromium.js";
import { startGateway } from "./gateway.js";
import { Stage } from "./stage.js";

const limit = { timeout: 60_000 };

const stage = new Stage();

/** The shop, its token service answered by the test where it says so. */
async function shop(
  base = stage.gateway.base,
  path?: string,
  answer?: Parameters<Route["fulfill"]>[0],
): Promise<Page> {
  const page = await pageWithTone(await stage.browser.newContext(), 440);
  if (path !== undefined) await page.route(`**${path}`, (route) => route.fulfill(answer));
  await page.goto(`${base}/`);
  return page;
}

async function calls(page: Page, number: string): Promise<void> {
  await page.getByLabel(/Another number/).check();
  await page.getByLabel(/Number or seat/).fill(number);
  await press(page);
}

async function press(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^(Call|Try) / }).click();
}

async function reads(page: Page, sentence: RegExp): Promise<void> {
  await page.getByText(sentence).filter({ visible: true }).first().waitFor();
}

/** The next press works. */
async function worksAgain(page: Page): Promise<void> {
  await page.getByLabel(/Sound check/).check();
  await press(page);
  await page.waitForFunction(() => window.ccSdk.calls[0]?.state === "connected");
  await page.context().close();
}

for (const [number, sentence] of [
  ["9190", /The line is busy/],
  ["9191", /The call was not taken/],
  ["777000777", /This number does not exist/],
  ["two words", /This is not a number that can be called/],
  ["bob", /Nobody answered/],
] as const) {
  test(`a call to ${number} ends in words, and the phone can be used again`, limit, async () => {
    const page = await shop();
    await calls(page, number);
    await reads(page, sentence);
    await worksAgain(page);
  });
}

test("a token that has expired is told as such", limit, async () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const account = { uri: "sip:alice@localhost", servers: [stage.gateway.base.replace("http", "ws")] };
  const claims = { sub: "sip:alice@localhost", aud: "localhost", jti: "1", iat: 1, exp: 2, sip: account };
  const body = [part({ alg: "HS256" }), part(claims), "c2lnbmF0dXJl"].join(".");
  const page = await shop(stage.gateway.base, "/createAuth", { body });
  await press(page);
  await reads(page, /sign-in has expired|expired/i);
  await page.unrouteAll();
  await worksAgain(page);
});

test("a token service that answers with a page of HTML is out of reach, not a riddle", limit, async () => {
  const html = { contentType: "text/html", body: "<h1>Welcome</h1>" };
  const page = await shop(stage.gateway.base, "/v1/account", html);
  await press(page);
  await reads(page, /The phone service cannot be reached/);
  await page.unrouteAll();
  await worksAgain(page);
});

test("a gateway that stops is told, and when it is back the phone works", limit, async () => {
  const first = await startGateway();
  const page = await shop(first.base);
  await page.waitForFunction(() => window.ccSdk.seatStatus === 2);
  await first.stop();
  await page.waitForFunction(() => window.ccSdk.seatStatus === 1);
  await press(page);
  await reads(page, /There is no connection to the phone service/);
  const second = await startGateway("--port", String(first.port));
  await page.waitForFunction(() => window.ccSdk.seatStatus === 2);
  await worksAgain(page);
  await second.stop();
});

test("no sentence for a visitor is a SIP status", limit, async () => {
  const page = await shop();
  await calls(page, "9190");
  await reads(page, /The line is busy/);
  const said = await page
    .locator("cc-sdk")
    .evaluate((element) => element.shadowRoot?.querySelector('[role="status"]')?.textContent ?? "");
  assert.doesNotMatch(said, /486|Busy Here/);
  await page.context().close();
});
