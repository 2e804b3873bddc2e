/** What most files of browser tests stand on: a gateway and Chromium, up before and down after. */

import { after, before } from "node:test";
import type { Browser, Page } from "playwright-core";

import { launchChromium, pageWithTone, type BrowserOptions } from "./chromium.js";
import { startGateway, type Gateway } from "./gateway.js";
import { openPhone, register } from "./pages.js";

/** Both, from the first test of the file to its last. */
export class Stage {
  #gateway: Gateway | undefined;
  #browser: Browser | undefined;

  constructor(options: BrowserOptions = {}) {
    before(async () => {
      this.#gateway = await startGateway();
      this.#browser = await launchChromium(options);
    });
    after(async () => {
      await this.#browser?.close();
      await this.#gateway?.stop();
    });
  }

  get gateway(): Gateway {
    if (!this.#gateway) throw new Error("the gateway runs during tests only");
    return this.#gateway;
  }

  get browser(): Browser {
    if (!this.#browser) throw new Error("the browser runs during tests only");
    return this.#browser;
  }

  /** A page that is registered under this name; its microphone hums. */
  async seat(name: string, hertz: number): Promise<Page> {
    const page = await pageWithTone(await this.browser.newContext(), hertz);
    await openPhone(page, this.gateway.base);
    await register(page, name);
    return page;
  }
}

/** Closes pages and all that belongs to them. */
export async function close(...pages: Page[]): Promise<void> {
  await Promise.all(pages.map((page) => page.context().close()));
}
