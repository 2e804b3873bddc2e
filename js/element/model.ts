/** A phone as the element shows it: mirrors its events and turns them into a `ViewState`. */
import type { Call, CallOptions, CcSdkError, Phone } from "../index.js";
import { LineModel } from "./line.js";
import { blank, type CallFace, type Notice, type Pane, type ViewState } from "./state.js";

/** What the element says of itself. */
export interface Setting {
  readonly form: "phone" | "button";
  readonly label: string;
  readonly hint: string;
  /** The number field had the focus when the call that is shown began to ring. */
  readonly typing: boolean;
}

/** What a call brought beside speech. */
interface Talk {
  digits: string;
  heard: string;
  notes: string;
  lostAt: number | undefined;
}

/** A wish that is no call yet: the SDK is loading, or consent is asked. */
interface Wish {
  readonly number: string;
  readonly info: string;
  dropped: boolean;
}

/** How much received text is kept on show, in characters. */
const heardLength = 120;

/** Follows one phone; ends with its signal. */
export class Model {
  readonly phone: Phone;

  readonly #signal: AbortSignal;
  readonly #changed: () => void;
  readonly #line: LineModel;
  readonly #talks = new WeakMap<Call, Talk>();
  #number = "";
  #lastNumber = "";
  #pane: Pane = "none";
  #notice: Notice | undefined;
  #wishes: Wish[] = [];
  #call: Call | undefined;

  constructor(phone: Phone, signal: AbortSignal, changed: () => void) {
    this.phone = phone;
    this.#signal = signal;
    this.#changed = changed;
    this.#line = new LineModel(phone, signal, changed);
    this.#followPhone();
    for (const call of phone.calls) this.#begin(call);
  }

  /** The call that is shown; it may be over. */
  get call(): Call | undefined {
    return this.#call;
  }

  /** The incoming call that waits while another one is shown. */
  get waiting(): Call | undefined {
    if (!this.#busy) return undefined;
    return this.phone.calls.find((call) => call !== this.#call && call.state === "incoming");
  }

  /** What is in the number field. */
  get number(): string {
    return this.#number;
  }

  /** The number of the last call. */
  get lastNumber(): string {
    return this.#lastNumber;
  }

  /** What is opened inside the call. */
  get pane(): Pane {
    return this.#pane;
  }

  /** What was written about the call that is shown. */
  get notes(): string {
    return this.#call ? this.#talk(this.#call).notes : "";
  }

  /** Keeps what is written about the call that is shown. */
  note(notes: string): void {
    if (this.#call) this.#talk(this.#call).notes = notes;
  }

  /** Puts this into the number field. */
  type(number: string): void {
    this.#number = number;
    if (this.#notice?.code === "bad-target") this.#notice = undefined;
    this.#changed();
  }

  /** Opens this inside the call. */
  open(pane: Pane): void {
    this.#pane = pane;
    this.#changed();
  }

  /** Puts the notice away. */
  dismiss(): void {
    this.#notice = undefined;
    this.#changed();
  }

  /** All that the view needs, at a moment in milliseconds since the Unix epoch. */
  state(setting: Setting, now: number): ViewState {
    const { noWorkMode, isRemark, isInformation } = this.phone.options;
    const visitor = setting.form === "button";
    const work = !visitor && !noWorkMode;
    return {
      ...blank,
      ...setting,
      line: this.#line.line,
      seat: this.phone.seatStatus,
      call: this.#face(now),
      waiting: this.waiting && this.#faceOf(this.waiting, now),
      notice:
        this.#notice ?? (this.phone.playbackBlocked ? { code: "playback-blocked", cure: "play" } : undefined),
      pane: this.#pane,
      number: this.#number,
      lastNumber: this.#lastNumber,
      notes: this.notes,
      shows: { notes: work && isRemark, info: work && isInformation, seat: !visitor },
    };
  }

  /** Calls; what goes wrong before there is a call becomes a notice. */
  dial(options: CallOptions): Promise<Call> {
    const before = this.#call;
    // A page in JavaScript may have given a number, or nothing.
    const wish = { number: [options.phone].join(""), info: options.info ?? "", dropped: false };
    if (!this.#busy) this.#lastNumber = wish.number;
    this.#notice = undefined;
    this.#wishes.push(wish);
    const promise = this.phone.callPhone(options);
    promise.then(
      () => {
        this.#settle(wish);
      },
      (error: unknown) => {
        this.#settle(wish);
        if (this.#call === before && !wish.dropped) this.complain(error);
      },
    );
    this.#changed();
    return promise;
  }

  /** Ends whatever is shown: the wish, or the call in whatever state. */
  hangup(): void {
    if (this.#busy) {
      this.#call?.hangup();
      return;
    }
    for (const wish of this.#wishes) wish.dropped = true;
    this.#changed();
  }

  /** Answers the waiting call in place of the one that is shown. */
  swap(): void {
    const { waiting } = this;
    this.#call?.hangup();
    waiting?.answer();
  }

  /** Sends a digit, and remembers that it was sent. */
  send(digit: string): void {
    if (!this.#call) return;
    this.#call.sendDigits(digit);
    this.#talk(this.#call).digits += digit;
    this.#changed();
  }

  /** Puts the ended call away. */
  close(): void {
    if (this.#call?.state !== "ended") return;
    this.#call = undefined;
    this.#pane = "none";
    this.#notice = undefined;
    if (this.phone.seatStatus === 4) this.phone.finishWrapUp();
    this.#changed();
  }

  /** Shows an error that is not the end of a call. */
  complain(error: unknown): void {
    const { code = "internal", sipStatus, message } = error as Partial<CcSdkError>;
    this.#notice = { code, sipStatus, text: message === code ? undefined : message };
    this.#changed();
  }

  get #busy(): boolean {
    return this.#call !== undefined && this.#call.state !== "ended";
  }

  #settle(wish: Wish): void {
    this.#wishes = this.#wishes.filter((other) => other !== wish);
    this.#changed();
  }

  #followPhone(): void {
    const on = { signal: this.#signal };
    this.phone.addEventListener(
      "call",
      ({ call }) => {
        this.#begin(call);
      },
      on,
    );
    this.phone.addEventListener("seatstatus", this.#changed, on);
    this.phone.addEventListener("playbackchange", this.#changed, on);
    this.phone.addEventListener(
      "warning",
      ({ code, text, call }) => {
        // A refused microphone leaves an incoming call ringing; a lost one leaves the call up.
        if (call && code.startsWith("microphone-")) this.#notice = { code, text };
        this.#changed();
      },
      on,
    );
  }

  #begin(call: Call): void {
    const isWished = call.direction === "outgoing" && call.continues === undefined;
    const wish = isWished ? this.#wishes.shift() : undefined;
    // Cancelled before it was a call. Not at once: the core is still telling of it.
    if (wish?.dropped)
      queueMicrotask(() => {
        call.hangup();
      });
    else if (!this.#busy) this.#show(call);
    this.#follow(call);
    this.#changed();
  }

  #show(call: Call): void {
    this.#call = call;
    this.#pane = "none";
    this.#notice = undefined;
    this.#lastNumber = call.remote.number;
  }

  #follow(call: Call): void {
    const on = { signal: this.#signal };
    const talk = this.#talk(call);
    const hear = (text: string): void => {
      talk.heard = (talk.heard + text).slice(-heardLength);
      this.#changed();
    };
    call.addEventListener(
      "statechange",
      ({ state }) => {
        talk.lostAt = state === "reconnecting" ? (talk.lostAt ?? Date.now()) : undefined;
        if (state === "connected") this.#notice = undefined;
        if (state === "ended") this.#end(call);
        this.#changed();
      },
      on,
    );
    call.addEventListener(
      "digit",
      ({ digit }) => {
        hear(digit);
      },
      on,
    );
    call.addEventListener(
      "message",
      ({ contentType, body }) => {
        // A menu tells digit by digit.
        if (/^text\/plain\b/i.test(contentType))
          hear(body.length > 1 && talk.heard !== "" ? `\n${body}` : body);
      },
      on,
    );
    for (const name of ["mute", "hold", "resume"] as const) call.addEventListener(name, this.#changed, on);
  }

  #end(call: Call): void {
    if (call !== this.#call) return;
    const next = this.phone.calls.find((other) => other !== call && other.state !== "ended");
    if (next) this.#show(next);
    // A number that could not be reached stays in the field.
    else if (call.answeredAt !== undefined) this.#number = "";
  }

  #talk(call: Call): Talk {
    const known = this.#talks.get(call);
    if (known) return known;
    const talk = { digits: "", heard: "", notes: "", lostAt: undefined };
    this.#talks.set(call, talk);
    return talk;
  }

  /** The call that is shown: one that is up, one that is only wished for, or the last that ended. */
  #face(now: number): CallFace | undefined {
    const wish = this.#busy ? undefined : this.#wishes.findLast(({ dropped }) => !dropped);
    if (wish) return wished(wish);
    return this.#call && this.#faceOf(this.#call, now);
  }

  #faceOf(call: Call, now: number): CallFace {
    const { digits, heard, lostAt } = this.#talk(call);
    const { cause, code, ...ending } = call.endReason ?? { cause: "internal", by: "system" };
    const since = lostAt ?? call.answeredAt;
    const until = call.state === "ended" ? (call.endedAt ?? now) : now;
    return {
      phase: call.state,
      direction: call.direction,
      number: call.remote.number,
      name: call.remote.displayName ?? "",
      info: call.info ?? "",
      muted: call.muted,
      heldHere: call.held.local,
      heldThere: call.held.remote,
      answered: call.answeredAt !== undefined,
      seconds: since === undefined ? 0 : Math.max(0, Math.floor((until - since) / 1000)),
      digits,
      heard,
      ending: call.endReason && { ...ending, code: code ?? cause },
      trace: call.sipCallId,
    };
  }
}

function wished({ number, info }: Wish): CallFace {
  return {
    phase: "calling",
    direction: "outgoing",
    number,
    name: "",
    info,
    muted: false,
    heldHere: false,
    heldThere: false,
    answered: false,
    seconds: 0,
    digits: "",
    heard: "",
  };
}
