import type { Chance } from "./chance.js";
import type { Clock } from "./clock.js";

/** What `getUserMedia` says. */
export type Microphone = "granted" | "denied" | "missing" | "busy";

/** Peer connections, microphone and sound of the simulated browser. */
export class Media {
  /** What happens when the page asks for the microphone. */
  microphone: Microphone = "granted";
  /** Whether ICE finds a path once both descriptions are there. */
  connects = true;

  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #peers = new Set<SimulatedPeer>();
  readonly #tracks = new Set<SimulatedTrack>();
  /** Told of the digits that a peer connection plays, with its ICE user name. @internal */
  onDigits: (iceUser: string, digits: string) => void = () => undefined;

  /** @internal */
  constructor(clock: Clock, chance: Chance) {
    this.#clock = clock;
    this.#chance = chance;
  }

  /** Peer connections that are not closed. */
  get openPeers(): number {
    return this.#peers.size;
  }

  /** Microphone tracks that are not stopped. */
  get liveTracks(): number {
    return this.#tracks.size;
  }

  /** Every path is silent for the moment. */
  async disconnect(): Promise<void> {
    for (const peer of this.#peers) peer.become("disconnected");
    await this.#clock.settle();
  }

  /** Every path is up again. */
  async reconnect(): Promise<void> {
    for (const peer of this.#peers) peer.become("connected");
    await this.#clock.settle();
  }

  /** Every path is lost. */
  async fail(): Promise<void> {
    for (const peer of this.#peers) peer.become("failed");
    await this.#clock.settle();
  }

  /** The microphone is unplugged. */
  async unplug(): Promise<void> {
    for (const track of [...this.#tracks]) track.ends();
    await this.#clock.settle();
  }

  /** @internal */
  async getUserMedia(): Promise<SimulatedStream> {
    await this.#later();
    const refusals = { denied: "NotAllowedError", missing: "NotFoundError", busy: "NotReadableError" };
    if (this.microphone !== "granted") throw new DOMException("simulated", refusals[this.microphone]);
    const track: SimulatedTrack = new SimulatedTrack(() => this.#tracks.delete(track));
    this.#tracks.add(track);
    return new SimulatedStream([track]);
  }

  /** @internal */
  peerClass(): typeof SimulatedPeer {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the class is made for this object
    const media = this;
    return class extends SimulatedPeer {
      constructor() {
        super(media.#clock, media.#chance, () => media.connects, {
          opened: (peer) => media.#peers.add(peer),
          closed: (peer) => media.#peers.delete(peer),
          digits: (user, digits) => media.onDigits(user, digits),
        });
      }
    };
  }

  #later(): Promise<void> {
    return new Promise((resolve) => this.#clock.arrive(5, resolve));
  }
}

/** A `MediaStreamTrack`. */
export class SimulatedTrack extends EventTarget {
  readonly kind = "audio";
  readonly id = "track";
  readonly label = "simulated";
  enabled = true;
  readyState: "live" | "ended" = "live";
  readonly #stopped: () => void;

  constructor(stopped: () => void = () => undefined) {
    super();
    this.#stopped = stopped;
  }

  stop(): void {
    this.readyState = "ended";
    this.#stopped();
  }

  ends(): void {
    this.stop();
    this.dispatchEvent(new Event("ended"));
  }
}

/** A `MediaStream`. */
export class SimulatedStream extends EventTarget {
  readonly #tracks: SimulatedTrack[];
  readonly id = "stream";

  constructor(tracks: SimulatedTrack[] | SimulatedStream = []) {
    super();
    this.#tracks = tracks instanceof SimulatedStream ? tracks.getTracks() : [...tracks];
  }

  getTracks(): SimulatedTrack[] {
    return [...this.#tracks];
  }

  getAudioTracks(): SimulatedTrack[] {
    return this.getTracks();
  }

  getVideoTracks(): SimulatedTrack[] {
    return [];
  }
}

/** An `RTCDTMFSender`. */
export class SimulatedDtmf extends EventTarget {
  toneBuffer = "";
  canInsertDTMF = false;
  readonly #clock: Clock;
  readonly #played: (digit: string) => void;
  #isPlaying = false;

  constructor(clock: Clock, played: (digit: string) => void) {
    super();
    this.#clock = clock;
    this.#played = played;
  }

  insertDTMF(tones: string, duration = 100, gap = 70): void {
    this.toneBuffer = tones;
    if (!this.#isPlaying) this.#play(duration, gap);
  }

  #play(duration: number, gap: number): void {
    const tone = this.toneBuffer.slice(0, 1);
    this.toneBuffer = this.toneBuffer.slice(1);
    this.#isPlaying = tone !== "";
    if (tone) this.#played(tone);
    this.dispatchEvent(Object.assign(new Event("tonechange"), { tone }));
    if (tone) {
      this.#clock.arrive(duration + gap, () => {
        this.#play(duration, gap);
      });
    }
  }
}

interface PeerWatch {
  opened(peer: SimulatedPeer): void;
  closed(peer: SimulatedPeer): void;
  digits(iceUser: string, digits: string): void;
}

interface Description {
  type: string;
  sdp: string;
}

/** An `RTCPeerConnection` that keeps a browser's rules about who describes what when. */
export class SimulatedPeer extends EventTarget {
  signalingState = "stable";
  connectionState = "new";
  iceConnectionState = "new";
  iceGatheringState = "new";
  localDescription: Description | null = null;
  remoteDescription: Description | null = null;
  readonly #clock: Clock;
  readonly #watch: PeerWatch;
  readonly #mayConnect: () => boolean;
  readonly #number: number;
  readonly #dtmf: SimulatedDtmf;
  #transceivers: { direction: string; sender: unknown; receiver: unknown; stop: () => void }[] = [];
  #senders: { track: SimulatedTrack; dtmf: SimulatedDtmf; replaceTrack: (track: SimulatedTrack) => void }[] =
    [];
  #generation = 0;
  #restart = false;
  #before: [Description | null, Description | null] = [null, null];
  #hasTrack = false;

  constructor(clock: Clock, chance: Chance, mayConnect: () => boolean, watch: PeerWatch) {
    super();
    this.#clock = clock;
    this.#watch = watch;
    this.#mayConnect = mayConnect;
    this.#number = chance.bits();
    this.#dtmf = new SimulatedDtmf(clock, (digit) => watch.digits(this.#iceUser(), digit));
    watch.opened(this);
  }

  addTrack(track: SimulatedTrack): object {
    const sender = {
      track,
      dtmf: this.#dtmf,
      replaceTrack: (other: SimulatedTrack) => {
        sender.track = other;
      },
    };
    this.#senders.push(sender);
    this.#transceivers.push({ direction: "sendrecv", sender, receiver: {}, stop: () => undefined });
    return sender;
  }

  getSenders(): object[] {
    return this.#senders;
  }

  getReceivers(): object[] {
    return [];
  }

  getTransceivers(): object[] {
    return this.#transceivers;
  }

  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(new Map<string, unknown>());
  }

  restartIce(): void {
    this.#restart = true;
  }

  async createOffer(): Promise<Description> {
    await this.#works();
    return { type: "offer", sdp: this.#describe(false) };
  }

  async setLocalDescription(given?: Description): Promise<void> {
    await this.#works();
    if (given?.type === "rollback") return this.#rollBack();
    const isAnswer = this.signalingState === "have-remote-offer";
    if (this.signalingState === "stable") this.#before = [this.localDescription, this.remoteDescription];
    if (this.#restart && !isAnswer) {
      this.#generation += 1;
      this.#restart = false;
    }
    this.signalingState = isAnswer ? "stable" : "have-local-offer";
    this.localDescription = {
      type: isAnswer ? "answer" : "offer",
      sdp: given?.sdp ?? this.#describe(isAnswer),
    };
    this.#gather();
    if (isAnswer) this.#agree();
  }

  async setRemoteDescription(given: Description): Promise<void> {
    await this.#works();
    if (given.type === "rollback") return this.#rollBack();
    const fits = given.type === "offer" ? "stable" : "have-local-offer";
    if (this.signalingState !== fits) {
      throw new DOMException(`${given.type} in ${this.signalingState}`, "InvalidStateError");
    }
    if (!given.sdp.includes("m=audio")) throw new DOMException("no audio", "OperationError");
    if (given.type === "offer") this.#before = [this.localDescription, this.remoteDescription];
    this.remoteDescription = { type: given.type, sdp: given.sdp };
    this.signalingState = given.type === "offer" ? "have-remote-offer" : "stable";
    this.#dtmf.canInsertDTMF = given.sdp.includes("telephone-event");
    if (given.type !== "offer") this.#agree();
  }

  close(): void {
    this.signalingState = this.connectionState = this.iceConnectionState = "closed";
    this.#watch.closed(this);
  }

  become(state: "connected" | "disconnected" | "failed"): void {
    if (this.connectionState === "closed" || this.connectionState === state) return;
    this.connectionState = this.iceConnectionState = state;
    this.dispatchEvent(new Event("iceconnectionstatechange"));
    this.dispatchEvent(new Event("connectionstatechange"));
  }

  async #works(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.arrive(2, resolve));
    if (this.connectionState === "closed") throw new DOMException("closed", "InvalidStateError");
  }

  #rollBack(): void {
    [this.localDescription, this.remoteDescription] = this.#before;
    this.signalingState = "stable";
  }

  #agree(): void {
    if (!this.#hasTrack) {
      this.#hasTrack = true;
      this.#clock.arrive(2, () => {
        const [transceiver] = this.#transceivers;
        const track = new SimulatedTrack();
        const event = Object.assign(new Event("track"), {
          track,
          transceiver,
          streams: [],
          receiver: { track },
        });
        if (this.connectionState !== "closed") this.dispatchEvent(event);
      });
    }
    this.#clock.arrive(10, () => {
      this.become(this.#mayConnect() ? "connected" : "failed");
    });
  }

  #gather(): void {
    const port = 50_000 + (this.#number % 10_000);
    const line = `candidate:1 1 udp 2113937151 192.0.2.1 ${String(port)} typ host generation 0 ufrag ${this.#iceUser()}`;
    const tell = (candidate: object | null): void => {
      if (this.connectionState === "closed") return;
      this.dispatchEvent(Object.assign(new Event("icecandidate"), { candidate }));
    };
    this.#clock.arrive(3, () => {
      tell({ candidate: line, sdpMid: "0", sdpMLineIndex: 0 });
    });
    this.#clock.arrive(5, () => {
      tell(null);
    });
  }

  #iceUser(): string {
    return `u${this.#number.toString(36)}${String(this.#generation)}`;
  }

  #describe(isAnswer: boolean): string {
    const wanted = this.#transceivers[0]?.direction ?? "recvonly";
    const offered = /a=(sendonly|recvonly|inactive)/.exec(this.remoteDescription?.sdp ?? "")?.[1];
    const sends = wanted.startsWith("send") && !(isAnswer && /^(sendonly|inactive)$/.test(offered ?? ""));
    const hears = wanted.endsWith("recv") || wanted === "recvonly";
    const receives = hears && !(isAnswer && /^(recvonly|inactive)$/.test(offered ?? ""));
    const direction = sends ? (receives ? "sendrecv" : "sendonly") : receives ? "recvonly" : "inactive";
    return sdp(this.#iceUser(), this.#number, isAnswer ? "active" : "actpass", direction);
  }
}

/** What a browser says, cut down to what matters. */
export function sdp(iceUser: string, number: number, setup: string, direction: string, lines = ""): string {
  const byte = (number & 0xff).toString(16).padStart(2, "0").toUpperCase();
  return [
    "v=0",
    `o=- ${String(number)} 2 IN IP4 127.0.0.1`,
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 126",
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    `a=ice-ufrag:${iceUser}`,
    "a=ice-pwd:ulPPt5gvbfLuWx3kulPPt5gv",
    "a=ice-options:trickle",
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => byte).join(":")}`,
    `a=setup:${setup}`,
    "a=mid:0",
    `a=${direction}`,
    "a=rtcp-mux",
    "a=rtpmap:111 opus/48000/2",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:126 telephone-event/8000",
    lines,
  ].join("\r\n");
}
