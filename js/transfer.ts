import type { EndCause } from "./call.js";
import type { SharedCore, UaEvent } from "./core.js";

/**
 * How far a transfer is: the far side was asked, agreed and calls, it rings there, it was taken
 * there (the call ends here), or it came to nothing (the call goes on).
 */
export type TransferState = "requested" | "trying" | "ringing" | "accepted" | "failed";

/** What `call.transfer` takes beside the target. */
export interface TransferOptions {
  /** Further headers of the REFER; those that the stack owns are refused (`bad-header`). */
  headers?: Record<string, string>;
  /**
   * `false`: the far side need not tell how it goes (RFC 4488); its consent is the end of the
   * matter. Unless told `true`.
   */
  progress?: boolean;
}

/** How a transfer goes. */
export interface Transfer {
  readonly state: TransferState;
  /** As the page said it, or the number of the other call. */
  readonly to: string;
  /** `id` of the other call, where the transfer is to one. */
  readonly other: number | undefined;
  /** The status that said so, where there was one. */
  readonly sipStatus: number | undefined;
  /** Why, with `failed` only. */
  readonly cause: EndCause | undefined;
}

/** The far side asks to be called elsewhere. All of it is text from the wire. */
export interface TransferRequest {
  /** The number or user name to be called. */
  readonly number: string;
  readonly displayName: string | undefined;
  /** The address to be called. */
  readonly uri: string;
  /** Who asks, as Referred-By says (RFC 3892); nobody vouches for it. */
  readonly referredBy: string | undefined;
  /** It is refused by itself after so many seconds. */
  readonly expiresIn: number;
  /** Calls there; the phone's `call` event brings the new call, and this one ends when that is up. */
  accept(): void;
  /** Refuses, with 300 to 699; 603 unless told. */
  reject(status?: number): void;
}

/**
 * What a page is told of a far side that asks to be called elsewhere.
 * @internal
 */
export function transferRequest(
  fact: Extract<UaEvent, { type: "callTransferRequest" }>,
  account: number,
  core: SharedCore,
): TransferRequest {
  const { call, number, displayName, uri, referredBy, expiresIn } = fact;
  return {
    ...{ number, displayName, uri, referredBy, expiresIn },
    accept: () => {
      core.command(account, { type: "acceptTransfer", call });
    },
    reject: (status = 603) => {
      core.command(account, { type: "refuseTransfer", call, status });
    },
  };
}
