/** Sound as proof: each party is a tone of its own, found at the far end by its frequency. */

/** A page of whichever browser. */
export interface Evaluates {
  evaluate<A>(run: (argument: A) => unknown, argument: A): Promise<unknown>;
}

/** Runs in the page, before its scripts: its microphone is a tone. */
export function toneForMicrophone(hertz: number): void {
  const tracks: MediaStreamTrack[] = [];
  Object.assign(window, { localTracks: tracks });
  navigator.mediaDevices.getUserMedia = () => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: hertz });
    const output = new MediaStreamAudioDestinationNode(context);
    tone.connect(new GainNode(context, { gain: 0.5 })).connect(output);
    tone.start();
    tracks.push(...output.stream.getTracks());
    return Promise.resolve(output.stream);
  };
}

/**
 * Resolves when the far side of `window.listenTo`, or of the page's first call, is heard as a tone of `hertz` that stands
 * out from every other sound by 12 dB, for ten looks in a row.
 */
export async function hearsTone(page: Evaluates, hertz: number): Promise<void> {
  await page.evaluate(listen, { hertz, silence: false });
}

/** Resolves when nothing is heard at `hertz` for thirty looks in a row. */
export async function hearsSilence(page: Evaluates, hertz: number): Promise<void> {
  await page.evaluate(listen, { hertz, silence: true });
}

/**
 * Runs in the page: looks at the spectrum until it is as wanted; the test's limit ends it.
 *
 * Its functions are methods, since the test runner's compiler wraps named functions in something
 * that the page does not have.
 */
async function listen(wanted: { hertz: number; silence: boolean }): Promise<void> {
  const page = {
    stream(): MediaStream | undefined {
      return (window.listenTo ?? window.ccSdk.calls[0])?.remoteStream;
    },
    pause(): Promise<unknown> {
      return new Promise((done) => setTimeout(done, 20));
    },
  };
  let mediaStream = page.stream();
  for (; !mediaStream; mediaStream = page.stream()) await page.pause();
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
  new MediaStreamAudioSourceNode(context, { mediaStream }).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  const bin = context.sampleRate / analyser.fftSize;
  const spectrum = {
    loudest(keep: (hertz: number) => boolean): number {
      return bins.reduce((most, level, at) => (keep(at * bin) ? Math.max(most, level) : most), -Infinity);
    },
    asWanted(): boolean {
      analyser.getFloatFrequencyData(bins);
      const tone = this.loudest((hertz) => Math.abs(hertz - wanted.hertz) <= 3 * bin);
      if (wanted.silence) return tone < -80;
      const other = this.loudest((hertz) => Math.abs(hertz - wanted.hertz) > 4 * bin && hertz > 150);
      return tone > -60 && tone > other + 12;
    },
  };
  for (let looks = 0; looks < (wanted.silence ? 30 : 10); looks = spectrum.asWanted() ? looks + 1 : 0) {
    await page.pause();
  }
  await context.close();
}
