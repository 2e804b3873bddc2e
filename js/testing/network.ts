import type { Chance } from "./chance.js";
import type { Clock } from "./clock.js";
import { summary } from "./sip.js";

/** A connection of the page, as the network sees it. */
export interface Wire {
  readonly url: string;
  opened(): void;
  hears(text: string): void;
  closed(code: number): void;
}

/** What goes wrong by itself: probabilities from 0 to 1. */
export interface Faults {
  /** A message to the page is late, by up to a second, and may be overtaken. */
  late: number;
  /** A message arrives twice. */
  twice: number;
  /** A message never arrives. */
  lost: number;
  /** The connection is cut after a message. */
  cut: number;
}

/** Whoever sits behind the network. */
export interface Server {
  hears(wire: Wire, text: string): void;
  gone(wire: Wire): void;
}

/** The network between the page and the server. */
export class Network {
  /** Milliseconds from one end to the other. */
  delay = 10;
  /** What goes wrong by itself; nothing unless told. */
  faults: Faults = { late: 0, twice: 0, lost: 0, cut: 0 };

  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #note: (line: string) => void;
  readonly #wires = new Map<Wire, "opening" | "up" | "frozen">();
  #isDown = false;
  #server: Server | undefined;

  /** @internal */
  constructor(clock: Clock, chance: Chance, note: (line: string) => void) {
    this.#clock = clock;
    this.#chance = chance;
    this.#note = note;
  }

  /** Connections that are open or opening. */
  get connections(): number {
    return this.#wires.size;
  }

  /** No network: every connection is lost, and none comes up, until {@link restore}. */
  async drop(): Promise<void> {
    this.#isDown = true;
    await this.cut();
  }

  /** The network is back; the browser tells the page so. */
  async restore(): Promise<void> {
    this.#isDown = false;
    globalThis.dispatchEvent(new Event("online"));
    await this.#clock.settle();
  }

  /** Every connection is lost; the page may connect anew at once. */
  async cut(): Promise<void> {
    for (const wire of [...this.#wires.keys()]) this.#close(wire, 1006);
    await this.#clock.settle();
  }

  /** Every connection is dead and nobody is told, as after a change of networks. */
  freeze(): void {
    this.#note("✗ the connections are dead");
    for (const [wire, state] of this.#wires) if (state === "up") this.#wires.set(wire, "frozen");
  }

  /** @internal */
  serve(server: Server): void {
    this.#server = server;
  }

  /** @internal */
  connect(wire: Wire): void {
    this.#wires.set(wire, "opening");
    this.#clock.arrive(this.delay, () => {
      if (!this.#wires.has(wire)) return;
      if (this.#isDown) return this.#close(wire, 1006);
      this.#wires.set(wire, "up");
      wire.opened();
    });
  }

  /** Ordered and reliable, as a WebSocket is. @internal */
  fromPage(wire: Wire, text: string): void {
    if (this.#wires.get(wire) !== "up") return;
    this.#clock.arrive(this.delay, () => {
      if (this.#wires.get(wire) === "frozen") return;
      if (text.trim()) this.#note(`page ──▶ ${summary(text)}`);
      this.#server?.hears(wire, text);
    });
  }

  /** From the server, by way of machines where much can happen. @internal */
  toPage(wire: Wire, text: string): void {
    const { late, twice, lost, cut } = this.faults;
    const isMessage = text.length > 4;
    if (isMessage && this.#chance.happens(lost)) return this.#note(`✗ lost ${summary(text)}`);
    const copies = isMessage && this.#chance.happens(twice) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const isLate = copy > 0 || (isMessage && this.#chance.happens(late));
      this.#clock.arrive(this.delay + (isLate ? this.#chance.below(1000) : 0), () => {
        if (this.#wires.get(wire) !== "up") return;
        if (isMessage) this.#note(`     ──▶ page ${summary(text)}`);
        wire.hears(text);
        if (this.#chance.happens(cut)) this.#close(wire, 1006);
      });
    }
  }

  /** The page closes it; what it said before still arrives. @internal */
  leave(wire: Wire): void {
    this.#clock.arrive(this.delay, () => {
      this.#close(wire, 1000);
    });
  }

  #close(wire: Wire, code: number): void {
    if (!this.#wires.delete(wire)) return;
    this.#note(`✗ a connection is closed (${String(code)})`);
    this.#server?.gone(wire);
    wire.closed(code);
  }
}
