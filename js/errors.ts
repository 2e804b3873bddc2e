import type { EndCause } from "./call.js";

/**
 * Why something was refused or failed. Stable: compare this, never the message.
 *
 * A call that ended before it left rejects `callPhone` with the code of its fault
 * (`microphone-denied`, `not-registered` …) or, where there is none, with its {@link EndCause}.
 */
export type CcSdkErrorCode =
  // The page is not fit.
  | "insecure-context"
  | "webrtc-unsupported"
  // What was asked for cannot be used, or not now.
  | "bad-account"
  | "bad-argument"
  | "bad-digit"
  | "bad-header"
  | "bad-seat-status"
  | "bad-status"
  | "bad-target"
  | "bad-token"
  | "call-gone"
  | "call-in-progress"
  | "call-refused"
  | "insecure-server"
  | "no-service"
  | "no-transfer-request"
  | "not-connected"
  | "not-incoming"
  | "not-registered"
  | "rate-limited"
  | "subscription-gone"
  | "too-large"
  | "too-many"
  | "transfer-in-progress"
  // The microphone.
  | "microphone-busy"
  | "microphone-denied"
  | "microphone-missing"
  | "microphone-policy"
  // The server and the way to it.
  | "no-candidates"
  | "not-supported"
  | "service-unreachable"
  | "token-expired"
  | "token-rejected"
  | EndCause;

/** The one error of this SDK. Its message is for developers; it never holds a secret. */
export class CcSdkError extends Error {
  /** What to compare. */
  readonly code: CcSdkErrorCode;
  /** The far side's final answer, where there was one. */
  readonly sipStatus: number | undefined;
  /** Until it may be tried again, in seconds; with `rate-limited` only. */
  readonly retryAfter: number | undefined;

  constructor(code: CcSdkErrorCode, message?: string, details: Partial<CcSdkError> = {}) {
    super(message ?? code, details);
    this.name = "CcSdkError";
    this.code = code;
    this.sipStatus = details.sipStatus;
    this.retryAfter = details.retryAfter;
  }
}
