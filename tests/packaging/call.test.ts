/** A page that vite built from the installed package calls, from another origin than the gateway's. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import * as vite from "vite";
import { launchChromium, pageWithTone } from "../browser/chromium.js";
import { startGateway, type Gateway } from "../browser/gateway.js";
import { hearsTone } from "../browser/sound.js";
import { clearAway, prepare, project } from "./project.js";

const limit = { timeout: 90_000 };
const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

let server: Server;
let gateway: Gateway;
let browser: Browser;
let origin: string;

before(async () => {
  await prepare();
  const folder = project("caller", {
    "index.html": '<!doctype html><title>page</title><script type="module" src="./page.js"></script>',
    "page.js": 'import "cc-sdk/element"; import { ccSdk } from "cc-sdk"; window.ccSdk = ccSdk;',
  });
  await vite.build({ root: folder, configFile: false, logLevel: "error", build: { outDir: "out" } });
  server = createServer((request, response) => {
    const path = request.url === "/" ? "/index.html" : (request.url ?? "");
    readFile(join(folder, "out", path)).then(
      (bytes) => response.setHeader("content-type", types[extname(path)] ?? "text/plain").end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  origin = `http://localhost:${String((server.address() as AddressInfo).port)}`;
  gateway = await startGateway("--allow-origin", origin);
  browser = await launchChromium();
});

after(async () => {
  await browser.close();
  await gateway.stop();
  server.close();
  clearAway();
});

test("a page that vite built registers by the service it names, calls and hears itself", limit, async () => {
  const answer = await fetch(`${gateway.base}/createAuth`, { method: "POST" });
  const page = await pageWithTone(await browser.newContext(), 440);
  await page.goto(origin);
  await page.evaluate(([token, service]) => window.ccSdk.register({ token, service }), [
    await answer.text(),
    gateway.base,
  ] as const);
  const state = await page.evaluate(async () => (await window.ccSdk.callPhone({ phone: "9196" })).state);
  assert.notEqual(state, "ended");
  await hearsTone(page, 440);
  await page.evaluate(() => window.ccSdk.shutdown());
  assert.deepEqual(await page.evaluate(() => window.ccSdk.calls.length), 0);
});

test("a token without a service is refused: modules must name it", limit, async () => {
  const page = await browser.newPage();
  await page.goto(origin);
  const code = await page.evaluate(() =>
    window.ccSdk
      .register({ token: "demo:alice:1" })
      .catch((error: unknown) => (error as { code: string }).code),
  );
  assert.equal(code, "no-service");
});
