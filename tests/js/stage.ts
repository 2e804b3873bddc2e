/** A page without a browser: the phone against a wasm class that a test plays. */
import type { CcSdkError, CcSdkErrorCode } from "../../js/errors.js";
import { SharedCore, type Command, type Core, type CoreClass, type Loader } from "../../js/core.js";
import type { CallOptions, PhoneOptions } from "../../js/options.js";
import { newPhone, type Phone } from "../../js/phone.js";
import type { UaEvent } from "../../pkg/cc_sdk.js";

type Sink = ConstructorParameters<CoreClass>[0];
type Edit = ConstructorParameters<CoreClass>[1];
type CallState = Extract<UaEvent, { type: "callState" }>;

/** What the wasm throws for misuse. */
export const misuse = (code: CcSdkErrorCode, retryAfter?: number): object => ({
  code,
  message: code,
  retryAfter,
});

/** Plays the wasm class. */
export class FakeCore implements Core {
  readonly said: { account: number; command: Command }[] = [];
  freed = false;
  /** What a command meets; a test may replace it to throw or to answer. */
  meets: (command: Command, account: number) => void = () => undefined;
  readonly streams = new Map<number, MediaStream>();
  /** As the wasm asks it. */
  readonly edit: Edit;
  readonly #sink: Sink;
  #calls = 0;

  constructor(sink: Sink, edit: Edit) {
    this.#sink = sink;
    this.edit = edit;
  }

  reserveCall(): number {
    return ++this.#calls;
  }

  command(account: number, command: Command): void {
    this.meets(command, account);
    this.said.push({ account, command });
  }

  remoteStream(call: number): MediaStream | undefined {
    return this.streams.get(call);
  }

  localStream(): undefined {
    return undefined;
  }

  free(): void {
    this.freed = true;
  }

  tells(...events: UaEvent[]): void {
    for (const event of events) this.#sink(1, event);
  }

  /** What was asked so far but for settings. */
  get asked(): Command[] {
    return this.said.map(({ command }) => command).filter(({ type }) => type !== "configure");
  }
}

/** A phone, and all the cores that its loader made. */
export interface Stage {
  readonly phone: Phone;
  readonly shared: SharedCore;
  readonly loader: FakeLoader;
  /** The core of now. */
  readonly core: FakeCore;
}

export class FakeLoader implements Loader {
  readonly cores: FakeCore[] = [];
  readonly origin: string | undefined;
  discarded = 0;
  /** Set by a test that wants the wasm to come late, or not at all. */
  arrival: Promise<void> = Promise.resolve();

  constructor(origin?: string) {
    this.origin = origin;
  }

  async load(): Promise<CoreClass> {
    await this.arrival;
    const { cores } = this;
    return class extends FakeCore {
      constructor(sink: Sink, edit: Edit) {
        super(sink, edit);
        cores.push(this);
      }
    };
  }

  discard(): void {
    this.discarded += 1;
  }

  isTrap(error: unknown): boolean {
    return error instanceof WebAssembly.RuntimeError;
  }
}

export function stage(options: PhoneOptions = {}, loader = new FakeLoader()): Stage {
  const shared = new SharedCore(loader);
  const phone = newPhone(shared, options);
  return {
    phone,
    shared,
    loader,
    get core(): FakeCore {
      const core = loader.cores.at(-1);
      if (!core) throw new Error("no core was loaded");
      return core;
    },
  };
}

/** Lets everything that is already decided happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setTimeout(resolve));
}

export const registered: Extract<UaEvent, { type: "registration" }> = {
  type: "registration",
  state: "registered",
  expiresIn: 600,
  reason: undefined,
};
export const unregistered: UaEvent = { ...registered, state: "none", expiresIn: undefined };

/** A registered phone. */
export async function onDuty(options?: PhoneOptions): Promise<Stage> {
  const at = stage(options);
  const done = at.phone.register({ token: "a.b.c" });
  await settled();
  at.core.tells({ type: "started" }, registered);
  await done;
  return at;
}

export const callTold = (call: number, more: Partial<Extract<UaEvent, { type: "call" }>> = {}): UaEvent => ({
  type: "call",
  call,
  direction: "outgoing",
  number: "9196",
  displayName: undefined,
  uri: "sip:9196@example.com",
  info: undefined,
  headers: [],
  caller: {
    asserted: undefined,
    verified: undefined,
    private: false,
    diversion: [],
    callInfo: [],
    autoAnswer: undefined,
  },
  sipCallId: "abc",
  continues: undefined,
  at: 1000,
  ...more,
});

export const status = (call: number, status: number, number = "9196"): UaEvent => ({
  type: "callStatus",
  call,
  status,
  number,
});

export const state = (call: number, state: CallState["state"], at = 2000): CallState => ({
  type: "callState",
  call,
  state,
  endReason: undefined,
  at,
});

export const ended = (call: number, reason: Partial<NonNullable<CallState["endReason"]>> = {}): UaEvent => ({
  ...state(call, "ended", 5000),
  endReason: {
    by: "remote",
    cause: "hangup",
    sipStatus: undefined,
    text: undefined,
    code: undefined,
    ...reason,
  },
});

/** A phone with an incoming call. */
export async function ringing(options?: PhoneOptions): Promise<Stage> {
  const at = await onDuty(options);
  at.core.tells(callTold(1, { direction: "incoming", number: "bob" }));
  return at;
}

/** A phone with an outgoing call that left. */
export async function calling(how: Partial<CallOptions> = {}): Promise<Stage> {
  const at = await onDuty();
  const left = at.phone.callPhone({ phone: "9196", ...how });
  await settled();
  at.core.tells(callTold(1), status(1, 1));
  await left;
  return at;
}

/** The code that a promise is rejected with. */
export async function codeOf(promise: Promise<unknown>): Promise<CcSdkErrorCode | "no error"> {
  return promise.then(
    () => "no error" as const,
    (error: unknown) => (error as CcSdkError).code,
  );
}

/** Names of the events that `target` raises, in order. */
export function heard(target: EventTarget, ...names: string[]): Event[] {
  const events: Event[] = [];
  for (const name of names) target.addEventListener(name, (event) => events.push(event));
  return events;
}

/** What a browser has and Node lacks, as far as the shim looks. */
export function asBrowser(): EventTarget {
  const window = new EventTarget();
  define({
    isSecureContext: true,
    RTCPeerConnection: Object,
    WebSocket: Object,
    navigator: { mediaDevices: {} },
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
  });
  return window;
}

export function define(globals: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}
