/** Chance from one seed: the same seed makes the same run, on every machine (SplitMix32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 bits. */
  bits(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    return bound > 0 ? this.bits() % bound : 0;
  }

  /** True with this probability, 0 to 1. */
  happens(probability: number): boolean {
    return this.bits() < probability * 2 ** 32;
  }

  /** One of these. */
  pick<Value>(among: readonly [Value, ...Value[]]): Value {
    return among[this.below(among.length)] ?? among[0];
  }
}
