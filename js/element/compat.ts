/**
 * The events of the CC SDK, in a shape that satisfies both readings of its document.
 *
 * There `detail` is called an array and used like an object; so it is an array of one that also
 * behaves like what it holds.
 */
import type { Call, CallStatus, Phone, SeatStatus } from "../index.js";

/** `detail` of `onSeatStatus`: `[2]` that also compares like `2`. */
export type SeatDetail = readonly [SeatStatus] | SeatStatus;

/** `detail` of `onCall`: `[{ callStatus, calledNumber }]` with the same two as properties. */
export type CallDetail = readonly [CallSays] & CallSays;

/** What `onCall` says. */
export interface CallSays {
  /** 1 calling, 2 ringing, 3 talking, 4 ended, 5 ended before it was talking. */
  readonly callStatus: CallStatus;
  /** As dialled; a number only with `detail-format="number"`, since that loses `+` and zeros. */
  readonly calledNumber: string | number;
}

/** Makes the `detail` of `onSeatStatus`. */
export function seatDetail(status: SeatStatus, plain: boolean): SeatDetail {
  if (plain) return status;
  const detail = [status] as const;
  const hidden = (value: unknown): PropertyDescriptor => ({ value, enumerable: false });
  return Object.defineProperties(detail, {
    valueOf: hidden(() => status),
    toString: hidden(() => String(status)),
  });
}

/** Makes the `detail` of `onCall`. */
export function callDetail(callStatus: CallStatus, number: string, plain: boolean): CallDetail {
  const calledNumber = plain && /^\d{1,15}$/.test(number) ? Number(number) : number;
  const says = { callStatus, calledNumber };
  return Object.assign([says] as const, says);
}

/** Tells an element's listeners what its phone does, in the words of the CC SDK. */
export class Compatibility {
  readonly #element: Element;
  #seat: SeatStatus = 1;
  #steps = new WeakMap<Call, CallStatus>();

  constructor(element: Element) {
    this.#element = element;
  }

  /** Follows a phone until `signal`; what happened before is told first, once. */
  follow(phone: Phone, signal: AbortSignal): void {
    phone.addEventListener(
      "seatstatus",
      ({ status }) => {
        this.#tellSeat(status);
      },
      { signal },
    );
    phone.addEventListener(
      "callstatus",
      ({ call, callStatus, calledNumber }) => {
        this.#tellCall(call, callStatus, calledNumber);
      },
      { signal },
    );
    // After the script that put the element there has had its chance to listen.
    queueMicrotask(() => {
      if (signal.aborted) return;
      this.#tellSeat(phone.seatStatus);
      for (const call of phone.calls) this.#catchUp(call);
    });
  }

  #catchUp(call: Call): void {
    if (call.state !== "calling") this.#tellCall(call, stepOf(call), call.remote.number);
  }

  #tellSeat(status: SeatStatus): void {
    if (this.#seat === status) return;
    this.#seat = status;
    this.#raise("onSeatStatus", "on-seat-status", seatDetail(status, this.#plain));
  }

  #tellCall(call: Call, status: CallStatus, number: string): void {
    if (this.#steps.get(call) === status) return;
    this.#steps.set(call, status);
    this.#raise("onCall", "on-call", callDetail(status, number, this.#plain));
  }

  get #plain(): boolean {
    return this.#element.getAttribute("detail-format") === "number";
  }

  #raise(name: string, twin: string, detail: unknown): void {
    for (const type of [name, twin]) this.#element.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function stepOf(call: Call): CallStatus {
  if (call.state === "connected" || call.state === "reconnecting") return 3;
  return call.state === "calling" ? 1 : 2;
}
