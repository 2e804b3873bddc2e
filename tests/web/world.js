// The browser around the driver, as far as the tests want to play it themselves.

export const sockets = [];

class FakeSocket extends EventTarget {
  sent = [];
  readyState = 0;
  closed = false;

  constructor(url, protocol) {
    super();
    this.url = url;
    this.protocol = protocol;
    sockets.push(this);
  }

  send(data) {
    this.sent.push(data);
  }

  close() {
    this.readyState = 2;
    this.closed = true;
  }
}

/** Sockets, requests and the microphone are as at the start of a page again. */
export function begin() {
  sockets.length = 0;
  globalThis.WebSocket = FakeSocket;
  for (const undo of undone.splice(0)) undo();
}

const undone = [];

function replace(object, name, value) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  undone.push(() => {
    if (before) Object.defineProperty(object, name, before);
    else delete object[name];
  });
}

export const opened = () => sockets.length;
export const url = (index) => sockets[index].url;
export const protocol = (index) => sockets[index].protocol;
export const isClosed = (index) => sockets[index].closed;
export const sentCount = (index) => sockets[index].sent.length;
export const sent = (index, message) => sockets[index].sent[message];

export function accept(index) {
  sockets[index].readyState = 1;
  sockets[index].dispatchEvent(new Event("open"));
}

export function says(index, text) {
  sockets[index].dispatchEvent(new MessageEvent("message", { data: text }));
}

export function saysBytes(index, text) {
  const data = new TextEncoder().encode(text).buffer;
  sockets[index].dispatchEvent(new MessageEvent("message", { data }));
}

/** The microphone fails with a DOMException of this name. */
export function microphoneFails(name) {
  replace(navigator.mediaDevices, "getUserMedia", () => Promise.reject(new DOMException("x", name)));
}

/** The person takes time to answer: until `microphoneComes`. */
export function microphoneWaits() {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const answered = new Promise((resolve) => (answer = resolve));
  replace(navigator.mediaDevices, "getUserMedia", async (constraints) => {
    given = await real(constraints);
    await answered;
    return given;
  });
}

let answer;
let given;

/** Allows it; gives the stream, if one was asked for. */
export function microphoneComes() {
  answer();
  return given;
}

/** As in an iframe without `allow="microphone"`. */
export function policyForbids() {
  replace(document, "permissionsPolicy", { allowsFeature: (name) => name !== "microphone" });
}

export function withoutSecureContext() {
  replace(globalThis, "isSecureContext", false);
}

export function withoutWebRtc() {
  replace(globalThis, "RTCPeerConnection", undefined);
}

/** What `fetch` was asked, as JSON: `[[url, method, authorization, redirect]]`. */
export const asked = () => JSON.stringify(requests);
let requests = [];

export function serviceAnswers(status, body) {
  requests = [];
  replace(globalThis, "fetch", (url, request) => {
    requests.push([url, request.method, request.headers.get("Authorization"), request.redirect]);
    if (status === 0) return Promise.reject(new TypeError("Failed to fetch"));
    return Promise.resolve(new Response(body, { status }));
  });
}

export function leavesPage() {
  window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: false }));
}

/** Back from the cache of pages, which cut the connections without an event. */
export function thaws() {
  for (const socket of sockets) socket.readyState = 3;
  window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
}

export const microphoneState = (stream) =>
  stream
    .getTracks()
    .map((track) => track.readyState)
    .join();

export const soon = () => new Promise((resolve) => setTimeout(resolve, 2));
