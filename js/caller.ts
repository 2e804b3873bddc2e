/** Somebody whom a header names. Text from the wire: never put it into a page as HTML. */
export interface Party {
  readonly uri: string;
  /** Its number or user name, for people. */
  readonly number: string;
  readonly displayName?: string | undefined;
  /** Of a diversion: `unconditional`, `user-busy`, `no-answer`, `deflection` … (RFC 5806). */
  readonly reason?: string | undefined;
}

/** One Call-Info (RFC 3261 §20.9). Nothing is ever fetched from there by the SDK. */
export interface CallInfo {
  readonly uri: string;
  /** `icon`, `info`, `card` … */
  readonly purpose?: string | undefined;
}

/** What is known of the caller of an incoming call, beside `remote`; empty for an outgoing one. */
export interface Caller {
  /** Who the server says it is: P-Asserted-Identity (RFC 3325). Worth as much as the server is. */
  readonly asserted?: Party | undefined;
  /**
   * What the server found out about the signature of the caller's number (STIR/SHAKEN): right, wrong,
   * or there is none. `undefined` where it tells nothing.
   */
  readonly verified?: "passed" | "failed" | "none" | undefined;
  /** The caller asked not to be shown (RFC 3323). */
  readonly private: boolean;
  /** Whom the call was meant for before it came here, the last one first (RFC 5806, RFC 7044). */
  readonly diversion: readonly Party[];
  readonly callInfo: readonly CallInfo[];
  /** The phone takes the call by itself, so many seconds after it came; see `autoAnswer`. */
  readonly autoAnswer?: number | undefined;
}

/** What goes into the message that answers or ends a call. */
export interface Words {
  /** Further headers; those that the stack owns are refused (`bad-header`). */
  headers?: Record<string, string>;
  /** The reason phrase of a refusal; of a BYE or CANCEL the text of its Reason (RFC 3326). */
  reason?: string;
}
