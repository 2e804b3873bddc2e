import type { CcSdkError } from "./errors.js";

interface Waiting<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: CcSdkError) => void;
}

/** Promises that wait for the same fact. */
export class Pending<Value> {
  #waiting: Waiting<Value>[] = [];

  get any(): boolean {
    return this.#waiting.length > 0;
  }

  join(): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  resolve(value: Value): void {
    for (const each of this.#waiting.splice(0)) each.resolve(value);
  }

  reject(error: CcSdkError): void {
    for (const each of this.#waiting.splice(0)) each.reject(error);
  }
}
