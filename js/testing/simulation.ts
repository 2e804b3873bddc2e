import { createPhone, type Account, type Phone, type PhoneOptions } from "../index.js";
import { installBrowser } from "./browser.js";
import { Chance } from "./chance.js";
import { Clock } from "./clock.js";
import { FarSide } from "./far-side.js";
import { Media } from "./media.js";
import { Network } from "./network.js";
import { DOMAIN, Server } from "./server.js";

/** What {@link createSimulation} takes. */
export interface SimulationOptions {
  /** All chance follows from it; 1 unless told. */
  seed?: number;
}

/** What is still there; all zero after {@link Simulation.end}. */
export interface Census {
  /** Calls of the simulation's phones that are not over. */
  calls: number;
  /** Peer connections that are not closed. */
  peers: number;
  /** Microphone tracks that are not stopped. */
  tracks: number;
  /** WebSocket connections. */
  connections: number;
  /** Timers that wait for their time. */
  timers: number;
}

/**
 * A browser without sound, a network, a server and a far side, on virtual time.
 *
 * While it is up, `WebSocket`, `RTCPeerConnection`, the microphone, the timers and the clock of the
 * process are the simulation's. Time moves by itself only as far as what is under way needs to
 * arrive; beyond that {@link advance} moves it. One at a time; {@link end} gives everything back.
 */
export class Simulation implements AsyncDisposable {
  /** The network between page and server, and what goes wrong on it. */
  readonly network: Network;
  /** The registrar and proxy. */
  readonly server: Server;
  /** Microphone, peer connections and paths. */
  readonly media: Media;
  /** Who answers every number that is no phone of the page, and calls the page. */
  readonly farSide: FarSide;
  /** For random tests: numbers that follow from the seed. */
  readonly chance: Chance;

  readonly #clock = new Clock();
  readonly #phones: Phone[] = [];
  readonly #parties = new Map<string, FarSide>();
  readonly #ladder: string[] = [];
  readonly #restore: () => void;
  #isOver = false;

  /** @internal */
  constructor({ seed = 1 }: SimulationOptions) {
    this.chance = new Chance(seed);
    const chance = new Chance(seed ^ 0x5eed);
    const note = (line: string): void => {
      this.#ladder.push(`${(this.#clock.now / 1000).toFixed(3).padStart(10)}  ${line}`);
      if (this.#ladder.length > LADDER) this.#ladder.shift();
    };
    this.network = new Network(this.#clock, chance, note);
    this.media = new Media(this.#clock, chance);
    this.farSide = new FarSide(this.#clock, chance, "far");
    this.server = new Server(this.network, this.farSide);
    this.farSide.join(this.server);
    this.media.onDigits = (iceUser, digit) => {
      for (const party of [this.farSide, ...this.#parties.values()]) party.hearsTone(iceUser, digit);
    };
    this.#restore = installBrowser(this.#clock, this.network, this.media, chance);
    this.#clock.onError = (error) => {
      globalThis.dispatchEvent(Object.assign(new Event("error"), { error }));
    };
  }

  /** Milliseconds since the simulation began. */
  get now(): number {
    return this.#clock.now;
  }

  /** The last messages as a ladder, to be printed when a test fails. */
  get ladder(): string {
    return this.#ladder.join("\n");
  }

  /** A phone of the page; it has no account yet. */
  phone(options: PhoneOptions = {}): Phone {
    const phone = createPhone({ rateCalls: 1_000_000, ...options });
    this.#phones.push(phone);
    return phone;
  }

  /** What `register` takes for this user of the simulated server. */
  account(user = "alice", more: Partial<Account> = {}): { account: Account } {
    const uri = `sip:${user}@${DOMAIN}`;
    return { account: { uri, servers: [`wss://edge.${DOMAIN}/sip`], password: "secret", ...more } };
  }

  /** A far side of its own for one number. */
  party(user: string): FarSide {
    const known = this.#parties.get(user);
    if (known) return known;
    const party = new FarSide(this.#clock, this.chance, user);
    party.join(this.server);
    this.server.settleIn(user, party);
    this.#parties.set(user, party);
    return party;
  }

  /** Lets so many milliseconds pass; whatever falls due on the way happens in order. */
  advance(milliseconds: number): Promise<void> {
    return this.#clock.advance(milliseconds);
  }

  /** Until nothing is under way any more: no message, no description, no candidate. */
  settled(): Promise<void> {
    return this.#clock.settle();
  }

  /** What is still there. */
  census(): Census {
    return {
      calls: this.#phones.reduce((sum, { calls }) => sum + calls.length, 0),
      peers: this.media.openPeers,
      tracks: this.media.liveTracks,
      connections: this.network.connections,
      timers: this.#clock.timers,
    };
  }

  /** Shuts every phone of {@link phone} down, and gives the process its own clock and globals back. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      const ends = this.#phones.map((phone) => phone.shutdown());
      await this.#clock.advance(MINUTE);
      await Promise.all(ends);
      await this.#clock.advance(MINUTE);
    } finally {
      this.#restore();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }
}

/** Lines of the ladder that are kept. */
const LADDER = 2000;
const MINUTE = 60_000;
