import { factEvent, TypedEventTarget, type FactEvent } from "./events.js";

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

/** The events of a {@link Call}. */
export interface CallEventMap {
  /** `call.state` changed; with `ended`, `call.endReason` says why. */
  statechange: FactEvent<{ state: CallState }>;
  /** `call.muted` changed. */
  mute: FactEvent<{ muted: boolean }>;
  /** One of the two put the call on hold. */
  hold: FactEvent<{ by: "local" | "remote" }>;
  /** One of the two took the call up again. */
  resume: FactEvent<{ by: "local" | "remote" }>;
  /** The far side sent a digit by INFO; browsers do not show those of RFC 4733. */
  digit: FactEvent<{ digit: string }>;
  /** A digit of `sendDigits` left. */
  digitsent: FactEvent<{ digit: string }>;
  /** A message came inside the call. */
  message: FactEvent<{ contentType: string; body: string }>;
  /** `call.remoteStream` is there, or is another one now. */
  track: FactEvent;
  warning: FactEvent<Warning>;
}

/**
 * Makes a call; the phone's way in.
 * @internal
 */
export let createCall: (facts: CallFacts, core: CallCore) => Call;

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
  /** The incoming INVITE's own headers by lower-case name; empty for outgoing calls. */
  readonly headers: Readonly<Record<string, string>>;
  /** The Call-ID on the wire, to find the call in a server's log. */
  readonly sipCallId: string;
  /** When it began, in milliseconds since the Unix epoch. */
  readonly startedAt: number;

  readonly #core: CallCore;
  #state: CallState;
  #answeredAt: number | undefined;
  #endedAt: number | undefined;
  #held = { local: false, remote: false };
  #muted = false;
  #endReason: EndReason | undefined;

  static {
    createCall = (facts, core) => new Call(facts, core);
    tellCall = (call, fact) => {
      call.#tell(fact);
    };
  }

  private constructor(facts: CallFacts, core: CallCore) {
    super();
    this.id = facts.id;
    this.direction = facts.direction;
    this.account = facts.account;
    this.remote = facts.remote;
    this.info = facts.info;
    this.headers = facts.headers;
    this.sipCallId = facts.sipCallId;
    this.startedAt = facts.at;
    this.#core = core;
    this.#state = facts.direction === "outgoing" ? "calling" : "incoming";
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
  answer(): void {
    this.#core.command({ type: "answer", call: this.id });
  }

  /** Refuses an incoming call, with 480 to 699 as the far side is to be told; 486 (busy) unless told. */
  reject(status = 486): void {
    this.#core.command({ type: "reject", call: this.id, status });
  }

  /** Ends the call in whatever state it is. */
  hangup(): void {
    this.#core.command({ type: "hangup", call: this.id });
  }

  /** Turns the microphone off for this call. */
  mute(): void {
    this.#core.command({ type: "mute", call: this.id, muted: true });
  }

  /** Turns the microphone on again. */
  unmute(): void {
    this.#core.command({ type: "mute", call: this.id, muted: false });
  }

  /**
   * Plays digits, `0-9 * # A-D`; `,` waits two seconds. They queue until sound is up.
   *
   * Throws `bad-digit` for anything else; nothing was played then.
   */
  sendDigits(digits: string, options: { transport?: DigitTransport } = {}): void {
    this.#core.command({ type: "sendDigits", call: this.id, digits, ...options });
  }

  /** Sends a message inside the call, `text/plain` unless told. */
  sendMessage(body: string, contentType = "text/plain"): void {
    this.#core.command({ type: "sendCallMessage", call: this.id, body, contentType });
  }

  /** Mirrors what the core told. */
  #tell(fact: CallFact): void {
    switch (fact.type) {
      case "callState":
        this.#state = fact.state;
        if (fact.state === "connected") this.#answeredAt ??= fact.at;
        if (fact.state === "ended") this.#endedAt = fact.at;
        this.#endReason = fact.endReason;
        this.dispatchEvent(factEvent("statechange", { state: fact.state }));
        return;
      case "callHeld": {
        const was = this.#held;
        this.#held = { local: fact.local, remote: fact.remote };
        for (const by of ["local", "remote"] as const) {
          if (was[by] !== fact[by]) this.dispatchEvent(factEvent(fact[by] ? "hold" : "resume", { by }));
        }
        return;
      }
      case "callMuted":
        this.#muted = fact.muted;
        this.dispatchEvent(factEvent("mute", { muted: fact.muted }));
        return;
      case "callTrack":
        this.dispatchEvent(new Event("track"));
        return;
      case "callDigit":
        this.dispatchEvent(factEvent("digit", { digit: fact.digit }));
        return;
      case "callDigitSent":
        this.dispatchEvent(factEvent("digitsent", { digit: fact.digit }));
        return;
      case "callMessage": {
        const { contentType, body } = fact;
        this.dispatchEvent(factEvent("message", { contentType, body }));
        return;
      }
      case "warning": {
        const { code, text, header, offset } = fact;
        this.dispatchEvent(factEvent("warning", { code, text, header, offset }));
        return;
      }
      default:
        return fact satisfies never;
    }
  }
}

/**
 * What a call is born with.
 * @internal
 */
export interface CallFacts {
  readonly id: number;
  readonly account: number;
  readonly direction: Direction;
  readonly remote: Remote;
  readonly info: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly sipCallId: string;
  readonly at: number;
}

/**
 * What may happen to a call.
 * @internal
 */
export type CallFact =
  | { type: "callState"; state: CallState; endReason?: EndReason | undefined; at: number }
  | { type: "callHeld"; local: boolean; remote: boolean }
  | { type: "callMuted"; muted: boolean }
  | { type: "callTrack" }
  | { type: "callDigit"; digit: string }
  | { type: "callDigitSent"; digit: string }
  | { type: "callMessage"; contentType: string; body: string }
  | ({ type: "warning" } & Warning);

/**
 * The core as a call sees it.
 * @internal
 */
export interface CallCore {
  command(command: CallCommand): void;
  remoteStream(call: number): MediaStream | undefined;
  localStream(call: number): MediaStream | undefined;
}

/**
 * What a call asks of the core.
 * @internal
 */
export type CallCommand =
  | { type: "answer" | "hangup"; call: number }
  | { type: "reject"; call: number; status: number }
  | { type: "mute"; call: number; muted: boolean }
  | { type: "sendDigits"; call: number; digits: string; transport?: DigitTransport }
  | { type: "sendCallMessage"; call: number; body: string; contentType: string };
