/** Forks, early media and a far side that reloaded, in Chromium and in Firefox (design: settled questions). */

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { launchChromium } from "./chromium.js";
import { FarSide, farAddsVideo, farApplies, farPeer, type Message } from "./farside.js";
import { asEvaluates, launchFirefox } from "./firefox.js";
import { hearsTone, toneForMicrophone, type Evaluates } from "./sound.js";

const limit = { timeout: 60_000 };

/** A browser, as far as these tests use it. */
interface Tabs {
  open(url: string): Promise<Evaluates>;
  close(): Promise<void>;
}

async function chromiumTabs(): Promise<Tabs> {
  const browser = await launchChromium();
  return {
    async open(url) {
      const page = await browser.newPage();
      await page.addInitScript(toneForMicrophone, 300);
      await page.goto(url);
      return page;
    },
    close: () => browser.close(),
  };
}

async function firefoxTabs(): Promise<Tabs> {
  const firefox = await launchFirefox();
  return {
    async open(url) {
      const page = await firefox.browser.newPage();
      await page.evaluateOnNewDocument(toneForMicrophone, 300);
      await page.goto(url);
      return asEvaluates(page);
    },
    close: () => firefox.close(),
  };
}

async function registered(tabs: Tabs, far: FarSide): Promise<Evaluates> {
  const page = await tabs.open(`http://localhost:${String(far.port)}/`);
  await page.evaluate(async (port) => {
    const server = `ws://localhost:${String(port)}/`;
    await window.ccSdk.register({ account: { uri: "sip:alice@far.invalid", servers: [server] } });
  }, far.port);
  return page;
}

async function dials(page: Evaluates): Promise<void> {
  await page.evaluate(async (phone) => {
    await window.ccSdk.callPhone({ phone });
  }, "bob");
}

async function reaches(page: Evaluates, state: string): Promise<void> {
  await page.evaluate(async (wanted) => {
    while (window.ccSdk.calls[0]?.state !== wanted) {
      await new Promise((done) => setTimeout(done, 20));
    }
  }, state);
}

/** Offers anew in the dialog of an INVITE that "one" took; the answer, which is acknowledged. */
async function reinvites(far: FarSide, invite: Message, offer: string, status = "200"): Promise<Message> {
  const target = /<([^>]+)>/.exec(invite.header("Contact"))?.[1] ?? "";
  const says = (method: string, sdp?: string): void => {
    far.says(
      `${method} ${target} SIP/2.0`,
      [
        `Via: SIP/2.0/WS far.invalid;branch=z9hG4bKanew${method === "ACK" && status === "200" ? method : "INVITE"}`,
        `From: ${invite.header("To")};tag=one`,
        `To: ${invite.header("From")}`,
        `Call-ID: ${invite.header("Call-ID")}`,
        `CSeq: 7000 ${method}`,
        "Max-Forwards: 70",
      ],
      "one",
      sdp,
    );
  };
  says("INVITE", offer);
  const answer = await far.hears(status);
  says("ACK");
  return answer;
}

/** Runs in the page: the next description that a peer makes fails, and the peer is known as `failed`. */
function failsToAnswerOnce(): void {
  const { prototype } = RTCPeerConnection;
  const name = "setLocalDescription";
  const before = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
  Object.defineProperty(prototype, name, {
    ...before,
    value(this: RTCPeerConnection) {
      Object.defineProperty(prototype, name, before);
      Object.assign(window, { failed: this });
      return Promise.reject(new DOMException("x", "OperationError"));
    },
  });
}

for (const [name, launch] of [
  ["Chromium", chromiumTabs],
  ["Firefox", firefoxTabs],
] as const) {
  describe(name, () => {
    let tabs: Tabs;
    let far: FarSide;

    before(async () => {
      tabs = await launch();
    });
    // Also after a failure: what listens keeps the run from ending.
    afterEach(() => {
      far.stop();
    });
    after(() => tabs.close());

    test("early media is heard before the call is taken", limit, async () => {
      far = await FarSide.start();
      const page = await registered(tabs, far);
      await dials(page);
      const invite = await far.hears("INVITE");
      const answer = await farPeer(page, "one", 700, invite.body);
      far.answers(invite, "183 Session Progress", "one", answer);
      await reaches(page, "early");
      await hearsTone(page, 700);
      far.answers(invite, "200 OK", "one", answer);
      await far.hears("ACK");
      await reaches(page, "connected");
      await hearsTone(page, 700);
    });

    test("another fork than the one whose early media played wins the call", limit, async () => {
      far = await FarSide.start();
      const page = await registered(tabs, far);
      await dials(page);
      const invite = await far.hears("INVITE");
      far.answers(invite, "183 Session Progress", "one", await farPeer(page, "one", 700, invite.body));
      await hearsTone(page, 700);
      far.answers(invite, "180 Ringing", "two");
      far.answers(invite, "200 OK", "two", await farPeer(page, "two", 900, invite.body));
      assert.match((await far.hears("ACK")).header("To"), /tag=two/);
      const again = await far.hears("INVITE");
      assert.match(again.header("To"), /tag=two/);
      far.answers(again, "200 OK", "two", await farPeer(page, "anew", 1100, again.body));
      await far.hears("ACK");
      await hearsTone(page, 1100);
      await reaches(page, "connected");
    });

    test("a far side that reloaded is answered from a fresh peer, and sound goes on", limit, async () => {
      far = await FarSide.start();
      const page = await registered(tabs, far);
      await dials(page);
      const invite = await far.hears("INVITE");
      far.answers(invite, "200 OK", "one", await farPeer(page, "one", 700, invite.body));
      await far.hears("ACK");
      await hearsTone(page, 700);
      const offer = await farPeer(page, "reloaded", 1300);
      const answer = await reinvites(far, invite, offer);
      await farApplies(page, "reloaded", answer.body);
      await hearsTone(page, 1300);
    });

    test("a far side that adds its camera is refused the video, and sound goes on", limit, async () => {
      far = await FarSide.start();
      const page = await registered(tabs, far);
      await dials(page);
      const invite = await far.hears("INVITE");
      far.answers(invite, "200 OK", "one", await farPeer(page, "one", 700, invite.body));
      await far.hears("ACK");
      await hearsTone(page, 700);
      const answer = await reinvites(far, invite, await farAddsVideo(page, "one"));
      assert.match(answer.body, /^m=audio [1-9]/m);
      assert.match(answer.body, /^m=video (0 |[^]*^a=inactive\r$)/m);
      await farApplies(page, "one", answer.body);
      await hearsTone(page, 700);
    });

    test("an offer that cannot be answered leaves the peer as it was, and sound goes on", limit, async () => {
      far = await FarSide.start();
      const page = await registered(tabs, far);
      await dials(page);
      const invite = await far.hears("INVITE");
      far.answers(invite, "200 OK", "one", await farPeer(page, "one", 700, invite.body));
      await far.hears("ACK");
      await hearsTone(page, 700);
      const offer = await farAddsVideo(page, "one");
      await page.evaluate(failsToAnswerOnce, undefined);
      await reinvites(far, invite, offer, "488");
      await page.evaluate(async (wanted) => {
        const { failed } = window as unknown as { failed: RTCPeerConnection };
        while (failed.signalingState !== wanted) await new Promise((done) => setTimeout(done, 20));
      }, "stable");
      await hearsTone(page, 700);
    });
  });
}
