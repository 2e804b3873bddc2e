/**
 * What the view is drawn from: plain data, so that every face can be written down as a fixture.
 *
 * Nothing here knows the DOM, the phone or a language.
 */

/** Whether calls can be made, and if not, why. */
export type Line =
  | { readonly is: "loading" }
  | { readonly is: "unsupported"; readonly code: "webrtc-unsupported" | "insecure-context" }
  | { readonly is: "unregistered"; readonly reason?: Reason }
  | { readonly is: "registering" }
  | { readonly is: "registered" }
  | { readonly is: "relinking"; readonly attempt: number }
  | { readonly is: "offline" };

/** A stable code with what a technician may want to know. */
export interface Reason {
  /** A `CcSdkErrorCode`, or a cause of a call's end. */
  readonly code: string;
  /** The server's final status, where there was one. */
  readonly sipStatus?: number | undefined;
  /** The server's or the browser's words, where there were some. */
  readonly text?: string | undefined;
}

/** Why a call ended. */
export interface Ending extends Reason {
  /** Whose doing it was. */
  readonly by: "local" | "remote" | "network" | "system";
}

/** Where a call stands; the words of `call.state`. */
export type Phase =
  "calling" | "ringing" | "early" | "incoming" | "answering" | "connected" | "reconnecting" | "ended";

/** One call, as it is shown. */
export interface CallFace {
  readonly phase: Phase;
  readonly direction: "outgoing" | "incoming";
  /** What a person would dial to reach the far side. */
  readonly number: string;
  /** The name that the far side gave, or nothing. */
  readonly name: string;
  /** Business information that goes or came with the call. */
  readonly info: string;
  readonly muted: boolean;
  readonly heldHere: boolean;
  readonly heldThere: boolean;
  /** It was talking at some time. */
  readonly answered: boolean;
  /** Talking time so far, in seconds; while reconnecting, how long that has taken. */
  readonly seconds: number;
  /** Digits sent in this call. */
  readonly digits: string;
  /** Digits and short texts that came from the far side. */
  readonly heard: string;
  /** With phase `ended` only. */
  readonly ending?: Ending | undefined;
  /** For a server's log: the Call-ID on the wire. */
  readonly trace?: string | undefined;
}

/** What is opened inside a call. */
export type Pane = "none" | "keys" | "notes";

/** Something that went wrong beside the call's own course. */
export interface Notice extends Reason {
  /** A press cures it. */
  readonly cure?: "play" | undefined;
}

/** Seat status in the numbers of the CC SDK: offline, idle, busy, post-call, short break. */
export type Seat = 1 | 2 | 3 | 4 | 5;

/** All that the view depends on. */
export interface ViewState {
  readonly form: "phone" | "button";
  readonly line: Line;
  readonly seat: Seat;
  readonly call?: CallFace | undefined;
  /** A further call that rings while `call` is up. */
  readonly waiting?: CallFace | undefined;
  /** Somebody was typing a number when `call` began to ring: it is announced beside the field. */
  readonly typing: boolean;
  readonly notice?: Notice | undefined;
  readonly pane: Pane;
  /** The number field's content. */
  readonly number: string;
  /** The last number called, for calling it again. */
  readonly lastNumber: string;
  /** The agent's notes of this call. */
  readonly notes: string;
  /** Which parts are switched on by `register`. */
  readonly shows: { readonly notes: boolean; readonly info: boolean; readonly seat: boolean };
  /** Of the form `button`: its text and the line below it; empty means the default. */
  readonly label: string;
  readonly hint: string;
}

/** A state in which nothing has happened yet. */
export const blank: ViewState = {
  form: "phone",
  line: { is: "loading" },
  seat: 1,
  typing: false,
  pane: "none",
  number: "",
  lastNumber: "",
  notes: "",
  shows: { notes: false, info: false, seat: true },
  label: "",
  hint: "",
};

/** The one word for what is shown: the host's `state` attribute. */
export type Face =
  | "loading"
  | "unsupported"
  | "unregistered"
  | "failed"
  | "registering"
  | "ready"
  | "paused"
  | "relinking"
  | "offline"
  | "wrap-up"
  | "held"
  | Phase;

/** Names what is shown. A call outranks the line, as it does in people's minds. */
export function faceOf(state: ViewState): Face {
  const { call, line } = state;
  if (call && call.phase !== "ended") {
    return call.phase === "connected" && (call.heldThere || call.heldHere) ? "held" : call.phase;
  }
  if (call) return state.seat === 4 && state.form === "phone" ? "wrap-up" : "ended";
  if (line.is === "unregistered") return line.reason ? "failed" : "unregistered";
  if (line.is !== "registered") return line.is;
  return state.seat === 5 ? "paused" : "ready";
}

/** Whether the call is up, whatever happens to its media. */
export function isUp(call: CallFace): boolean {
  return call.phase === "connected" || call.phase === "reconnecting";
}
