/** Firefox by WebDriver BiDi, with a sound server of its own: without one its WebAudio stands still. */

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { launch, type Browser, type Page } from "puppeteer-core";

import type { Evaluates } from "./sound.js";

const executablePath = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

/** Firefox and the sound server that it plays to. */
export interface Firefox {
  readonly browser: Browser;
  close(): Promise<void>;
}

/** Starts both. */
export async function launchFirefox(): Promise<Firefox> {
  for (const [path, name] of [
    [executablePath, "firefox-esr"],
    ["/usr/bin/pulseaudio", "pulseaudio"],
  ] as const) {
    if (!existsSync(path)) throw new Error(`${path} is missing: apt-get install ${name}`);
  }
  const folder = mkdtempSync(`${tmpdir()}/cc-sdk-sound-`);
  const sound = startSound(folder);
  const browser = await launch({
    browser: "firefox",
    executablePath,
    headless: true,
    env: { ...process.env, PULSE_SERVER: `unix:${folder}/socket` },
    extraPrefsFirefox: {
      "media.navigator.streams.fake": true,
      "media.navigator.permission.disabled": true,
      "media.peerconnection.ice.loopback": true,
      "media.peerconnection.ice.obfuscate_host_addresses": false,
      "media.autoplay.default": 0,
    },
  });
  return {
    browser,
    async close() {
      await browser.close();
      sound.kill("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A PulseAudio that plays into nothing, reached by a socket in the folder. */
function startSound(folder: string): ChildProcess {
  const modules = [
    "module-null-sink",
    `module-native-protocol-unix socket=${folder}/socket auth-anonymous=1`,
  ];
  const options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes"];
  return spawn("pulseaudio", [...options, ...modules.flatMap((module) => ["-L", module])], {
    env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder },
    stdio: "ignore",
  });
}

/** The page, as the tests of both browsers see one. */
export function asEvaluates(page: Page): Evaluates {
  return {
    evaluate: (run, argument) => page.evaluate(run as (argument: unknown) => unknown, argument),
  };
}
