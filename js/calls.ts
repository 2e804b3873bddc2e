import { type Call, type EndReason } from "./call.js";
import { CcSdkError, type CcSdkErrorCode } from "./errors.js";
import { Pending } from "./pending.js";

/** Mirrors the calls of one phone: those that the core told of, and who waits for one to leave. */
export class Calls {
  readonly #calls = new Map<number, Call>();
  readonly #dialling = new Map<number, Pending<Call>>();
  /** Calls that ended and are remembered. */
  readonly #over = new Set<number>();

  /** Those that are not over, oldest first. */
  get underWay(): readonly Call[] {
    return [...this.#calls.values()].filter((call) => call.state !== "ended");
  }

  /** Also the last one that ended. */
  get(id: number): Call | undefined {
    return this.#calls.get(id);
  }

  /** A call was dialled: resolves when it has left. */
  dialled(id: number): Promise<Call> {
    const left = new Pending<Call>();
    this.#dialling.set(id, left);
    return left.join();
  }

  add(call: Call): void {
    // The last call is remembered until now, since its last facts may follow its end.
    for (const id of this.#over) this.#calls.delete(id);
    this.#over.clear();
    this.#calls.set(call.id, call);
  }

  left(call: Call): void {
    this.#dialling.get(call.id)?.resolve(call);
    this.#dialling.delete(call.id);
  }

  ended({ id }: Call, { code, cause, text, sipStatus }: EndReason): void {
    this.#over.add(id);
    this.#dialling.get(id)?.reject(new CcSdkError((code ?? cause) as CcSdkErrorCode, text, { sipStatus }));
    this.#dialling.delete(id);
  }

  /** None that was dialled will leave any more. */
  lost(error: CcSdkError): void {
    for (const each of this.#dialling.values()) each.reject(error);
    this.#dialling.clear();
  }
}
