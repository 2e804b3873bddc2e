/** Something that will happen. */
interface Entry {
  readonly at: number;
  readonly number: number;
  readonly run: () => void;
  /** Messages and media arrive by themselves; timers of the page wait for `advance`. */
  readonly isUnderWay: boolean;
}

/**
 * Virtual time. It moves by itself only as far as what is under way needs to arrive; beyond that it
 * moves when it is told to. Whatever falls due on the way happens in order.
 */
export class Clock {
  /** Milliseconds since the simulation began. */
  now = 0;
  /** Told of what a callback threw. */
  onError: (error: unknown) => void = () => undefined;

  #entries: Entry[] = [];
  #numbers = 0;
  #target = 0;
  #running: Promise<void> | undefined;

  /** Lets this arrive after so many milliseconds, without anybody asking. */
  arrive(wait: number, run: () => void): void {
    this.#push({ at: this.now + wait, number: ++this.#numbers, run, isUnderWay: true });
    void this.settle();
  }

  /** A timer of the page; its number. */
  arm(wait: number, run: () => void): number {
    const number = ++this.#numbers;
    this.#push({ at: this.now + wait, number, run, isUnderWay: false });
    // One that is due at once needs nobody to let time pass.
    if (wait <= 0) void this.settle();
    return number;
  }

  disarm(number: number): void {
    this.#entries = this.#entries.filter((entry) => entry.number !== number);
  }

  /** How many timers of the page wait. */
  get timers(): number {
    return this.#entries.filter((entry) => !entry.isUnderWay).length;
  }

  /** Lets time pass. */
  advance(milliseconds: number): Promise<void> {
    this.#target = Math.max(this.#target, this.now) + milliseconds;
    return this.settle();
  }

  /** Until nothing is under way. */
  settle(): Promise<void> {
    return (this.#running ??= this.#run());
  }

  async #run(): Promise<void> {
    await turn();
    for (let next = this.#next(); next; next = this.#next()) {
      this.#entries = this.#entries.filter((entry) => entry !== next);
      this.now = Math.max(this.now, next.at);
      try {
        next.run();
      } catch (error) {
        this.onError(error);
      }
      await turn();
    }
    this.now = Math.max(this.now, this.#target);
    // At once, not when the promise is seen to: what comes in between begins another run.
    this.#running = undefined;
  }

  /** What is due: anything up to where time was told to go, or before something under way. */
  #next(): Entry | undefined {
    const [first] = this.#entries;
    const until = this.#entries.some((entry) => entry.isUnderWay)
      ? Infinity
      : Math.max(this.#target, this.now);
    return first && first.at <= until ? first : undefined;
  }

  #push(entry: Entry): void {
    const at = this.#entries.findIndex((other) => other.at > entry.at);
    this.#entries.splice(at < 0 ? this.#entries.length : at, 0, entry);
  }
}

const { setImmediate, setTimeout: realTimeout } = globalThis as typeof globalThis & {
  setImmediate?: (callback: () => void) => void;
};

/** Lets every promise that can settle do so. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else realTimeout(resolve, 0);
  });
}
