/** The element as people use it: pressed, typed into and watched, on the demo's own pages. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";

import type { CcSdkElement } from "../../js/element.js";
import { launchChromium, pageWithTone } from "./chromium.js";
import { startGateway, type Gateway } from "./gateway.js";

const limit = { timeout: 60_000 };

let gateway: Gateway;
let browser: Browser;
let deaf: Browser;

before(async () => {
  gateway = await startGateway();
  browser = await launchChromium();
  deaf = await launchChromium({ microphone: false, flags: ["--deny-permission-prompts"] });
});

after(async () => {
  await browser.close();
  await deaf.close();
  await gateway.stop();
});

/** A microphone that is a tone would be one even where the browser refuses it. */
async function pageOf(from: Browser, hertz: number): Promise<Page> {
  const context = await from.newContext();
  return from === deaf ? context.newPage() : pageWithTone(context, hertz);
}

async function shop(from = browser): Promise<Page> {
  const page = await pageOf(from, 440);
  await page.goto(`${gateway.base}/`);
  await face(page, "ready");
  return page;
}

async function desk(seat: "alice" | "bob", from = browser): Promise<Page> {
  const page = await pageOf(from, seat === "alice" ? 440 : 660);
  await page.goto(`${gateway.base}/agent.html?seat=${seat}`);
  await page.click("#enter");
  await face(page, "ready");
  return page;
}

/** Waits until the element shows this face. */
async function face(page: Page, wanted: string): Promise<void> {
  await page.waitForFunction(
    (state) => document.querySelector("cc-sdk")?.getAttribute("state") === state,
    wanted,
  );
}

const button = (page: Page, act: string): Locator => page.locator(`cc-sdk [data-act="${act}"]`);
const part = (page: Page, name: string): Locator => page.locator(`cc-sdk [part="${name}"]`);
const field = (page: Page): Locator => page.locator("cc-sdk [data-input=number]");

/** What has the focus inside the element. */
async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const inner = document.activeElement?.shadowRoot?.activeElement;
    return inner?.getAttribute("data-act") ?? inner?.getAttribute("part") ?? "nothing";
  });
}

/** Ends the test's pages. */
async function done(...pages: Page[]): Promise<void> {
  await Promise.all(pages.map((page) => page.context().close()));
}

test("a visitor presses, talks, mutes and hangs up", limit, async () => {
  const page = await shop();
  await button(page, "call").click();
  await face(page, "connected");
  assert.match(await part(page, "timer").innerText(), /^0:0\d$/);
  await button(page, "mute").click();
  await page.waitForFunction(() => window.ccSdk.calls[0]?.muted === true);
  assert.equal(await button(page, "mute").getAttribute("aria-pressed"), "true");
  await button(page, "hangup").click();
  await face(page, "ended");
  assert.match(await part(page, "message").innerText(), /Call ended/);
  assert.equal(await button(page, "again").innerText(), "Call again");
  await done(page);
});

test("digits that a visitor presses come back from the menu", limit, async () => {
  const page = await shop();
  await page.getByText("Workshop menu").click();
  await button(page, "call").click();
  await face(page, "connected");
  await button(page, "keys").click();
  for (const digit of "12#") await button(page, `key-${digit}`).click();
  await page.waitForFunction(() => document.getElementById("back-digits")?.textContent === "12#");
  assert.match(await part(page, "digits").innerText(), /Digits sent\s+12#\s+Received\s+12#/);
  await done(page);
});

test("a press before anything is loaded is carried out", limit, async () => {
  const page = await pageWithTone(await browser.newContext(), 440);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/createAuth", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${gateway.base}/`);
  await button(page, "call").click();
  await face(page, "calling");
  release();
  await face(page, "connected");
  await done(page);
});

test("a visitor whose microphone is refused is told so, and can try again", limit, async () => {
  const page = await shop(deaf);
  await button(page, "call").click();
  await face(page, "ended");
  assert.match(await part(page, "message").innerText(), /The microphone is blocked/);
  assert.equal(await button(page, "again").innerText(), "Try again");
  await done(page);
});

test("agents call each other with the keyboard alone", limit, async () => {
  const [alice, bob] = [await desk("alice"), await desk("bob")];
  await bob.locator("body").click({ position: { x: 2, y: 2 } });
  await field(alice).focus();
  await alice.keyboard.type("bob");
  await alice.keyboard.press("Enter");
  await face(bob, "incoming");
  await bob.waitForFunction(() => document.title.startsWith("Call from Alice"));
  assert.equal(await focused(bob), "answer");
  await bob.keyboard.press("Enter");
  await Promise.all([face(alice, "connected"), face(bob, "connected")]);
  await alice.keyboard.press("m");
  await alice.waitForFunction(() => window.ccSdk.calls[0]?.muted === true);
  await alice.keyboard.press("Escape");
  assert.equal(await alice.locator("cc-sdk").getAttribute("state"), "connected");
  await button(alice, "hangup").focus();
  await alice.keyboard.press("Enter");
  await Promise.all([face(alice, "wrap-up"), face(bob, "wrap-up")]);
  await done(alice, bob);
});

test("who types is not disturbed by a call", limit, async () => {
  const [alice, bob] = [await desk("alice"), await desk("bob")];
  await field(bob).focus();
  await bob.keyboard.type("91");
  await field(alice).fill("bob");
  await button(alice, "call").click();
  await face(bob, "incoming");
  await bob.keyboard.type("96");
  assert.equal(await field(bob).inputValue(), "9196");
  assert.equal(await focused(bob), "field");
  await button(bob, "reject").click();
  await face(alice, "ended");
  assert.match(await part(alice, "result").innerText(), /The line is busy/);
  assert.match(await part(bob, "incoming").innerText(), /Call rejected · Alice/);
  assert.equal(await field(bob).inputValue(), "9196");
  await field(bob).press("Enter");
  await face(bob, "connected");
  await done(alice, bob);
});

test("a call that is cancelled is a missed one on the other side", limit, async () => {
  const [alice, bob] = [await desk("alice"), await desk("bob")];
  await field(alice).fill("bob");
  await button(alice, "call").click();
  await face(bob, "incoming");
  await button(alice, "hangup").click();
  await face(bob, "ended");
  assert.match(await part(bob, "result").innerText(), /Missed call/);
  assert.match(await part(alice, "result").innerText(), /Call cancelled/);
  await done(alice, bob);
});

test("a double press on Answer answers and does nothing else", limit, async () => {
  const [alice, bob] = [await desk("alice"), await desk("bob")];
  await field(alice).fill("bob");
  await button(alice, "call").dblclick();
  await face(bob, "incoming");
  assert.match((await alice.locator("cc-sdk").getAttribute("state")) ?? "", /calling|ringing/);
  await button(bob, "answer").dblclick();
  await Promise.all([face(alice, "connected"), face(bob, "connected")]);
  assert.equal(await bob.evaluate(() => window.ccSdk.calls[0]?.muted), false);
  await done(alice, bob);
});

test("an unknown number and text that is none stay in the field", limit, async () => {
  const page = await desk("alice");
  await field(page).fill("5551234");
  await button(page, "call").click();
  await face(page, "ended");
  assert.match(await part(page, "result").innerText(), /This number does not exist/);
  await button(page, "close").click();
  assert.equal(await field(page).inputValue(), "5551234");
  await field(page).fill("hello you");
  await button(page, "call").click();
  await part(page, "notice").waitFor();
  assert.equal(await field(page).inputValue(), "hello you");
  assert.equal(await field(page).getAttribute("aria-invalid"), "true");
  await done(page);
});

test("a pasted number is cleaned, at the cursor", limit, async () => {
  const page = await desk("alice");
  await field(page).focus();
  await page.evaluate(() => {
    const field = document.querySelector("cc-sdk")?.shadowRoot?.querySelector("[data-input=number]");
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "Tel.: +34 600-123-456");
    field?.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData, bubbles: true, composed: true, cancelable: true }),
    );
  });
  assert.equal(await field(page).inputValue(), "+34 600 123 456");
  await done(page);
});

test("a long press on 0 is a plus", limit, async () => {
  const page = await desk("alice");
  await button(page, "key-0").click({ delay: 800 });
  await button(page, "key-3").click();
  assert.equal(await field(page).inputValue(), "+3");
  await done(page);
});

test("a paused seat says so and gets no call", limit, async () => {
  const [alice, bob] = [await desk("alice"), await desk("bob")];
  await button(bob, "pause").click();
  await face(bob, "paused");
  await field(alice).fill("bob");
  await button(alice, "call").click();
  await face(alice, "ended");
  assert.match(await part(alice, "result").innerText(), /Nobody answered/);
  await button(bob, "resume").click();
  await face(bob, "ready");
  await done(alice, bob);
});

test("a refused microphone leaves an incoming call ringing", limit, async () => {
  const [alice, bob] = [await desk("alice", deaf), await desk("bob")];
  await field(bob).fill("alice");
  await button(bob, "call").click();
  await face(alice, "incoming");
  await button(alice, "answer").click();
  await part(alice, "notice").waitFor();
  assert.match(await part(alice, "notice").innerText(), /The microphone is blocked/);
  await face(alice, "incoming");
  await done(alice, bob);
});

test("the element keeps strict CSP: nothing of it has an inline style", limit, async () => {
  const page = await desk("alice");
  const styled = await page.evaluate(() => {
    const root = document.querySelector<CcSdkElement>("cc-sdk")?.shadowRoot;
    return [root?.querySelectorAll("[style], style, script, link").length, root?.adoptedStyleSheets.length];
  });
  assert.deepEqual(styled, [0, 1]);
  await done(page);
});

for (const width of [280, 320, 420]) {
  test(`nothing of the phone is cut off at ${String(width)} px`, limit, async () => {
    const page = await desk("alice");
    await page.evaluate((pixels) => {
      const element = document.querySelector("cc-sdk");
      if (element) element.style.inlineSize = `${String(pixels)}px`;
    }, width);
    const cut = await page.evaluate(() => {
      const root = document.querySelector("cc-sdk")?.shadowRoot;
      return [...(root?.querySelectorAll("button, input, p, h2") ?? [])]
        .filter((inner) => !inner.matches(".unseen") && inner.scrollWidth > inner.clientWidth + 1)
        .map((inner) => inner.outerHTML.slice(0, 60));
    });
    assert.deepEqual(cut, []);
    await done(page);
  });
}
