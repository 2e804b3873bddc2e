import type { Chance } from "./chance.js";
import type { Clock } from "./clock.js";
import { SimulatedDtmf, SimulatedStream, SimulatedTrack, type Media } from "./media.js";
import type { Network } from "./network.js";
import { socketClass } from "./socket.js";

/** When a simulation begins: a Friday in 2027. */
const EPOCH = 1_800_000_000_000;

/** Puts a browser's objects where a page looks for them; the answer takes them away again. */
export function installBrowser(clock: Clock, network: Network, media: Media, chance: Chance): () => void {
  const before = new Map<string, PropertyDescriptor | undefined>();
  for (const [name, value] of Object.entries(browser(clock, network, media, chance))) {
    before.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: false });
  }
  const { now } = Date;
  Date.now = () => EPOCH + Math.floor(clock.now);
  return () => {
    Date.now = now;
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  };
}

/** The globals by name. A test environment that has a document of its own keeps it. */
function browser(clock: Clock, network: Network, media: Media, chance: Chance): Record<string, unknown> {
  const own = globalThis as Partial<typeof globalThis>;
  const simulated: Record<string, unknown> = {
    isSecureContext: true,
    WebSocket: socketClass(network),
    RTCPeerConnection: media.peerClass(),
    RTCDTMFSender: SimulatedDtmf,
    MediaStream: SimulatedStream,
    MediaStreamTrack: SimulatedTrack,
    Audio: SilentAudio,
    navigator: navigatorWith(media, own.navigator),
    performance: performanceOf(clock, own.performance),
    crypto: cryptoOf(chance, own.crypto),
    fetch: fetchWith(own.fetch),
    ...timers(clock),
  };
  if (!own.document) {
    simulated.Window = Object.defineProperty(() => undefined, Symbol.hasInstance, {
      value: (other: unknown) => other === globalThis,
    });
    const page = new EventTarget();
    simulated.addEventListener = page.addEventListener.bind(page);
    simulated.removeEventListener = page.removeEventListener.bind(page);
    simulated.dispatchEvent = page.dispatchEvent.bind(page);
    simulated.document = Object.assign(new EventTarget(), {
      visibilityState: "visible",
      currentScript: null,
    });
  }
  return simulated;
}

/** An `Audio` that nobody hears. */
class SilentAudio extends EventTarget {
  srcObject: unknown = null;
  muted = false;
  play(): Promise<void> {
    return Promise.resolve();
  }
  pause(): void {
    this.srcObject = null;
  }
}

function navigatorWith(media: Media, real: Navigator | undefined): unknown {
  const mediaDevices = Object.assign(new EventTarget(), {
    getUserMedia: () => media.getUserMedia(),
    enumerateDevices: () => Promise.resolve([]),
  });
  const values = { mediaDevices, onLine: true, language: "en", userAgent: "simulation" };
  return Object.create(real ?? null, Object.getOwnPropertyDescriptors(values)) as unknown;
}

function performanceOf(clock: Clock, real: Performance | undefined): unknown {
  const values = { now: () => clock.now, timeOrigin: EPOCH };
  return Object.create(real ?? null, Object.getOwnPropertyDescriptors(values)) as unknown;
}

/** The same numbers for the same seed; everything else as it was. */
function cryptoOf(chance: Chance, real: Crypto | undefined): unknown {
  return {
    subtle: real?.subtle,
    randomUUID: () => real?.randomUUID(),
    getRandomValues(into: Uint8Array): Uint8Array {
      for (let at = 0; at < into.length; at += 1) into[at] = chance.bits() & 0xff;
      return into;
    },
  };
}

/** Node's `fetch` takes no `file:`, which is where the wasm of an installed package lies. */
function fetchWith(real: typeof fetch | undefined): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.startsWith("file:")) {
      if (!real) throw new TypeError("there is no fetch");
      return real(input, init);
    }
    const { readFile } = await import(/* webpackIgnore: true */ "node:fs/promises");
    const headers = { "content-type": url.endsWith(".wasm") ? "application/wasm" : "text/plain" };
    return new Response(await readFile(new URL(url)), { headers });
  };
}

/** What Node's timers are: a number with some methods. */
class Handle {
  readonly number: number;
  constructor(number: number) {
    this.number = number;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  [Symbol.toPrimitive](): number {
    return this.number;
  }
}

function timers(clock: Clock): Record<string, unknown> {
  const intervals = new Map<number, number>();
  const call = (callback: unknown, rest: unknown[]): void => {
    if (typeof callback === "function") (callback as (...given: unknown[]) => unknown)(...rest);
  };
  const clear = (handle: unknown): void => {
    const number = Number(handle);
    clock.disarm(intervals.get(number) ?? number);
    intervals.delete(number);
  };
  return {
    setTimeout: (callback: unknown, wait: unknown, ...rest: unknown[]) =>
      new Handle(
        clock.arm(Math.max(0, Number(wait ?? 0)), () => {
          call(callback, rest);
        }),
      ),
    setInterval: (callback: unknown, wait: unknown, ...rest: unknown[]) => {
      const again = (): void => {
        intervals.set(first, clock.arm(Math.max(1, Number(wait ?? 0)), again));
        call(callback, rest);
      };
      const first = clock.arm(Math.max(1, Number(wait ?? 0)), again);
      intervals.set(first, first);
      return new Handle(first);
    },
    clearTimeout: clear,
    clearInterval: clear,
  };
}
