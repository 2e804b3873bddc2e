import type { Call, Remote, Warning } from "./call.js";
import type { CcSdkError, CcSdkErrorCode } from "./errors.js";
import type { FactEvent } from "./events.js";
import type { ViewOptions } from "./options.js";
import type { Notice } from "./subscription.js";

/** 1 offline, 2 idle, 3 in a call, 4 after a call, 5 paused; the numbers of the CC SDK. */
export type SeatStatus = 1 | 2 | 3 | 4 | 5;

/** What `setSeatStatus` takes. */
export type SettableSeatStatus = 2 | 5;

/** 1 calling, 2 ringing, 3 talking, 4 ended, 5 ended before talking; the numbers of the CC SDK. */
export type CallStatus = 1 | 2 | 3 | 4 | 5;

/** Why a registration failed. */
export interface FailureReason {
  readonly code: CcSdkErrorCode;
  /** The server's final answer, where there was one. */
  readonly sipStatus?: number | undefined;
  /** The server's words. Text from the wire: never put it into a page as HTML. */
  readonly text?: string | undefined;
}

/** What the registration is. */
export interface Registration {
  readonly state: "none" | "registering" | "registered" | "failed";
  /** Lifetime that the server granted, in seconds; with `registered` only. */
  readonly expiresIn?: number | undefined;
  /** With `failed` only. */
  readonly reason?: FailureReason | undefined;
}

/** A message that came outside of calls. All of it is text from the wire: never put it into a page as HTML. */
export interface IncomingMessage {
  readonly from: Remote;
  /** The URI that it was meant for. */
  readonly to: string;
  /** Its MIME type. */
  readonly contentType: string;
  /** As it came; bytes that are no UTF-8 are replaced. */
  readonly body: string;
  /** Its own headers by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A NOTIFY that no subscription asked for, as voice mail servers send them. */
export interface UnaskedNotice extends Notice {
  /** The event package. */
  readonly event: string;
  /** The notifier's URI. */
  readonly from: string;
}

/** The events of a {@link Phone} and what each tells, as properties of the event. */
export interface PhoneFacts {
  /** `phone.registration` changed in whatever way. */
  registrationchange: Registration;
  registered: { expiresIn: number | undefined };
  unregistered: object;
  /** The registration nears its end, in seconds; its refresh leaves now. */
  registrationexpiring: { expiresIn: number };
  registrationfailed: { reason: FailureReason };
  /** The link to a server is up for the first time. */
  started: object;
  /** No server could be reached; it is tried again. */
  startfailed: { text: string };
  /** The link was closed for good. */
  stopped: object;
  /** The link was lost; the next attempt is in `retryInMs`. */
  reconnecting: { retryInMs: number; attempt: number };
  reconnected: object;
  /** The token is about to expire and the phone cannot renew it: call `updateToken`. */
  tokenwillexpire: { expiresIn: number };
  /** A call began, in either direction. */
  call: { call: Call };
  /** A call comes in. One that takes another further comes as `call` only: it is taken already. */
  incoming: { call: Call };
  /** A step of a call in the numbers of the CC SDK. */
  callstatus: { call: Call; callStatus: CallStatus; calledNumber: string };
  seatstatus: { status: SeatStatus };
  /** A message came outside of calls; the far side was told that it arrived. */
  message: IncomingMessage;
  /** A NOTIFY came that no subscription asked for. */
  notify: UnaskedNotice;
  /** Sound is held back until the next press anywhere on the page, or no longer. */
  playbackchange: { blocked: boolean };
  /** `phone.options` changed. */
  optionschange: { options: ViewOptions };
  warning: Warning & { call?: Call | undefined };
  /** A promise was rejected, or the SDK itself failed. */
  error: { error: CcSdkError };
}

/** The events of a {@link Phone}, for `addEventListener`. */
export type PhoneEventMap = { [Name in keyof PhoneFacts]: FactEvent<PhoneFacts[Name]> };
