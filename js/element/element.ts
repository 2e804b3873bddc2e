import { ccSdk, type Call, type CallOptions, type Phone } from "../index.js";
import { perform, type Hand } from "./acts.js";
import { Compatibility } from "./compat.js";
import { actOf, placeOf } from "./keyboard.js";
import { Loudness } from "./loudness.js";
import { Model, type Setting } from "./model.js";
import { tidy } from "./number.js";
import { who, type Act } from "./pieces.js";
import { Ringing } from "./ringing.js";
import { playKey, Ringer } from "./sound.js";
import { faceOf, isUp, type ViewState } from "./state.js";
import { sheet } from "./styles.js";
import { fill, languageTag, textsFor } from "./texts.js";
import { patch } from "./tree.js";
import { view } from "./view.js";

/** Node has no elements, and importing this there must not throw. */
const Base: typeof HTMLElement =
  (globalThis as Partial<typeof globalThis>).HTMLElement ?? (Object as unknown as typeof HTMLElement);

/** How long a press must last to mean the other sign of a key (`+` on `0`), in milliseconds. */
const longPress = 600;

/**
 * A phone: number field and dial pad, the call with its controls, incoming calls.
 *
 * It shows the default phone of the page (`ccSdk`) unless `phone` is set to another one, and places
 * no call by itself. All text from the wire is written as text.
 *
 * @tagname cc-sdk
 * @attr {"phone" | "button"} mode - `button`: one button that becomes the call. `phone` unless told.
 * @attr {string} phone - With `mode="button"`: the number that the button calls.
 * @attr {string} info - With `mode="button"`: business information for the far side.
 * @attr {string} label - With `mode="button"`: the button's text.
 * @attr {string} hint - With `mode="button"`: the line below the button.
 * @attr {"light" | "dark"} theme - Overrides the page's `color-scheme`.
 * @attr {"off"} shortcuts - Switches off the shortcuts of single characters (digits, M).
 * @attr {"off"} sounds - Switches off ringing, ring-back and key tones.
 * @attr {"number"} detail-format - CC SDK events carry plain numbers instead of the hybrid.
 * @attr {string} state - Written by the element: what it shows, such as `ready`, `incoming`, `connected`.
 * @prop {Phone} phone - The phone that is shown. (The attribute of this name is a number to call.)
 * @fires onSeatStatus - CC SDK: `detail` is `[status]`, 1 offline, 2 idle, 3 busy, 4 post-call, 5 break.
 * @fires on-seat-status - The same.
 * @fires onCall - CC SDK: `detail` is `[{ callStatus, calledNumber }]` with both also as properties.
 * @fires on-call - The same.
 * @fires cc-notes - The agent finished with a call's notes: `detail` is `{ call, notes }`.
 * @slot logo - At the start of the status line.
 * @slot header - Below the status line.
 * @slot actions - Further controls inside a call.
 * @slot footer - At the end.
 * @csspart phone - The frame of the form `phone`.
 * @csspart button-form - All of the form `button`.
 * @csspart bar - The running call of the form `button`.
 * @csspart message - The line below the button.
 * @csspart status - The status line; in the form `button` the words in the bar.
 * @csspart dot - The status line's coloured dot.
 * @csspart dial - Number field, dial pad and Call.
 * @csspart field - The number field.
 * @csspart pad - The twelve keys.
 * @csspart key - One of them.
 * @csspart keys - The key pad inside a call of the form `button`.
 * @csspart button - Every button; each also has the name of what it does: `call`, `again`, `answer`,
 * `reject`, `hangup`, `close`, `mute`, `keys`, `notes`, `seat`, `erase`, `redial`, `play`, `dismiss`.
 * @csspart call - The view of a call.
 * @csspart avatar - The disc with initials.
 * @csspart name - Who is at the other end.
 * @csspart number - Their number.
 * @csspart timer - The talking time.
 * @csspart info - Information about the callee.
 * @csspart notes - The text field for notes.
 * @csspart digits - Digits sent and received.
 * @csspart tiles - Mute, key pad, notes.
 * @csspart primary - The row of fixed places: what ends on the left, what begins on the right.
 * @csspart level - A level meter.
 * @csspart result - How a call ended.
 * @csspart details - Codes for technicians, folded away.
 * @csspart notice - What went wrong and what to do.
 * @csspart trouble - Why no call can be made now.
 * @csspart incoming - The banner of a second call.
 * @cssprop [--cc-accent=#0b6b57] - Colour of what begins a call, and of focus.
 * @cssprop [--cc-on-accent=#fff] - Text on it.
 * @cssprop [--cc-danger=#b3261e] - Colour of what ends a call, and of errors.
 * @cssprop [--cc-on-danger=#fff] - Text on it.
 * @cssprop [--cc-warning=#8a5a00] - Colour of what needs attention.
 * @cssprop [--cc-surface=#fff] - Background.
 * @cssprop [--cc-text=#1b1f24] - Text; quieter shades and lines are mixed from it.
 * @cssprop [--cc-radius=0.625rem] - Rounding of corners.
 * @cssprop [--cc-space=0.25rem] - The unit of all distances: density.
 * @cssprop [--cc-font=inherit] - Font family.
 * @cssprop [--cc-font-size=1rem] - Font size.
 */
export class CcSdkElement extends Base {
  static readonly observedAttributes = ["mode", "phone", "label", "hint", "lang"] as const;

  readonly #compatibility = new Compatibility(this);
  readonly #ringer = new Ringer();
  readonly #loudness = new Loudness(() => this.shadowRoot);
  readonly #ringing = new Ringing();
  #phone: Phone | undefined;
  #model: Model | undefined;
  #connected: AbortController | undefined;
  #due = false;
  #typing = false;
  #tick: ReturnType<typeof setTimeout> | undefined;
  #pressed: { act: Act; used: boolean; timer: ReturnType<typeof setTimeout> } | undefined;
  #firstOfPresses: string | undefined;

  /** Defines the element, once for a tag; a page may choose another tag or registry. */
  static define(
    tag = "cc-sdk",
    registry: CustomElementRegistry | undefined = (globalThis as Partial<typeof globalThis>).customElements,
  ): typeof CcSdkElement {
    // A registry takes a class once only.
    if (registry && !registry.get(tag)) registry.define(tag, tag === "cc-sdk" ? this : class extends this {});
    return this;
  }

  /** The phone that is shown; the page's default one unless set. */
  get phone(): Phone {
    return (this.#phone ??= ccSdk);
  }
  set phone(phone: Phone) {
    if (phone === this.#phone) return;
    this.#phone = phone;
    if (this.#connected) this.#reconnect();
  }

  /** The call that is shown; it may be over. */
  get call(): Call | undefined {
    return this.#model?.call;
  }

  /** Calls a number, a user name or a URI; `info` goes with it. As in the CC SDK. */
  callPhone(options: CallOptions): Promise<Call> {
    return this.#model ? this.#model.dial(options) : this.phone.callPhone(options);
  }

  connectedCallback(): void {
    this.#upgrade("phone");
    const root = this.shadowRoot ?? this.#attach();
    root.adoptedStyleSheets = [sheet()];
    this.#reconnect();
  }

  disconnectedCallback(): void {
    this.#connected?.abort();
    this.#connected = this.#model = undefined;
    this.#rest();
  }

  attributeChangedCallback(name: string): void {
    // Another number is another call: the button no longer says «again».
    if (name === "phone" && this.#setting.form === "button") this.#model?.close();
    this.#ask();
  }

  #attach(): ShadowRoot {
    const root = this.attachShadow({ mode: "open" });
    root.addEventListener("click", (event) => {
      this.#click(event as PointerEvent);
    });
    root.addEventListener("input", (event) => {
      this.#input(event);
    });
    root.addEventListener("paste", (event) => {
      this.#paste(event as ClipboardEvent);
    });
    root.addEventListener("pointerdown", (event) => {
      this.#hold(event as PointerEvent);
    });
    for (const name of ["pointerup", "pointercancel", "pointerout"])
      root.addEventListener(name, () => {
        this.#release();
      });
    this.addEventListener("keydown", (event) => {
      this.#key(event);
    });
    return root;
  }

  /** A property set before the class was there hides the accessor. */
  #upgrade(name: "phone"): void {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
    delete (this as Partial<this>)[name];
    this[name] = value;
  }

  #reconnect(): void {
    this.#connected?.abort();
    this.#connected = new AbortController();
    const { signal } = this.#connected;
    this.#model = new Model(this.phone, signal, () => {
      this.#ask();
    });
    this.phone.addEventListener(
      "optionschange",
      () => {
        this.#ask();
      },
      { signal },
    );
    this.#compatibility.follow(this.phone, signal);
    this.#draw();
  }

  /** Draws soon; many changes in one turn are drawn once. */
  #ask(): void {
    if (this.#due || !this.#model) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #draw(): void {
    const root = this.shadowRoot;
    if (!root || !this.#model) return;
    const before = this.getAttribute("state");
    const focused = root.activeElement;
    const rings = faceOf(this.#state(this.#model)) === "incoming";
    if (rings && before !== "incoming") this.#typing = focused?.matches("[data-input=number]") === true;
    const state = this.#state(this.#model);
    patch(root, view(state, this.#language));
    const face = faceOf(state);
    if (face !== before) this.setAttribute("state", face);
    if (focused && !focused.isConnected) {
      root.querySelector<HTMLElement>("[data-home]")?.focus({ preventScroll: true });
    }
    if (rings && before !== "incoming" && state.form === "phone") this.#offer(root);
    this.#sound(state);
    this.#loudness.follow(state.form === "phone" && state.call && isUp(state.call) ? this.call : undefined);
    this.#schedule(state);
    this.#finishVisit(state);
  }

  #state(model: Model): ViewState {
    return model.state({ ...this.#setting, typing: this.#typing }, Date.now());
  }

  get #setting(): Omit<Setting, "typing"> {
    return {
      form: this.getAttribute("mode") === "button" ? "button" : "phone",
      label: this.getAttribute("label") ?? "",
      hint: this.getAttribute("hint") ?? "",
    };
  }

  get #language(): string {
    return languageTag(this.phone.options.lang ?? this.closest<HTMLElement>("[lang]")?.lang);
  }

  /** A call that comes in takes the focus, but not from somebody who is doing something else. */
  #offer(root: ShadowRoot): void {
    const { activeElement, body } = document;
    if (activeElement !== null && activeElement !== body && activeElement !== this) return;
    if (root.activeElement?.matches("input, textarea")) return;
    root.querySelector<HTMLElement>("[data-act=answer]")?.focus({ preventScroll: true });
  }

  /** A visitor has nothing to do after a call. */
  #finishVisit({ form, seat }: ViewState): void {
    if (form === "button" && seat === 4) this.phone.finishWrapUp();
  }

  #sound({ call }: ViewState): void {
    const tone = { incoming: "ringtone", ringing: "ringback" } as const;
    this.#ringer.play(
      this.#loud && (call?.phase === "incoming" || call?.phase === "ringing") ? tone[call.phase] : undefined,
    );
    const texts = textsFor(this.#language);
    this.#ringing.tell(
      call?.phase === "incoming" ? fill(texts.ring.title, { who: who(call, texts) }) : undefined,
    );
  }

  /** The clock runs on whole seconds of the call. */
  #schedule({ call }: ViewState): void {
    clearTimeout(this.#tick);
    if (!call || !isUp(call)) return;
    const since = Date.now() - (this.call?.answeredAt ?? 0);
    this.#tick = setTimeout(
      () => {
        this.#draw();
      },
      1000 - (since % 1000),
    );
  }

  /** Nothing goes on without a place in the page. */
  #rest(): void {
    this.#ringer.play(undefined);
    this.#ringing.tell(undefined);
    this.#loudness.follow(undefined);
    clearTimeout(this.#tick);
    this.#release();
  }

  #click(event: MouseEvent): void {
    const target = (event.target as Element).closest<HTMLElement>("[data-act]");
    const act = target?.dataset.act as Act | undefined;
    if (act === undefined) return;
    // The second press of a double press belongs to the button that was there at the first.
    if (event.detail <= 1) this.#firstOfPresses = act;
    else if (this.#firstOfPresses !== act) return;
    const long = this.#pressed?.used === true && this.#pressed.act === act;
    this.#pressed = undefined;
    if (!long) this.#act(act);
  }

  #hold(event: PointerEvent): void {
    const key = (event.target as Element).closest("[data-act=key-0]");
    if (!key || this.#model?.call?.state === "connected") return;
    const pressed = {
      act: "key-0" as const,
      used: false,
      timer: setTimeout(() => {
        pressed.used = true;
        this.#act("key-+");
      }, longPress),
    };
    this.#pressed = pressed;
  }

  #release(): void {
    clearTimeout(this.#pressed?.timer);
    if (this.#pressed?.used === false) this.#pressed = undefined;
  }

  #key(event: KeyboardEvent): void {
    if (!this.#model || event.defaultPrevented) return;
    const place = placeOf(event.composedPath()[0]);
    const act = actOf(event, place, this.#state(this.#model), this.getAttribute("shortcuts") !== "off");
    if (act === undefined) return;
    event.preventDefault();
    this.#act(act);
  }

  #input(event: Event): void {
    const field = event.target as HTMLInputElement | HTMLTextAreaElement;
    if (!this.#model) return;
    if (field.dataset.input === "notes") this.#model.note(field.value);
    else if (field.dataset.input === "number") this.#model.type(field.value);
  }

  #paste(event: ClipboardEvent): void {
    const field = event.target as HTMLInputElement;
    const pasted = event.clipboardData?.getData("text/plain");
    if (field.dataset.input !== "number" || !pasted || !this.#model) return;
    event.preventDefault();
    field.setRangeText(tidy(pasted), field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
    this.#model.type(field.value);
  }

  /** Carries out a press. What the phone refuses is shown, not thrown. */
  #act(act: Act): void {
    const model = this.#model;
    if (!model) return;
    try {
      perform(act, model, this.#hand);
    } catch (error) {
      model.complain(error);
    }
    this.#ask();
  }

  get #hand(): Hand {
    const visit = { phone: this.getAttribute("phone") ?? "", info: this.getAttribute("info") ?? undefined };
    return {
      visit: this.#setting.form === "button" ? visit : undefined,
      toNumber: () => this.shadowRoot?.querySelector<HTMLInputElement>("[data-input=number]")?.focus(),
      tellNotes: (notes) => {
        const detail = { call: this.call, notes };
        this.dispatchEvent(new CustomEvent("cc-notes", { detail, bubbles: true, composed: true }));
      },
      hear: (digit) => {
        if (this.#loud) playKey(digit);
      },
    };
  }

  get #loud(): boolean {
    return this.getAttribute("sounds") !== "off";
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cc-sdk": CcSdkElement;
  }
}
