import type { CcSdkError } from "./errors.js";

/** Promises that wait for the same fact. */
export class Pending<Value> {
  readonly #waiting: [resolve: (value: Value) => void, reject: (error: CcSdkError) => void][] = [];

  get any(): boolean {
    return this.#waiting.length > 0;
  }

  join(): Promise<Value> {
    return new Promise((...settle) => this.#waiting.push(settle));
  }

  resolve(value: Value): void {
    for (const [resolve] of this.#waiting.splice(0)) resolve(value);
  }

  reject(error: CcSdkError): void {
    for (const [, reject] of this.#waiting.splice(0)) reject(error);
  }
}
