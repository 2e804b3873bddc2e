import type { UaEvent } from "../pkg/cc_sdk.js";
import { createCall, tellCall, type Call, type CallFact, type Warning } from "./call.js";
import { Calls } from "./calls.js";
import type { Command, Guest, SharedCore } from "./core.js";
import { edited } from "./edited.js";
import { CcSdkError } from "./errors.js";
import { Correspondence, errandsOf } from "./correspondence.js";
import { messageOf, noticeOf } from "./errands.js";
import { factEvent } from "./events.js";
import type * as facts from "./facts.js";
import { consented, onceToken, orNothing, textOf } from "./given.js";
import {
  viewOptions,
  type Account,
  type BeforeCall,
  type CallOptions,
  type PhoneOptions,
  type PickupOptions,
  type RegisterOptions,
  type Token,
  type ViewOptions,
} from "./options.js";
import { Pending } from "./pending.js";
import { Playback } from "./playback.js";
import { Registering } from "./registering.js";
import { requireBrowser, serviceFor } from "./surroundings.js";
import { buildId, version } from "./version.js";

/**
 * Makes a phone; the only way to one.
 * @internal
 */
export let newPhone: (shared: SharedCore, options: PhoneOptions) => Phone;

/**
 * A phone on the page: one account, one registration, its calls.
 *
 * Made by `createPhone`. All phones of a page share one core. Facts arrive as events; a promise is
 * given only where one answer ends the matter, and a page that ignores it sees no
 * `unhandledrejection`: every failure is also an `error` event.
 */
export class Phone extends Correspondence {
  /** Of the SDK. */
  readonly version = version;
  /** The same for the same sources, wherever they were built. */
  readonly buildId = buildId;
  /** Tells the phones of a page apart; `call.account` is the same number. */
  readonly account: number;
  /** Consent: unless it says `true`, there is no microphone and no INVITE (`call-refused`). */
  beforeCall: BeforeCall | undefined;

  readonly #shared: SharedCore;
  readonly #guest: Guest = {
    told: (event) => this.#told(event),
    edited: (call, sdp, what) =>
      edited(sdp, what, call, this.#settings.editSdp, (text) => {
        this.#warn({ code: "sdp-not-edited", text }, this.#calls.get(call));
      }),
    lost: (error) => this.#lost(error),
  };
  readonly #playback = new Playback(
    (warning, call) => this.#warn(warning, call),
    (blocked) => this.#raise("playbackchange", { blocked }),
  );
  #settings: PhoneOptions;
  #options: ViewOptions = viewOptions({});
  #seatStatus: facts.SeatStatus = 1;
  readonly #calls = new Calls();
  readonly #registering = new Registering((name, facts) => {
    this.#raise(name, facts);
  });
  readonly #stopping = new Pending<void>();
  /** Counts `unregister` and `shutdown`, for a `register` that they overtake while the wasm loads. */
  #withdrawn = 0;
  /** The core has the settings as they are. */
  #configured = false;

  static {
    newPhone = (shared, options) => new Phone(shared, options);
  }

  private constructor(shared: SharedCore, options: PhoneOptions) {
    super();
    this.#shared = shared;
    this.#settings = options;
    this.account = shared.newAccount();
    errandsOf(this).lend({
      shared,
      account: this.account,
      join: () => this.#joinAs(),
      quiet: (promise) => this.#quiet(promise),
    });
  }

  get registration(): facts.Registration {
    return this.#registering.registration;
  }

  /** Kept by the core; see {@link facts.SeatStatus}. */
  get seatStatus(): facts.SeatStatus {
    return this.#seatStatus;
  }

  /** The calls that are not over, oldest first. */
  get calls(): readonly Call[] {
    return this.#calls.underWay;
  }

  /** What the last `register` said of the element's view. */
  get options(): ViewOptions {
    return this.#options;
  }

  /** Sound is held back by the browser until the next press anywhere on the page. */
  get playbackBlocked(): boolean {
    return this.#playback.blocked;
  }

  /** Changes settings; calls that are up keep what they began with. */
  configure(options: PhoneOptions): void {
    const settings = { ...this.#settings, ...options };
    if (this.#shared.has(this.account)) this.#configure(settings);
    this.#settings = settings;
  }

  /**
   * Registers, or replaces the credential of a phone that is registered without cutting anything.
   *
   * Settles at the first success or the final refusal.
   */
  register(options: RegisterOptions = { token: "" }): Promise<void> {
    options = orNothing(options);
    this.#options = viewOptions(options);
    this.#configured = false;
    this.#raise("optionschange", { options: this.#options });
    if (options.service !== undefined) this.#settings = { ...this.#settings, service: options.service };
    return this.#quiet(
      this.#register(options.account ? { account: options.account } : { token: options.token }),
    );
  }

  /** Replaces the token and leaves everything else as it is; settles as `register` does. */
  updateToken(token: Token): Promise<void> {
    return this.#quiet(this.#register({ token }));
  }

  /** Takes the registration back; calls go on. */
  unregister(): Promise<void> {
    return this.#quiet(this.#unregister());
  }

  /** Ends every call, unregisters, closes the link and frees all. `register` begins anew. */
  shutdown(): Promise<void> {
    return this.#quiet(this.#shutdown());
  }

  /**
   * Calls a number, a user name or a URI.
   *
   * Before the registration is in, the call waits for it; with a one-time `token` only for the
   * connection. Resolves when the call has left; rejects with the reason if it ended before. The call
   * is in {@link calls} from the beginning.
   */
  callPhone(options: CallOptions = { phone: "" }): Promise<Call> {
    return this.#quiet(this.#dial(orNothing(options), textOf(orNothing(options).phone)));
  }

  /**
   * Takes a call that was announced by push, without any registration: one INVITE with the one-time
   * token, as soon as there is a connection. Any `phone` will do but none at all (`bad-target`).
   */
  pickup(options: PickupOptions): Promise<Call> {
    return this.#quiet(this.#pickup(orNothing(options)));
  }

  /** Idle (2) or paused (5). Throws `bad-seat-status` or `not-registered`. */
  setSeatStatus(status: facts.SettableSeatStatus): void {
    this.#command({ type: "setSeatStatus", status });
  }

  /** Ends the time after a call (seat status 4). */
  finishWrapUp(): void {
    this.#command({ type: "finishWrapUp" });
  }

  async #register(credential: { token: Token } | { account: Account }): Promise<void> {
    await this.#join("token" in credential ? credential.token : undefined);
    this.#command({ type: "register", ...credential });
    await this.#registering.asked.join();
  }

  async #unregister(): Promise<void> {
    this.#withdraw();
    if (!this.#shared.has(this.account)) return;
    this.#command({ type: "unregister" });
    await (this.#stopping.any ? this.#stopping : this.#registering.withdrawn).join();
  }

  async #shutdown(): Promise<void> {
    this.#withdraw();
    if (!this.#shared.has(this.account)) return;
    this.#command({ type: "shutdown" });
    await this.#stopping.join();
  }

  async #pickup(options: PickupOptions): Promise<Call> {
    const { phone, token }: { phone: unknown; token: unknown } = options;
    if (phone === null || phone === undefined)
      throw new CcSdkError("bad-target", "a pick-up needs a `phone`");
    if (token === null || token === undefined) throw new CcSdkError("bad-token", "a pick-up needs a `token`");
    return this.#dial(options, textOf(phone), true);
  }

  async #dial(options: CallOptions, target: string, pickup?: true): Promise<Call> {
    requireBrowser();
    const { token: given, ...details } = options;
    await consented(this.beforeCall, details);
    const token = await onceToken(given);
    await this.#joinAs();
    const call = this.#shared.reserveCall();
    const once = token === undefined ? {} : pickup ? { token, pickup } : { token };
    const { phone: _, ...rest } = details;
    this.#command({ ...rest, ...once, type: "dial", call, target });
    return this.#calls.dialled(call);
  }

  /** Also of a phone that nobody registers, but that has an account. */
  async #joinAs(): Promise<void> {
    const isNew = !this.#shared.has(this.account);
    await this.#join(undefined);
    const { account } = this.#settings;
    if (isNew && account) this.#command({ type: "register", account });
  }

  /** Makes sure that the core is there, knows this phone and has its settings. */
  async #join(token: Token | undefined): Promise<void> {
    requireBrowser();
    const before = this.#withdrawn;
    const { origin } = this.#shared.loader;
    const [service] = await Promise.all([
      this.#settings.service ?? serviceFor(token, origin),
      this.#shared.ready(),
    ]);
    // The last other phone may have left in the meantime, and the core with it.
    await this.#shared.ready();
    if (this.#withdrawn !== before) throw new CcSdkError("not-registered", WITHDRAWN);
    const isKnown = this.#configured && this.#shared.has(this.account) && service === this.#settings.service;
    this.#settings = { ...this.#settings, service };
    // Whoever still shuts down is cut short by a new beginning.
    this.#stopping.resolve();
    this.#shared.enter(this.account, this.#guest);
    if (!isKnown) this.#configure();
  }

  #configure({ account: _, ...settings } = this.#settings): void {
    this.#configured = true;
    const wrapUp = !this.#options.noWorkMode && this.#options.isRemark;
    this.#command({ type: "configure", wrapUp, ...settings });
  }

  #command(command: Command): void {
    this.#shared.command(this.account, command);
  }

  #withdraw(): void {
    this.#withdrawn += 1;
    const error = new CcSdkError("not-registered", WITHDRAWN);
    this.#registering.asked.reject(error);
  }

  /** Mirrors what the core told. */
  #told(event: UaEvent): void {
    switch (event.type) {
      case "started":
      case "reconnected":
        return this.#raise(event.type, {});
      case "startFailed":
        return this.#raise("startfailed", { text: event.text });
      case "stopped":
        this.#raise("stopped", {});
        if (this.#stopping.any) {
          this.#shared.leave(this.account);
          errandsOf(this).lost(new CcSdkError("not-registered", WITHDRAWN));
        }
        return this.#stopping.resolve();
      case "reconnecting":
        return this.#raise("reconnecting", { retryInMs: event.retryInMs, attempt: event.attempt });
      case "registration":
        return this.#registering.told(event as facts.Registration);
      case "registrationExpiring":
        return this.#raise("registrationexpiring", { expiresIn: event.expiresIn });
      case "tokenWillExpire":
        return this.#raise("tokenwillexpire", { expiresIn: event.expiresIn });
      case "seatStatus":
        this.#seatStatus = event.status as facts.SeatStatus;
        return this.#raise("seatstatus", { status: this.#seatStatus });
      case "call":
        return this.#begin(event);
      case "callStatus":
        return this.#setCallStatus(event.call, event.status as facts.CallStatus, event.number);
      case "callState":
      case "callTrack":
      case "callHeld":
      case "callMuted":
      case "callDigit":
      case "callDigitSent":
      case "callMessage":
      case "callTransfer":
      case "callTransferRequest":
        return this.#tellCall(event);
      case "answered":
      case "subscription":
      case "publication":
        return errandsOf(this).told(event);
      case "notified": {
        if (event.id !== undefined) return errandsOf(this).told(event);
        return this.#raise("notify", { event: event.event, from: event.uri, ...noticeOf(event) });
      }
      case "message":
        return this.#raise("message", messageOf(event));
      case "warning": {
        const { code, text, call, header, offset } = event;
        this.#warn({ code, text, header, offset }, call === undefined ? undefined : this.#calls.get(call));
        return;
      }
      default:
        return event satisfies never;
    }
  }

  #begin(event: Extract<UaEvent, { type: "call" }>): void {
    const call = createCall(event, this.account, this.#shared, errandsOf(this));
    this.#calls.add(call);
    this.#raise("call", { call });
    const isNew = call.direction === "incoming" && call.continues === undefined;
    if (isNew) this.#raise("incoming", { call });
  }

  #setCallStatus(id: number, callStatus: facts.CallStatus, calledNumber: string): void {
    const call = this.#calls.get(id);
    if (!call) return;
    if (callStatus === 1) this.#calls.left(call);
    this.#raise("callstatus", { call, callStatus, calledNumber });
  }

  #tellCall(fact: Extract<CallFact, { call: number }>): void {
    const call = this.#calls.get(fact.call);
    if (!call) return;
    tellCall(call, fact);
    if (fact.type === "callTrack" && this.#settings.playAudio !== false) this.#playback.play(call);
    if (!call.endReason) return;
    this.#playback.stop(call);
    this.#calls.ended(call, call.endReason);
  }

  /** The core is gone: nothing that was asked will be answered, and every call is over. */
  #lost(error: CcSdkError): void {
    const { asked, withdrawn } = this.#registering;
    for (const each of [asked, withdrawn, this.#stopping]) each.reject(error);
    this.#calls.lost(error);
    errandsOf(this).lost(error);
    const nothing = { sipStatus: undefined, text: undefined, code: undefined };
    const endReason = { by: "system", cause: "internal", ...nothing } as const;
    for (const { id: call } of this.calls) {
      this.#told({ type: "callState", call, state: "ended", endReason, at: Date.now() });
    }
    this.#seatStatus = 1;
    this.#raise("seatstatus", { status: 1 });
    this.#registering.told({ state: "failed", reason: { code: "internal" } });
    this.#raise("error", { error });
  }

  #warn(warning: Warning, call: Call | undefined): void {
    if (call) tellCall(call, { type: "warning", ...warning });
    this.#raise("warning", { ...warning, call });
  }

  #raise<Name extends keyof facts.PhoneFacts>(name: Name, facts: facts.PhoneFacts[Name]): void {
    this.dispatchEvent(factEvent(name, facts));
  }

  /** Failures are events too, so a page may ignore the promise. */
  #quiet<Value>(promise: Promise<Value>): Promise<Value> {
    const told = promise.catch((thrown: unknown) => {
      const known = thrown instanceof CcSdkError;
      const error = known ? thrown : new CcSdkError("internal", String(thrown), { cause: thrown });
      this.#raise("error", { error });
      throw error;
    });
    told.catch(() => undefined);
    return told;
  }
}

const WITHDRAWN = "the registration was taken back";
