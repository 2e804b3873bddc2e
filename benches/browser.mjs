// What the three stacks find of a browser: everything is there, succeeds at once and does nothing.
// It is the same for all, and as little as they are content with.
import { DESCRIPTION } from "./messages.mjs";

/** A target of events, which are plain objects. */
class Target {
  #listeners = new Map();

  addEventListener(type, listener) {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  removeEventListener(type, listener) {
    const rest = (this.#listeners.get(type) ?? []).filter((each) => each !== listener);
    this.#listeners.set(type, rest);
  }

  dispatchEvent(event) {
    this.fire(event.type, event);
    return true;
  }

  fire(type, event = {}) {
    const whole = { type, target: this, ...event };
    this[`on${type}`]?.(whole);
    for (const listener of this.#listeners.get(type) ?? []) {
      if (typeof listener === "function") listener.call(this, whole);
      else listener.handleEvent(whole);
    }
  }
}

/** A WebSocket whose far end is `FakeSocket.server`. */
export class FakeSocket extends Target {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  static server;

  CONNECTING = FakeSocket.CONNECTING;
  OPEN = FakeSocket.OPEN;
  CLOSING = FakeSocket.CLOSING;
  CLOSED = FakeSocket.CLOSED;
  protocol = "sip";
  readyState = FakeSocket.CONNECTING;
  bufferedAmount = 0;

  constructor(url) {
    super();
    this.url = url;
    FakeSocket.server.connected(this);
    queueMicrotask(() => {
      this.readyState = FakeSocket.OPEN;
      this.fire("open");
    });
  }

  send(text) {
    FakeSocket.server.hears(this, text);
  }

  /** What the server says arrives when whoever runs now is done. */
  receive(text) {
    queueMicrotask(() => this.fire("message", { data: text }));
  }

  close() {
    if (this.readyState >= FakeSocket.CLOSING) return;
    this.readyState = FakeSocket.CLOSED;
    queueMicrotask(() => this.fire("close", { code: 1000, reason: "", wasClean: true }));
  }
}

class FakeTrack extends Target {
  kind = "audio";
  id = "track";
  enabled = true;
  readyState = "live";

  stop() {
    this.readyState = "ended";
  }
}

class FakeStream extends Target {
  id = "stream";
  #tracks;

  constructor(tracks = []) {
    super();
    this.#tracks = Array.isArray(tracks) ? [...tracks] : tracks.getTracks();
  }

  get active() {
    return this.#tracks.some((track) => track.readyState === "live");
  }

  getTracks() {
    return [...this.#tracks];
  }

  getAudioTracks() {
    return this.getTracks();
  }

  getVideoTracks() {
    return [];
  }

  getTrackById(id) {
    return this.#tracks.find((track) => track.id === id) ?? null;
  }

  addTrack(track) {
    this.#tracks.push(track);
  }

  removeTrack(track) {
    this.#tracks = this.#tracks.filter((each) => each !== track);
  }
}

class FakePeerConnection extends Target {
  signalingState = "stable";
  iceGatheringState = "new";
  iceConnectionState = "new";
  connectionState = "new";
  localDescription = null;
  remoteDescription = null;
  #senders = [];

  addTrack(track) {
    const sender = { track, dtmf: null, replaceTrack: async () => {} };
    this.#senders.push(sender);
    return sender;
  }

  addTransceiver() {
    return {};
  }

  getSenders() {
    return this.#senders;
  }

  getReceivers() {
    return [];
  }

  getTransceivers() {
    return [];
  }

  async createOffer() {
    return { type: "offer", sdp: DESCRIPTION };
  }

  async createAnswer() {
    return { type: "answer", sdp: DESCRIPTION };
  }

  async setLocalDescription(given) {
    const isAnswer = this.signalingState === "have-remote-offer";
    this.localDescription = given?.sdp ? given : { type: isAnswer ? "answer" : "offer", sdp: DESCRIPTION };
    this.signalingState = isAnswer ? "stable" : "have-local-offer";
    // Candidates stand in the description: there is nothing to wait for.
    this.iceGatheringState = "complete";
    queueMicrotask(() => {
      this.fire("icegatheringstatechange");
      this.fire("icecandidate", { candidate: null });
      this.#meet();
    });
  }

  async setRemoteDescription(given) {
    this.remoteDescription = given;
    this.signalingState = given.type === "offer" ? "have-remote-offer" : "stable";
    const track = new FakeTrack();
    this.fire("track", { track, streams: [], transceiver: {} });
    queueMicrotask(() => this.#meet());
  }

  getConfiguration() {
    return {};
  }

  setConfiguration() {}

  restartIce() {}

  async getStats() {
    return new Map();
  }

  close() {
    this.signalingState = "closed";
    this.connectionState = "closed";
  }

  #meet() {
    if (!this.localDescription || !this.remoteDescription || this.connectionState !== "new") return;
    this.iceConnectionState = "connected";
    this.connectionState = "connected";
    this.fire("iceconnectionstatechange");
    this.fire("connectionstatechange");
  }
}

/** Makes this process look like a page to the stacks. */
export function becomeBrowser() {
  const page = new Target();
  const navigator = {
    userAgent: "bench",
    mediaDevices: { getUserMedia: async () => new FakeStream([new FakeTrack()]) },
  };
  class Window {
    // The global object is of Node's making.
    static [Symbol.hasInstance]() {
      return true;
    }
  }
  const document = Object.assign(new Target(), {
    visibilityState: "visible",
    createElement: () => Object.assign(new Target(), { play: async () => {}, style: {} }),
  });
  const globals = {
    Window,
    window: globalThis,
    self: globalThis,
    document,
    navigator,
    isSecureContext: true,
    location: { protocol: "https:", hostname: "localhost", href: "https://localhost/" },
    WebSocket: FakeSocket,
    MediaStream: FakeStream,
    MediaStreamTrackEvent: class {
      constructor(type, given) {
        Object.assign(this, { type, ...given });
      }
    },
    RTCPeerConnection: FakePeerConnection,
    RTCSessionDescription: class {
      constructor(given) {
        Object.assign(this, given);
      }
    },
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
}
