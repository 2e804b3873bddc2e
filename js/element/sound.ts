/** Ringing, ring-back, key tones and level meters, all from WebAudio: no file is fetched. */

/** Frequencies in hertz and the rhythm in seconds: sounding, silent, sounding, … */
interface Tone {
  readonly frequencies: readonly number[];
  readonly rhythm: readonly number[];
  readonly volume: number;
}

const tones = {
  /** Europe's ring-back (ITU-T E.180). */
  ringback: { frequencies: [425], rhythm: [1, 4], volume: 0.06 },
  ringtone: { frequencies: [660, 880], rhythm: [0.35, 0.15, 0.35, 2.15], volume: 0.12 },
} as const satisfies Record<string, Tone>;

/** What rings: a name of the tones. */
export type ToneName = keyof typeof tones;

/** Columns and rows of a key pad, in hertz (ITU-T Q.23). */
const columns = [1209, 1336, 1477];
const rows = [697, 770, 852, 941];

/** One audio context for all elements; browsers allow a page but a few. */
let shared: AudioContext | undefined;
function context(): AudioContext | undefined {
  const { AudioContext } = globalThis as Partial<typeof globalThis>;
  shared ??= AudioContext && new AudioContext();
  // Before the first press on the page this is refused, and then there is no sound.
  if (shared?.state === "suspended") void shared.resume().catch(() => undefined);
  return shared;
}

/** Plays one tone at a time, over and over. */
export class Ringer {
  #name: ToneName | undefined;
  #stop: (() => void) | undefined;

  /** Plays this tone, or nothing. */
  play(name: ToneName | undefined): void {
    if (name === this.#name) return;
    this.#stop?.();
    this.#stop = undefined;
    this.#name = name;
    const audio = name === undefined ? undefined : context();
    if (audio && name !== undefined) this.#stop = repeat(audio, tones[name]);
  }
}

/** A short tone for a key that was pressed. */
export function playKey(digit: string): void {
  const at = "123456789*0#".indexOf(digit);
  const audio = at < 0 ? undefined : context();
  if (!audio) return;
  const frequencies = [columns[at % 3] ?? 0, rows[Math.floor(at / 3)] ?? 0];
  sound(audio, { frequencies, rhythm: [0.12], volume: 0.05 }, audio.currentTime);
}

function repeat(audio: AudioContext, tone: Tone): () => void {
  const length = tone.rhythm.reduce((sum, part) => sum + part, 0);
  let silence = sound(audio, tone, audio.currentTime);
  const timer = setInterval(() => {
    silence = sound(audio, tone, audio.currentTime);
  }, length * 1000);
  return () => {
    clearInterval(timer);
    silence();
  };
}

/** Plays a rhythm once; returns what silences it early. */
function sound(audio: AudioContext, tone: Tone, start: number): () => void {
  const gain = audio.createGain();
  gain.gain.value = 0;
  gain.connect(audio.destination);
  let at = start;
  tone.rhythm.forEach((seconds, index) => {
    if (index % 2 === 0) swell(gain.gain, at, seconds, tone.volume);
    at += seconds;
  });
  const sources = tone.frequencies.map((frequency) => {
    const source = new OscillatorNode(audio, { frequency });
    source.connect(gain);
    source.start(start);
    source.stop(at);
    return source;
  });
  sources[0]?.addEventListener("ended", () => {
    gain.disconnect();
  });
  return () => {
    for (const source of sources) source.stop();
  };
}

/** Rises and falls within 15 ms, so that nothing clicks. */
function swell(gain: AudioParam, at: number, seconds: number, volume: number): void {
  gain.setValueAtTime(0, at);
  gain.linearRampToValueAtTime(volume, at + 0.015);
  gain.setValueAtTime(volume, at + seconds - 0.015);
  gain.linearRampToValueAtTime(0, at + seconds);
}

/** Measures how loud a stream is, from 0 to 5. */
export class Meter {
  /** The id of the track that is measured. */
  readonly track: string;
  readonly #source: MediaStreamAudioSourceNode | undefined;
  readonly #analyser: AnalyserNode | undefined;
  readonly #samples = new Float32Array(1024);

  constructor(stream: MediaStream, track: string) {
    this.track = track;
    const audio = track === "" ? undefined : context();
    if (!audio) return;
    this.#analyser = new AnalyserNode(audio, { fftSize: 1024 });
    this.#source = audio.createMediaStreamSource(stream);
    this.#source.connect(this.#analyser);
  }

  /** The level now: each step is 9 dB, silence is 0. */
  get level(): number {
    if (!this.#analyser) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
    return power === 0 ? 0 : Math.max(0, Math.min(5, Math.round((10 * Math.log10(power) + 58) / 9)));
  }

  close(): void {
    this.#source?.disconnect();
  }
}
