import type { Call, Warning } from "./call.js";

/** What counts as a press for the browsers' autoplay rules. */
const GESTURES = ["pointerup", "keydown", "click"] as const;

/** Plays the far sides of the calls; where the browser forbids it, at the next press on the page. */
export class Playback {
  readonly #refused: (warning: Warning, call: Call) => void;
  readonly #changed: (blocked: boolean) => void;
  readonly #playing = new Map<Call, HTMLAudioElement>();
  #blocked = false;

  constructor(refused: (warning: Warning, call: Call) => void, changed: (blocked: boolean) => void) {
    this.#refused = refused;
    this.#changed = changed;
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  play(call: Call): void {
    const stream = call.remoteStream;
    if (!stream) return;
    const audio = this.#playing.get(call) ?? new Audio();
    this.#playing.set(call, audio);
    audio.srcObject = stream;
    void this.#start(call, audio);
  }

  stop(call: Call): void {
    const audio = this.#playing.get(call);
    if (!audio) return;
    this.#playing.delete(call);
    audio.srcObject = null;
    if (this.#playing.size === 0) this.#setBlocked(false);
  }

  async #start(call: Call, audio: HTMLAudioElement): Promise<void> {
    try {
      await audio.play();
      this.#setBlocked(false);
    } catch (error) {
      // A new stream or the call's end aborts the last play(); only a refusal matters.
      if ((error as Partial<DOMException>).name !== "NotAllowedError" || !this.#playing.has(call)) return;
      if (!this.#blocked) this.#refused({ code: "playback-blocked", text: String(error) }, call);
      this.#setBlocked(true);
    }
  }

  #setBlocked(blocked: boolean): void {
    if (this.#blocked === blocked) return;
    this.#blocked = blocked;
    for (const gesture of GESTURES) {
      if (blocked) document.addEventListener(gesture, this.#retry, { capture: true });
      else document.removeEventListener(gesture, this.#retry, { capture: true });
    }
    this.#changed(blocked);
  }

  readonly #retry = (): void => {
    for (const [call, audio] of this.#playing) void this.#start(call, audio);
  };
}
