/** Chromium, with microphones that can be told apart. */

import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

import { toneForMicrophone } from "./sound.js";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-device-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
  "--allow-loopback-in-peer-connection",
];

/** What a test wants of the browser. */
export interface BrowserOptions {
  /** `false`: the question for the microphone is not answered with yes. */
  microphone?: boolean;
  /** Further flags. */
  flags?: readonly string[];
}

/** Starts Chromium. */
export async function launchChromium(options: BrowserOptions = {}): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(`${executablePath} is missing: apt-get install chromium`);
  }
  const microphone = options.microphone === false ? [] : ["--use-fake-ui-for-media-stream"];
  return chromium.launch({
    executablePath,
    headless: true,
    args: [...flags, ...microphone, ...(options.flags ?? [])],
  });
}

/**
 * A page whose microphone is a pure tone of `hertz`, so that the far end can tell whom it hears.
 *
 * The tone bypasses the browser's noise suppression, which takes beeps for noise.
 */
export async function pageWithTone(from: Browser | BrowserContext, hertz: number): Promise<Page> {
  const page = await from.newPage();
  // tsx names inner functions by this helper, which functions sent to a page leave behind.
  await page.addInitScript("globalThis.__name ??= (named) => named;");
  await page.addInitScript(toneForMicrophone, hertz);
  return page;
}
