/** Calls that are being set up, with real media: RFC 3262, RFC 3311, RFC 6337; the hook for SDP. */

import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import type { Browser } from "playwright-core";

import type { EditSdp } from "../../js/options.js";
import { launchChromium } from "./chromium.js";
import { FarSide, farApplies, farPeer, type Message } from "./farside.js";
import { hearsTone, toneForMicrophone, type Evaluates } from "./sound.js";

const limit = { timeout: 60_000 };
let browser: Browser;
let far: FarSide;

before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());
beforeEach(async () => {
  far = await FarSide.start();
});
afterEach(() => {
  far.stop();
});

async function registered(): Promise<Evaluates> {
  const page = await browser.newPage();
  await page.addInitScript(toneForMicrophone, 300);
  await page.goto(`http://localhost:${String(far.port)}/`);
  await page.evaluate(async (port) => {
    const server = `ws://localhost:${String(port)}/`;
    await window.ccSdk.register({ account: { uri: "sip:alice@far.invalid", servers: [server] } });
  }, far.port);
  return page;
}

async function dials(page: Evaluates): Promise<Message> {
  await page.evaluate(async (phone) => {
    await window.ccSdk.callPhone({ phone });
  }, "bob");
  return far.hears("INVITE");
}

async function reaches(page: Evaluates, state: string): Promise<void> {
  await page.evaluate(async (wanted) => {
    while (window.ccSdk.calls[0]?.state !== wanted) {
      await new Promise((done) => setTimeout(done, 20));
    }
  }, state);
}

/** The far side that took, or may take, this INVITE of ours says a request of its own. */
function says(method: string, invite: Message, more: readonly string[], sdp: string): void {
  const target = /<([^>]+)>/.exec(invite.header("Contact"))?.[1] ?? "";
  const lines = [
    `Via: SIP/2.0/WS far.invalid;branch=z9hG4bK${method}`,
    `From: ${invite.header("To")};tag=one`,
    `To: ${invite.header("From")}`,
    `Call-ID: ${invite.header("Call-ID")}`,
    `CSeq: 7000 ${method}`,
    "Max-Forwards: 70",
  ];
  far.says(`${method} ${target} SIP/2.0`, [...lines, ...more], "one", sdp);
}

test("early sound that was agreed upon reliably is changed by UPDATE", limit, async () => {
  const page = await registered();
  const invite = await dials(page);
  const answer = await farPeer(page, "one", 700, invite.body);
  far.answers(invite, "183 Session Progress", "one", answer, ["Require: 100rel", "RSeq: 9"]);
  const prack = await far.hears("PRACK");
  assert.match(prack.header("RAck"), /^9 \d+ INVITE$/);
  far.answers(prack, "200 OK", "one");
  await reaches(page, "early");
  await hearsTone(page, 700);
  says("UPDATE", invite, [], await farPeer(page, "moved", 1300));
  await farApplies(page, "moved", (await far.hears("200")).body);
  await hearsTone(page, 1300);
  await reaches(page, "early");
  far.answers(invite, "200 OK", "one");
  await far.hears("ACK");
  await reaches(page, "connected");
  await hearsTone(page, 1300);
});

test("who takes the call elsewhere than the announcement came from is heard", limit, async () => {
  const page = await registered();
  const invite = await dials(page);
  far.answers(invite, "183 Session Progress", "one", await farPeer(page, "announcement", 700, invite.body));
  await hearsTone(page, 700);
  far.answers(invite, "200 OK", "one", await farPeer(page, "person", 900, invite.body));
  await far.hears("ACK");
  const again = await far.hears("INVITE");
  far.answers(again, "200 OK", "one", await farPeer(page, "anew", 1100, again.body));
  await far.hears("ACK");
  await hearsTone(page, 1100);
  await reaches(page, "connected");
});

test("a page may change session descriptions, and one that fails to harms nothing", limit, async () => {
  const page = await registered();
  await page.evaluate((mark) => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    window.ccSdk.addEventListener("warning", ({ code }) => seen.push(code));
    // In a list, since the test runner's compiler gives names to functions by a helper of its own.
    const [editSdp] = [
      (sdp: string, { type, origin, call }: Parameters<EditSdp>[1]) => {
        seen.push(`${origin} ${type} of ${String(call)}`);
        if (origin === "remote") throw new Error("the page is broken");
        return `${sdp}a=${mark}\r\n`;
      },
    ];
    window.ccSdk.configure({ editSdp });
  }, "x-edited");
  const invite = await dials(page);
  assert.match(invite.body, /^a=x-edited\r?$/m);
  const sdp = invite.body.replace("a=x-edited\r\n", "");
  far.answers(invite, "200 OK", "one", await farPeer(page, "one", 700, sdp));
  await far.hears("ACK");
  await hearsTone(page, 700);
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen, undefined);
  assert.deepEqual(seen, ["local offer of 1", "remote answer of 1", "sdp-not-edited"]);
});

test("a call that asks for it is taken without a person, if the page wants that", limit, async () => {
  const page = await registered();
  await page.evaluate(() => {
    window.ccSdk.configure({ autoAnswer: "asked" });
  }, undefined);
  const offer = await farPeer(page, "one", 700);
  far.says(
    "INVITE sip:alice@far.invalid SIP/2.0",
    [
      "Via: SIP/2.0/WS far.invalid;branch=z9hG4bKasks",
      "From: <sip:bob@far.invalid>;tag=one",
      "To: <sip:alice@far.invalid>",
      "Call-ID: intercom",
      "CSeq: 1 INVITE",
      "Max-Forwards: 70",
      "Call-Info: <sip:far.invalid>;answer-after=0",
    ],
    "one",
    offer,
  );
  const taken = await far.hears("200");
  assert.equal(taken.header("Answer-Mode"), "Auto");
  await farApplies(page, "one", taken.body);
  await hearsTone(page, 700);
});
