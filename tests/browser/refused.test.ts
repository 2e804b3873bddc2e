/** What cannot work says so in a way that a page can tell apart, and the phone can be used again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame, Page } from "playwright-core";

import { launchChromium } from "./chromium.js";
import { openPhone, register } from "./pages.js";
import { Stage } from "./stage.js";

const limit = { timeout: 60_000 };

const stage = new Stage();

/** The code with which the call is refused, or `called`. */
async function refusal(page: Page | Frame, phone = "9196"): Promise<string> {
  return page.evaluate(
    (number) =>
      window.ccSdk.callPhone({ phone: number }).then(
        () => "called",
        (error: unknown) => (error as { code: string }).code,
      ),
    phone,
  );
}

/** A registered phone whose microphone fails with this DOM exception, until `cure` is called. */
async function phoneWithoutMicrophone(exception: string): Promise<Page> {
  const page = await (await stage.browser.newContext()).newPage();
  await page.addInitScript((name) => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wanted) =>
      "cured" in window ? real(wanted) : Promise.reject(new DOMException("", name));
  }, exception);
  await openPhone(page, stage.gateway.base);
  await register(page, "alice");
  return page;
}

for (const [exception, code] of [
  ["NotAllowedError", "microphone-denied"],
  ["NotFoundError", "microphone-missing"],
  ["NotReadableError", "microphone-busy"],
] as const) {
  test(`${exception} becomes ${code}, and the next call works`, limit, async () => {
    const page = await phoneWithoutMicrophone(exception);
    assert.equal(await refusal(page), code);
    assert.equal(await page.evaluate(() => window.ccSdk.seatStatus), 2);
    await page.evaluate(() => Object.assign(window, { cured: true }));
    assert.equal(await refusal(page), "called");
    await page.context().close();
  });
}

test("a microphone that the person refuses is microphone-denied", limit, async () => {
  const refusing = await launchChromium({
    microphone: false,
    flags: ["--use-fake-ui-for-media-stream=deny"],
  });
  const page = await refusing.newPage();
  await openPhone(page, stage.gateway.base);
  await register(page, "alice");
  assert.equal(await refusal(page), "microphone-denied");
  await refusing.close();
});

test("an iframe without permission for the microphone is microphone-policy", limit, async () => {
  const page = await (await stage.browser.newContext()).newPage();
  await openPhone(page, stage.gateway.base);
  const framed = page.waitForEvent("frameattached");
  await page.evaluate(() => {
    const frame = document.createElement("iframe");
    frame.src = "/headless.html";
    frame.allow = "microphone 'none'";
    document.body.append(frame);
  });
  const frame = await framed;
  await frame.waitForFunction(() => "ccSdk" in window);
  await register(frame, "alice");
  assert.equal(await refusal(frame), "microphone-policy");
  await page.context().close();
});

test("a browser without WebRTC is webrtc-unsupported", limit, async () => {
  const page = await (await stage.browser.newContext()).newPage();
  await page.addInitScript(() => {
    Reflect.deleteProperty(window, "RTCPeerConnection");
  });
  await openPhone(page, stage.gateway.base);
  assert.equal(await refusal(page), "webrtc-unsupported");
  await page.context().close();
});

test("a page that is not on a secure origin is insecure-context", limit, async () => {
  const mapped = await launchChromium({ flags: ["--host-resolver-rules=MAP shop.test 127.0.0.1"] });
  const page = await mapped.newPage();
  const script = await (await fetch(`${stage.gateway.base}/sip-sdk.js`)).text();
  await page.route("http://shop.test/**", (route) =>
    route.request().url().endsWith(".js")
      ? route.fulfill({ contentType: "text/javascript; charset=utf-8", body: script })
      : route.fulfill({
          contentType: "text/html; charset=utf-8",
          body: '<!doctype html><title>shop</title><script src="/sip-sdk.js"></script>',
        }),
  );
  await page.goto("http://shop.test/");
  assert.equal(await refusal(page), "insecure-context");
  await mapped.close();
});

test("what is no number is bad-target, and a call before registering is not-registered", limit, async () => {
  const page = await (await stage.browser.newContext()).newPage();
  await openPhone(page, stage.gateway.base);
  await register(page, "alice");
  assert.equal(await refusal(page, "two words"), "bad-target");
  assert.equal(await refusal(page, ""), "bad-target");
  await page.evaluate(() => window.ccSdk.unregister());
  assert.equal(await refusal(page), "not-registered");
  await page.context().close();
});

test("the page's consent decides before the microphone is asked for", limit, async () => {
  const page = await (await stage.browser.newContext()).newPage();
  await openPhone(page, stage.gateway.base);
  await register(page, "alice");
  await page.evaluate(() => {
    window.ccSdk.beforeCall = () => false;
  });
  assert.equal(await refusal(page), "call-refused");
  await page.context().close();
});
