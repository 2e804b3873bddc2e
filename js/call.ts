import type { UaEvent } from "../pkg/cc_sdk.js";
import type { Caller, Words } from "./caller.js";
import type { SharedCore } from "./core.js";
import { CcSdkError, type CcSdkErrorCode } from "./errors.js";
import type { Errands } from "./errands.js";
import { factEvent, TypedEventTarget, type FactEvent } from "./events.js";
import { byLowerCaseName } from "./headers.js";
import { Pending } from "./pending.js";
import { transferRequest, type Transfer, type TransferOptions, type TransferRequest } from "./transfer.js";

/** What a call is. `calling`, `ringing`, `early` go out, `incoming` and `answering` come in. */
export type CallState =
  "calling" | "ringing" | "early" | "incoming" | "answering" | "connected" | "reconnecting" | "ended";

/** Who began a call: this side or the far side. */
export type Direction = "outgoing" | "incoming";

/** Why a call ended. The list is closed. */
export type EndCause =
  | "hangup"
  | "busy"
  | "declined"
  | "no-answer"
  | "cancelled"
  | "not-found"
  | "redirected"
  | "auth"
  | "network"
  | "no-media"
  | "media-changed"
  | "media-failed"
  | "rejected-here"
  | "replaced"
  | "server-error"
  | "timeout"
  | "internal";

/** Whose doing the end was: the person here, the far side, the path between, or the phone itself. */
export type EndedBy = "local" | "remote" | "network" | "system";

/** How and why a call ended. */
export interface EndReason {
  readonly by: EndedBy;
  readonly cause: EndCause;
  /** The SIP status that said so, where there was one. */
  readonly sipStatus?: number | undefined;
  /** The far side's words. Text from the wire: never put it into a page as HTML. */
  readonly text?: string | undefined;
  /** The {@link CcSdkErrorCode} of the fault where the call never left, such as `microphone-denied`. */
  readonly code?: string | undefined;
}

/** The far side of a call. All of it is text from the wire: never put it into a page as HTML. */
export interface Remote {
  /** Its number or user name, for people. */
  readonly number: string;
  /** The name that it gave, if any. */
  readonly displayName: string | undefined;
  /** Its address. */
  readonly uri: string;
}

/** How digits travel: `rtp` is RFC 4733, `info` SIP INFO, `auto` whatever was agreed. */
export type DigitTransport = "auto" | "rtp" | "info";

/** Something odd that was survived. */
export interface Warning {
  /** Stable, such as `microphone-denied`, `playback-blocked`, `message-unreadable`. */
  readonly code: string;
  /** For people who read logs. */
  readonly text: string;
  /** The SIP header that could not be read. */
  readonly header?: string | undefined;
  /** Where in the message, in bytes from its start. */
  readonly offset?: number | undefined;
}

/** The events of a {@link Call} and what each tells, as properties of the event. */
export interface CallFacts {
  /** `call.state` changed; with `ended`, `call.endReason` says why. */
  statechange: { state: CallState };
  /** `call.muted` changed. */
  mute: { muted: boolean };
  /** One of the two put the call on hold. */
  hold: { by: "local" | "remote" };
  /** One of the two took the call up again. */
  resume: { by: "local" | "remote" };
  /** The far side sent a digit by INFO; browsers do not show those of RFC 4733. */
  digit: { digit: string };
  /** A digit of `sendDigits` left. */
  digitsent: { digit: string };
  /** A message came inside the call. */
  message: { contentType: string; body: string };
  /** `call.remoteStream` is there, or is another one now. */
  track: object;
  /** How a transfer of `transfer` goes. */
  transfer: Transfer;
  /** The far side asks to be called elsewhere; see `acceptTransfers` of the phone's options. */
  transferrequest: TransferRequest;
  warning: Warning;
}

/** The events of a {@link Call}, for `addEventListener`. */
export type CallEventMap = { [Name in keyof CallFacts]: FactEvent<CallFacts[Name]> };

/**
 * What the core tells of a call's birth, and of its life.
 * @internal
 */
export type CallBirth = Extract<UaEvent, { type: "call" }>;
/** @internal */
export type CallFact =
  | Exclude<Extract<UaEvent, { call: number }>, { type: "call" | "callStatus" }>
  | ({ type: "warning" } & Warning);

/**
 * Makes a call; the phone's way in.
 * @internal
 */
export let createCall: (birth: CallBirth, account: number, core: SharedCore, errands: Errands) => Call;

/**
 * Tells a call what happened to it; the phone's way in.
 * @internal
 */
export let tellCall: (call: Call, fact: CallFact) => void;

/**
 * A call, as the phone tells of it.
 *
 * It is made by `callPhone` or comes with the phone's `incoming` event. Methods throw a
 * `CcSdkError` at once if they do not fit the state (`call-gone`, `not-incoming`, `not-connected`);
 * what they bring about arrives as events.
 */
export class Call extends TypedEventTarget<CallEventMap> {
  /** Unique on this page until the phone is shut down. */
  readonly id: number;
  readonly direction: Direction;
  /** `phone.account` of the phone that has the call. */
  readonly account: number;
  readonly remote: Remote;
  /** Business information that goes with the call, at most 1000 UTF-16 units. */
  readonly info: string | undefined;
  readonly caller: Caller;
  /** The incoming INVITE's own headers by lower-case name; empty for outgoing calls. */
  readonly headers: Readonly<Record<string, string>>;
  /** The Call-ID on the wire, to find the call in a server's log. */
  readonly sipCallId: string;
  /** When it began, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /**
   * `id` of the call that this one takes further: the far side transferred it, or somebody came in
   * the far side's place. That call ends with cause `replaced`.
   */
  readonly continues: number | undefined;

  readonly #core: SharedCore;
  readonly #errands: Errands;
  #state: CallState;
  #answeredAt: number | undefined;
  #endedAt: number | undefined;
  #held = { local: false, remote: false };
  #muted = false;
  #endReason: EndReason | undefined;
  /** Kept for the end of the instance, which cannot stop its tracks any more. */
  #microphone: MediaStream | undefined;
  readonly #transferring = new Pending<void>();

  static {
    createCall = (...how) => new Call(...how);
    tellCall = (call, fact) => {
      call.#tell(fact);
    };
  }

  private constructor(...[birth, account, core, errands]: Parameters<typeof createCall>) {
    super();
    const { call, direction, number, displayName, uri, info, sipCallId, at } = birth;
    this.id = call;
    this.direction = direction;
    this.account = account;
    this.remote = { number, displayName, uri };
    this.info = info;
    this.caller = birth.caller;
    this.headers = byLowerCaseName(birth.headers);
    this.sipCallId = sipCallId;
    this.startedAt = at;
    this.continues = birth.continues;
    this.#core = core;
    this.#errands = errands;
    this.#state = direction === "outgoing" ? "calling" : "incoming";
  }

  get state(): CallState {
    return this.#state;
  }

  /** When it was first connected, in milliseconds since the Unix epoch. */
  get answeredAt(): number | undefined {
    return this.#answeredAt;
  }

  /** When it ended, in milliseconds since the Unix epoch. */
  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  /** Who of the two holds the call. */
  get held(): { readonly local: boolean; readonly remote: boolean } {
    return this.#held;
  }

  /** The microphone is off for this call. */
  get muted(): boolean {
    return this.#muted;
  }

  /** Why it ended; `undefined` until then. */
  get endReason(): EndReason | undefined {
    return this.#endReason;
  }

  /** The far side's sound. The phone plays it by itself unless told `playAudio: false`. */
  get remoteStream(): MediaStream | undefined {
    return this.#core.remoteStream(this.id);
  }

  /** What the microphone gives to this call. */
  get localStream(): MediaStream | undefined {
    return this.#core.localStream(this.id);
  }

  /** The tracks of both directions at this moment. */
  get tracks(): {
    readonly local: readonly MediaStreamTrack[];
    readonly remote: readonly MediaStreamTrack[];
  } {
    return {
      local: this.localStream?.getTracks() ?? [],
      remote: this.remoteStream?.getTracks() ?? [],
    };
  }

  /** Takes an incoming call. A refused microphone is a `warning`, and the call rings on. */
  answer(options: Pick<Words, "headers"> = {}): void {
    this.#core.command(this.account, { ...options, type: "answer", call: this.id });
  }

  /**
   * Refuses an incoming call, with 300 to 699 as the far side is to be told; 486 (busy) unless told.
   * With 300 to 399 the header `Contact` may say where the call is to go.
   */
  reject(status = 486, options: Words = {}): void {
    this.#core.command(this.account, { ...options, type: "reject", call: this.id, status });
  }

  /** Ends the call in whatever state it is. Of `headers`, CANCEL takes none. */
  hangup(options: Words = {}): void {
    this.#core.command(this.account, { ...options, type: "hangup", call: this.id });
  }

  /** Turns the microphone off for this call. */
  mute(): void {
    this.#core.command(this.account, { type: "mute", call: this.id, muted: true });
  }

  /** Turns the microphone on again. */
  unmute(): void {
    this.#core.command(this.account, { type: "mute", call: this.id, muted: false });
  }

  /**
   * Puts the call on hold: the microphone is silent at once, and the far side is asked to send
   * nothing (RFC 3264 §8.4). The event `hold` follows when it has agreed. Also while the far side
   * holds the call.
   *
   * Throws `not-connected` before the call is up. Where the far side refuses, the call goes on as
   * it was, and a `warning` with `hold-refused` says so.
   */
  hold(): void {
    this.#core.command(this.account, { type: "hold", call: this.id, held: true });
  }

  /** Takes the call up again; `resume` follows. A hold by the far side stays: see {@link held}. */
  resume(): void {
    this.#core.command(this.account, { type: "hold", call: this.id, held: false });
  }

  /**
   * Describes the media anew to the far side in a re-INVITE (RFC 3261 §14), with `iceRestart` on
   * new paths through the network. It waits for another negotiation, or for the link, to be through.
   *
   * Throws `not-connected` before the call is up. A refusal leaves the call as it was, and is told
   * by a `warning` with `renegotiation-refused`.
   */
  renegotiate(options: { iceRestart?: boolean } = {}): void {
    this.#core.command(this.account, { iceRestart: false, ...options, type: "renegotiate", call: this.id });
  }

  /**
   * Plays digits, `0-9 * # A-D`; `,` waits two seconds. They queue until sound is up.
   *
   * Throws `bad-digit` for anything else; nothing was played then.
   */
  sendDigits(digits: string, options: { transport?: DigitTransport } = {}): void {
    this.#core.command(this.account, { type: "sendDigits", call: this.id, digits, ...options });
  }

  /**
   * Sends a message inside the call, `text/plain` unless told, at most 64 KB.
   *
   * Resolves when the far side has taken it; rejects with `not-connected`, `call-gone` or `too-large`,
   * or as `phone.sendMessage` does.
   */
  sendMessage(body: string, contentType = "text/plain"): Promise<void> {
    return this.#errands.sendIn(this.id, body, contentType);
  }

  /**
   * Passes the call on (RFC 3515): to a number, a user name or a URI, or to the far side of another
   * call of this phone, which must be connected.
   *
   * Settles when the end is known. Resolves when it was taken there; this call, and the other one,
   * then end with cause `replaced`. Rejects when it came to nothing, with the cause as code; the call
   * then goes on. Rejects at once with `not-connected`, `bad-target`, `bad-header` or
   * `transfer-in-progress`. The `transfer` event tells the steps, also the last.
   */
  transfer(target: string | Call, options: TransferOptions = {}): Promise<void> {
    const promise = this.#transfer(target, options);
    // The event tells it too.
    promise.catch(() => undefined);
    return promise;
  }

  async #transfer(target: string | Call, options: TransferOptions): Promise<void> {
    const to = target instanceof Call ? { other: target.id } : { target };
    this.#core.command(this.account, { ...options, type: "transfer", call: this.id, ...to });
    await this.#transferring.join();
  }

  /** Mirrors what the core told. */
  #tell(fact: CallFact): void {
    switch (fact.type) {
      case "callState":
        this.#state = fact.state;
        if (fact.state === "connected") this.#answeredAt ??= fact.at;
        this.#microphone = this.localStream ?? this.#microphone;
        if (fact.state === "ended") {
          this.#endedAt = fact.at;
          for (const track of this.#microphone?.getTracks() ?? []) track.stop();
        }
        this.#endReason = fact.endReason;
        if (fact.endReason) this.#failTransfer(fact.endReason);
        return this.#raise("statechange", { state: fact.state });
      case "callHeld": {
        const was = this.#held;
        this.#held = { local: fact.local, remote: fact.remote };
        for (const by of ["local", "remote"] as const) {
          if (was[by] !== fact[by]) this.#raise(fact[by] ? "hold" : "resume", { by });
        }
        return;
      }
      case "callMuted":
        this.#muted = fact.muted;
        return this.#raise("mute", { muted: fact.muted });
      case "callTrack":
        return this.#raise("track", {});
      case "callDigit":
        return this.#raise("digit", { digit: fact.digit });
      case "callDigitSent":
        return this.#raise("digitsent", { digit: fact.digit });
      case "callMessage":
        return this.#raise("message", { contentType: fact.contentType, body: fact.body });
      case "callTransfer": {
        const { state, target, other, sipStatus, cause } = fact;
        this.#raise("transfer", { state, to: target, other, sipStatus, cause });
        if (state === "accepted") this.#transferring.resolve();
        if (state === "failed") this.#failTransfer({ cause: cause ?? "internal", sipStatus });
        return;
      }
      case "callTransferRequest":
        return this.#raise("transferrequest", transferRequest(fact, this.account, this.#core));
      case "warning": {
        const { code, text, header, offset } = fact;
        return this.#raise("warning", { code, text, header, offset });
      }
      default:
        return fact satisfies never;
    }
  }

  #failTransfer({ code, cause, sipStatus }: Pick<EndReason, "code" | "cause" | "sipStatus">): void {
    if (!this.#transferring.any) return;
    this.#transferring.reject(new CcSdkError((code ?? cause) as CcSdkErrorCode, undefined, { sipStatus }));
  }

  #raise<Name extends keyof CallFacts>(name: Name, facts: CallFacts[Name]): void {
    this.dispatchEvent(factEvent(name, facts));
  }
}
