/** The level meters of a call, read eight times a second and written beside the view. */
import type { Call } from "../index.js";
import { Meter } from "./sound.js";

/** Milliseconds between two readings. */
const interval = 125;

/** Shows how loud both sides of a call are, while there is one to show. */
export class Loudness {
  readonly #root: () => ParentNode | null;
  #call: Call | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #meters = new Map<string, Meter>();

  /** `root` holds the marks: elements with `data-level="you"` or `"them"`. */
  constructor(root: () => ParentNode | null) {
    this.#root = root;
  }

  /** Measures this call, or nothing. */
  follow(call: Call | undefined): void {
    if (call === this.#call) return;
    this.#rest();
    this.#call = call;
    if (call && "AudioContext" in globalThis)
      this.#timer = setInterval(() => {
        this.#read(call);
      }, interval);
  }

  #rest(): void {
    clearInterval(this.#timer);
    for (const meter of this.#meters.values()) meter.close();
    this.#meters.clear();
  }

  #read(call: Call): void {
    this.#mark("you", call.muted ? undefined : call.localStream);
    this.#mark("them", call.remoteStream);
  }

  #mark(side: string, stream: MediaStream | undefined): void {
    const level = stream ? this.#meter(side, stream).level : 0;
    this.#root()?.querySelector(`[data-level=${side}]`)?.setAttribute("data-live-level", String(level));
  }

  #meter(side: string, stream: MediaStream): Meter {
    const track = stream.getAudioTracks()[0]?.id ?? "";
    const known = this.#meters.get(side);
    if (known?.track === track) return known;
    known?.close();
    const meter = new Meter(stream, track);
    this.#meters.set(side, meter);
    return meter;
  }
}
