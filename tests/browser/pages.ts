/** What the tests do on a page: the public surface only. */

import type { Frame, Page } from "playwright-core";
import type { CallState, EndReason } from "../../js/index.js";

/** The gateway's page with the classic script and nothing else. */
export async function openPhone(page: Page, base: string): Promise<void> {
  await page.goto(`${base}/headless.html`);
  await page.evaluate(() => {
    window.ccSdk.addEventListener("call", ({ call }) => Object.assign(window, { lastCall: call }));
  });
}

/** A token of `seat` from the customer's back end. */
export async function token(
  page: Page | Frame,
  seat: string,
  kind: "opaque" | "jws" = "opaque",
): Promise<string> {
  return page.evaluate(
    async (wish) => {
      const answer = await fetch("/createAuth", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(wish),
      });
      if (!answer.ok) throw new Error(`createAuth answered ${String(answer.status)}`);
      return answer.text();
    },
    { seat, kind },
  );
}

/** Registers the page's default phone as `seat`. */
export async function register(
  page: Page | Frame,
  seat: string,
  kind: "opaque" | "jws" = "opaque",
): Promise<void> {
  const secret = await token(page, seat, kind);
  await page.evaluate((text) => window.ccSdk.register({ token: text }), secret);
}

/** Calls; resolves when the INVITE has left. */
export async function dial(page: Page, phone: string): Promise<void> {
  await page.evaluate(async (number) => {
    await window.ccSdk.callPhone({ phone: number });
  }, phone);
}

/** Resolves with the caller's number when the page rings. */
export async function rings(page: Page): Promise<string> {
  await callState(page, "incoming");
  return page.evaluate(() => window.lastCall?.remote.number ?? "");
}

/** Resolves when the page's last call is in this state. */
export async function callState(page: Page, state: CallState): Promise<void> {
  await page.waitForFunction((wanted) => window.lastCall?.state === wanted, state);
}

/** Why the page's last call ended. */
export async function endReason(page: Page): Promise<EndReason | undefined> {
  return page.evaluate(() => window.lastCall?.endReason);
}
