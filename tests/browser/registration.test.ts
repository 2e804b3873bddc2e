/** Registration in a real browser: both kinds of token, wrong ones, and a gateway that goes away. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";

import { pageWithTone } from "./chromium.js";
import { startGateway } from "./gateway.js";
import { dial, openPhone, register, rings, token } from "./pages.js";
import { hearsTone } from "./sound.js";
import { Stage } from "./stage.js";

const limit = { timeout: 60_000 };

const stage = new Stage();

async function phone(base = stage.gateway.base): Promise<Page> {
  const page = await pageWithTone(await stage.browser.newContext(), 440);
  await openPhone(page, base);
  return page;
}

for (const kind of ["opaque", "jws"] as const) {
  test(`a seat registers by ${kind} token, calls and is called`, limit, async () => {
    const alice = await phone();
    const bob = await phone();
    await register(alice, "alice", kind);
    await register(bob, "bob", kind);
    assert.equal(await alice.evaluate(() => window.ccSdk.registration.state), "registered");
    assert.equal(await alice.evaluate(() => window.ccSdk.seatStatus), 2);
    await dial(alice, "bob");
    assert.equal(await rings(bob), "alice");
    await alice.context().close();
    await bob.context().close();
  });
}

test("a token provider is asked for the token", limit, async () => {
  const page = await phone();
  const secret = await token(page, "carol");
  await page.evaluate(
    // A method: the test runner's compiler wraps named functions in something the page lacks.
    (text) =>
      window.ccSdk.register({
        async token() {
          return Promise.resolve(text);
        },
      }),
    secret,
  );
  assert.equal(await page.evaluate(() => window.ccSdk.registration.state), "registered");
  await page.context().close();
});

test("a token that is no token is refused at once, and a right one works after it", limit, async () => {
  const page = await phone();
  const code = await page.evaluate(() =>
    window.ccSdk.register({ token: "certainly not a token" }).then(
      () => "registered",
      (error: unknown) => (error as { code: string }).code,
    ),
  );
  assert.equal(code, "bad-token");
  await register(page, "alice");
  await dial(page, "9196");
  await hearsTone(page, 440);
  await page.context().close();
});

test("a token that the service does not know is rejected", limit, async () => {
  const page = await phone();
  const code = await page.evaluate(() =>
    window.ccSdk.register({ token: "Bearer demo:alice:00000000-0000-4000-8000-000000000000" }).then(
      () => "registered",
      (error: unknown) => (error as { code: string }).code,
    ),
  );
  assert.equal(code, "token-rejected");
  await page.context().close();
});

test("after a restart of the gateway an idle phone registers again by itself", limit, async () => {
  const first = await startGateway();
  const page = await phone(first.base);
  await register(page, "alice", "jws");
  await page.evaluate(() => {
    window.ccSdk.addEventListener("registered", () => Object.assign(window, { again: true }));
  });
  await first.stop();
  await page.waitForFunction(() => window.ccSdk.seatStatus === 1);
  const second = await startGateway("--port", String(first.port));
  await page.waitForFunction(() => "again" in window && window.ccSdk.seatStatus === 2);
  await dial(page, "9196");
  await hearsTone(page, 440);
  await page.context().close();
  await second.stop();
});
