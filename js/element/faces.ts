/** Every face that the phone can show, written down as fixtures for `www/faces.html` and the tests. */
import { blank, type CallFace, type Ending, type ViewState } from "./state.js";

/** One face with a name for people. */
export interface Fixture {
  readonly name: string;
  readonly state: ViewState;
}

/** All of them, in the order in which a day brings them. */
export function fixtures(): readonly Fixture[] {
  return [...lines(), ...calls(), ...ends(), ...troubles(), ...visits()];
}

const ready: ViewState = { ...blank, line: { is: "registered" }, seat: 2, lastNumber: "+34 600 123 456" };
const agent: ViewState = { ...ready, seat: 3, shows: { notes: true, info: true, seat: true } };

const anna: CallFace = {
  phase: "connected",
  direction: "outgoing",
  number: "+34 600 123 456",
  name: "Ana García",
  info: "",
  muted: false,
  heldHere: false,
  heldThere: false,
  answered: true,
  seconds: 133,
  digits: "",
  heard: "",
};
const customer: CallFace = {
  ...anna,
  info: "Order 4711, delivered on 12 November.\nAsked about the return label.",
};

function lines(): Fixture[] {
  return [
    { name: "Loading", state: blank },
    { name: "Not registered", state: { ...blank, line: { is: "unregistered" } } },
    { name: "Registering", state: { ...blank, line: { is: "registering" } } },
    failed("Sign-in refused", { code: "token-rejected", sipStatus: 403, text: "Forbidden" }),
    failed("Sign-in expired", { code: "token-expired" }),
    failed("Service not reached", { code: "network" }),
    { name: "Ready", state: ready },
    { name: "Ready, number typed", state: { ...ready, number: "+34 600 123 456" } },
    { name: "Paused", state: { ...ready, seat: 5 } },
    { name: "Connection lost", state: { ...ready, line: { is: "relinking", attempt: 3 } } },
    { name: "Offline", state: { ...ready, line: { is: "offline" } } },
    { name: "No WebRTC", state: { ...blank, line: { is: "unsupported", code: "webrtc-unsupported" } } },
    { name: "Insecure page", state: { ...blank, line: { is: "unsupported", code: "insecure-context" } } },
  ];
}

function failed(name: string, reason: { code: string; sipStatus?: number; text?: string }): Fixture {
  return { name, state: { ...blank, line: { is: "unregistered", reason } } };
}

function calls(): Fixture[] {
  const one = (name: string, call: Partial<CallFace>, state: Partial<ViewState> = {}): Fixture => ({
    name,
    state: { ...agent, ...state, call: { ...customer, ...call } },
  });
  return [
    one("Dialling", { phase: "calling", seconds: 0, name: "" }),
    one("Ringing out", { phase: "ringing", seconds: 0, name: "" }),
    one("Early media", { phase: "early", seconds: 0, name: "" }),
    one("Ringing in", { phase: "incoming", direction: "incoming", seconds: 0 }),
    one("Ringing in, number withheld", {
      phase: "incoming",
      direction: "incoming",
      seconds: 0,
      name: "",
      number: "",
      info: "",
    }),
    {
      name: "Ringing in while a number is typed",
      state: {
        ...ready,
        number: "+34 600",
        typing: true,
        call: { ...anna, phase: "incoming", direction: "incoming", seconds: 0 },
      },
    },
    one("Answering", { phase: "answering", direction: "incoming", seconds: 0 }),
    one("Talking", {}),
    one("Talking, muted", { muted: true, seconds: 3723 }),
    one("Talking, key pad", { digits: "12#4", heard: "You pressed 1 2" }, { pane: "keys" }),
    one("Talking, notes", {}, { pane: "notes", notes: "Sends the parcel back, label by e-mail." }),
    one("Held by them", { heldThere: true }),
    one("Reconnecting", { phase: "reconnecting", seconds: 4 }),
    one(
      "A second call",
      {},
      { waiting: { ...anna, phase: "incoming", direction: "incoming", name: "Bob Miller", number: "1002" } },
    ),
    one("Long name, nothing else", {
      name: "",
      number: "0705C245_001_a_rather_long_user_name_at_the_far_end",
      info: "",
    }),
  ];
}

function ends(): Fixture[] {
  const one = (name: string, seconds: number, ending: Ending, more: Partial<CallFace> = {}): Fixture => ({
    name: `Ended: ${name}`,
    state: {
      ...ready,
      call: {
        ...anna,
        ...more,
        phase: "ended",
        answered: seconds > 0,
        seconds,
        ending,
        trace: "k3v9x@pc.invalid",
      },
    },
  });
  return [
    one("hung up", 133, { by: "local", code: "hangup" }),
    one("busy", 0, { by: "remote", code: "busy", sipStatus: 486, text: "Busy Here" }),
    one("nobody answered", 0, {
      by: "remote",
      code: "no-answer",
      sipStatus: 480,
      text: "Temporarily Unavailable",
    }),
    one("no such number", 0, { by: "remote", code: "not-found", sipStatus: 404, text: "Not Found" }),
    one("missed", 0, { by: "remote", code: "cancelled" }, { direction: "incoming" }),
    one("network", 133, { by: "network", code: "network" }),
    {
      name: "Wrap-up",
      state: {
        ...agent,
        seat: 4,
        notes: "Sends the parcel back.",
        call: { ...customer, phase: "ended", ending: { by: "remote", code: "hangup" } },
      },
    },
  ];
}

function troubles(): Fixture[] {
  const typed: ViewState = { ...ready, number: "+34 600 123 456" };
  const one = (code: string, state: Partial<ViewState>): Fixture => ({
    name: code.replace("-", " "),
    state: { ...typed, ...state },
  });
  const unheard = (code: string): Fixture =>
    one(code, {
      call: {
        ...anna,
        name: "",
        answered: false,
        phase: "ended",
        seconds: 0,
        ending: { by: "system", code },
      },
    });
  return [
    unheard("microphone-denied"),
    unheard("microphone-missing"),
    unheard("microphone-busy"),
    unheard("microphone-policy"),
    one("microphone-lost", { ...agent, call: customer, number: "", notice: { code: "microphone-lost" } }),
    one("playback-blocked", {
      ...agent,
      call: customer,
      number: "",
      notice: { code: "playback-blocked", cure: "play" },
    }),
    one("bad-target", { number: "hello you", notice: { code: "bad-target" } }),
    one("rate-limited", { notice: { code: "rate-limited" } }),
  ];
}

function visits(): Fixture[] {
  const visitor: ViewState = {
    ...ready,
    form: "button",
    label: "Call the shop",
    shows: { notes: false, info: false, seat: false },
  };
  const shop: CallFace = { ...anna, name: "", number: "9196", seconds: 0 };
  const one = (name: string, call?: Partial<CallFace>, state: Partial<ViewState> = {}): Fixture => ({
    name: `Button: ${name}`,
    state: { ...visitor, ...state, call: call && { ...shop, ...call } },
  });
  return [
    one("idle"),
    one("connecting", { phase: "calling" }),
    one("ringing", { phase: "ringing" }),
    one("talking", { seconds: 42 }),
    one("muted", { seconds: 42, muted: true }),
    one("reconnecting", { phase: "reconnecting", seconds: 4 }),
    one("ended", { phase: "ended", seconds: 42, ending: { by: "remote", code: "hangup" } }),
    one("busy", {
      phase: "ended",
      ending: { by: "remote", code: "busy", sipStatus: 486, text: "Busy Here" },
    }),
    one("microphone refused", { phase: "ended", ending: { by: "system", code: "microphone-denied" } }),
    one("ringing in", { phase: "incoming", direction: "incoming", name: "The shop" }),
    one("sign-in failed", undefined, {
      line: { is: "unregistered", reason: { code: "service-unreachable" } },
    }),
    one("no WebRTC", undefined, { line: { is: "unsupported", code: "webrtc-unsupported" } }),
    one("key pad", { seconds: 42, digits: "12", heard: "1 2" }, { pane: "keys" }),
  ];
}
