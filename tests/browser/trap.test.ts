/** The wasm's instance breaks under a page: all is told, and the next register works. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { pageWithTone } from "./chromium.js";
import { callState, dial, endReason, openPhone, register } from "./pages.js";
import { Stage } from "./stage.js";

const limit = { timeout: 60_000 };

const stage = new Stage();

/** A registered page, whose script remembers the memory of each instance of the wasm. */
async function onDuty(): Promise<Page> {
  const page = await pageWithTone(await stage.browser.newContext(), 440);
  await page.addInitScript(() => {
    type Made = Promise<WebAssembly.Instance & Partial<WebAssembly.WebAssemblyInstantiatedSource>>;
    const instantiate = WebAssembly.instantiate.bind(WebAssembly) as (...given: unknown[]) => Made;
    Object.assign(WebAssembly, {
      // A method: the test runner's compiler wraps other functions in something that pages lack.
      async instantiate(...given: unknown[]) {
        const made = await instantiate(...given);
        const exports = Object.values((made.instance ?? made).exports);
        Object.assign(window, { wasmMemory: exports.find((one) => one instanceof WebAssembly.Memory) });
        return made;
      },
    });
  });
  await openPhone(page, stage.gateway.base);
  await register(page, "alice");
  return page;
}

async function inCall(): Promise<Page> {
  const page = await onDuty();
  await dial(page, "9196");
  await callState(page, "connected");
  return page;
}

test("a trap in a command is internal, ends the calls, and the phone can be used again", limit, async () => {
  const page = await inCall();
  // In one task, or the next frame would meet the broken instance before the command does.
  const code = await page.evaluate(() => {
    const { wasmMemory } = window as unknown as { wasmMemory: WebAssembly.Memory };
    new Uint8Array(wasmMemory.buffer).fill(0xff);
    try {
      window.ccSdk.setSeatStatus(5);
      return "no error";
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  assert.equal(code, "internal");
  assert.equal((await endReason(page))?.cause, "internal");
  const microphones = await page.evaluate(() => window.localTracks?.map((track) => track.readyState));
  assert.deepEqual(microphones, ["ended"]);
  assert.equal(await page.evaluate(() => window.ccSdk.registration.reason?.code), "internal");

  await register(page, "alice");
  await dial(page, "9196");
  await callState(page, "connected");
});

test("a trap in what the browser calls is noticed by itself", limit, async () => {
  const page = await inCall();
  await page.evaluate(() => {
    const { wasmMemory } = window as unknown as { wasmMemory: WebAssembly.Memory };
    new Uint8Array(wasmMemory.buffer).fill(0xff);
  });
  // The next frame, timer or report of the peer connection meets the broken instance.
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await callState(page, "ended");
  await register(page, "alice");
  assert.equal(await page.evaluate(() => window.ccSdk.registration.state), "registered");
});

test("a trap in what follows a promise is noticed by itself", limit, async () => {
  const page = await onDuty();
  // The person takes time to allow the microphone.
  await page.evaluate(() => {
    const { mediaDevices } = navigator;
    const real = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      mediaDevices.getUserMedia = real;
      await new Promise((allow) => Object.assign(window, { allow }));
      return real(constraints);
    };
    window.ccSdk.callPhone({ phone: "9196" }).catch((error: unknown) => {
      Object.assign(window, { refusal: (error as { code: string }).code });
    });
  });
  await page.waitForFunction(() => "allow" in window);
  await page.evaluate(() => {
    const { wasmMemory, allow } = window as unknown as { wasmMemory: WebAssembly.Memory; allow: () => void };
    new Uint8Array(wasmMemory.buffer).fill(0xff);
    allow();
  });
  await page.waitForFunction(() => "refusal" in window);
  assert.equal(await page.evaluate(() => (window as unknown as { refusal: string }).refusal), "internal");
  assert.deepEqual(await page.evaluate(() => window.ccSdk.calls.length), 0);

  await register(page, "alice");
  await dial(page, "9196");
  await callState(page, "connected");
});
