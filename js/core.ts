import type * as wasm from "../pkg/cc_sdk.js";
import { CcSdkError, type CcSdkErrorCode } from "./errors.js";

export type { Command, UaEvent } from "../pkg/cc_sdk.js";

/** The class that the wasm exports, as far as it is used here. */
export type Core = Pick<wasm.Core, "reserveCall" | "command" | "remoteStream" | "localStream" | "free">;

export type CoreClass = new (
  sink: (account: number, event: wasm.UaEvent) => void,
  edit: (account: number, call: number, sdp: string, what: string) => string | undefined,
) => Core;

/** Brings the wasm; see load.ts. */
export interface Loader {
  /** Loads and starts the wasm; again after {@link discard}. */
  load(): Promise<CoreClass>;
  /** Throws a trapped instance away. */
  discard(): void;
  /** Whether this error is a trap of our wasm. */
  isTrap(error: unknown): boolean;
  /** Where the script came from, if that may serve as `service` once it has confirmed it. */
  readonly origin?: string | undefined;
}

/** A phone, as the core's share sees it. */
export interface Guest {
  told(event: wasm.UaEvent): void;
  /**
   * A description as the page would have it, if it has anything to say; `what` is `local offer`,
   * `remote answer` and so on.
   */
  edited(call: number, sdp: string, what: string): string | undefined;
  /** The instance is gone and everything with it. */
  lost(error: CcSdkError): void;
}

/** The one core that all phones of a page share, loaded at the first need and freed at the last. */
export class SharedCore {
  readonly loader: Loader;
  #core: Core | undefined;
  #loading: Promise<Core> | undefined;
  #guests = new Map<number, Guest>();
  #accounts = 0;

  constructor(loader: Loader) {
    this.loader = loader;
  }

  /** A number for a phone, never given twice. */
  newAccount(): number {
    return ++this.#accounts;
  }

  /** Loads the core if need be. */
  async ready(): Promise<void> {
    this.#loading ??= this.#start();
    await this.#loading;
  }

  /** Events of `account` go to `guest` from now on; right after {@link ready}. */
  enter(account: number, guest: Guest): void {
    this.#guests.set(account, guest);
  }

  /** Whether the core knows this phone. */
  has(account: number): boolean {
    return this.#guests.has(account);
  }

  /** The guest wants nothing any more; with the last one the core goes. */
  leave(account: number): void {
    this.#guests.delete(account);
    // Not at once: this may run inside the core's own call.
    setTimeout(() => {
      if (this.#guests.size > 0 || !this.#core) return;
      const core = this.#core;
      this.#forget();
      core.free();
    });
  }

  reserveCall(): number {
    return this.#ask((core) => core.reserveCall());
  }

  command(account: number, command: wasm.Command): void {
    this.#ask((core) => {
      core.command(account, command);
    });
  }

  remoteStream(call: number): MediaStream | undefined {
    return this.#core && this.#ask((core) => core.remoteStream(call));
  }

  localStream(call: number): MediaStream | undefined {
    return this.#core && this.#ask((core) => core.localStream(call));
  }

  async #start(): Promise<Core> {
    try {
      const CoreClass = await this.loader.load();
      const core: Core = new CoreClass(
        (account, event) => {
          // One that trapped may still have something to say.
          if (core === this.#core) this.#guests.get(account)?.told(event);
        },
        (account, call, sdp, what) => this.#guests.get(account)?.edited(call, sdp, what),
      );
      globalThis.addEventListener("error", this.#uncaught);
      globalThis.addEventListener("unhandledrejection", this.#unhandled);
      return (this.#core = core);
    } catch (cause) {
      this.#loading = undefined;
      throw new CcSdkError("internal", "the SDK's wasm could not be started", { cause });
    }
  }

  #ask<Answer>(question: (core: Core) => Answer): Answer {
    if (!this.#core) throw new CcSdkError("not-registered", "register first");
    try {
      return question(this.#core);
    } catch (thrown) {
      throw misuse(thrown) ?? this.#trapped(thrown);
    }
  }

  /** After a trap nothing in the instance can be trusted: every phone starts anew. */
  #trapped(cause: unknown): CcSdkError {
    const error = new CcSdkError("internal", "the SDK failed and was reset; register again", { cause });
    const guests = [...this.#guests.values()];
    this.#guests.clear();
    this.#forget();
    this.loader.discard();
    for (const guest of guests) guest.lost(error);
    return error;
  }

  #forget(): void {
    this.#core = this.#loading = undefined;
    globalThis.removeEventListener("error", this.#uncaught);
    globalThis.removeEventListener("unhandledrejection", this.#unhandled);
  }

  /** Traps in what the browser calls (a frame, a timer) reach the page, not a caller of ours. */
  readonly #uncaught = (event: ErrorEvent): void => {
    if (this.loader.isTrap(event.error)) this.#trapped(event.error);
  };

  /** And in what follows a promise (the microphone, a description, a token), by another way. */
  readonly #unhandled = (event: PromiseRejectionEvent): void => {
    if (this.loader.isTrap(event.reason)) this.#trapped(event.reason);
  };
}

/** What the core throws for misuse: `{ code, message, retryAfter? }`. */
function misuse(thrown: unknown): CcSdkError | undefined {
  const { code, message, retryAfter } = Object(thrown) as Partial<CcSdkError>;
  if (typeof code !== "string") return undefined;
  return new CcSdkError(code satisfies CcSdkErrorCode, message, { retryAfter });
}
