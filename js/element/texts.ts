/**
 * Every word that the element shows, in English and Spanish.
 *
 * A message names what happened and what to do next. Codes of protocols stand in the details only.
 */

import { spanish } from "./spanish.js";

/** What happened, and what the person can do now. */
export interface Message {
  readonly what: string;
  readonly next: string;
}

/** The languages that are spoken here. */
export type Language = "en" | "es";

/** One language. Every other one has exactly these texts. */
export type Texts = typeof english;

const english = {
  /** The line of progress: short, present tense. */
  face: {
    loading: "Getting ready…",
    unsupported: "Calls do not work here",
    unregistered: "Not connected",
    failed: "Not connected",
    registering: "Connecting…",
    ready: "Ready",
    paused: "Paused",
    relinking: "Connection lost, trying again…",
    offline: "No internet connection",
    calling: "Calling…",
    ringing: "Ringing…",
    early: "Ringing…",
    incoming: "Incoming call",
    answering: "Answering…",
    connected: "On a call",
    held: "On hold",
    reconnecting: "Reconnecting…",
    ended: "Call ended",
    "wrap-up": "After the call",
  },
  seat: { available: "Take calls", pause: "Pause", paused: "No calls come in while you pause." },
  field: {
    label: "Number to call",
    placeholder: "Name or number",
    erase: "Erase the last digit",
    pad: "Dial pad",
  },
  act: {
    call: "Call",
    callName: "Call {who}",
    again: "Call again",
    answer: "Answer",
    reject: "Reject",
    hangup: "Hang up",
    cancel: "Cancel",
    close: "Close",
    done: "Done",
    mute: "Mute",
    muteName: "Mute the microphone",
    keys: "Key pad",
    notes: "Notes",
    retry: "Try again",
    play: "Play the sound",
    details: "Details",
    redial: "Last number",
    swap: "End this call and answer",
  },
  call: {
    unknown: "Unknown number",
    talkingTo: "On a call with {who}",
    incomingFrom: "{who} is calling",
    muted: "Your microphone is off",
    heldThere: "The other side has put you on hold",
    heldHere: "You have put the call on hold",
    reconnecting: "The call is kept · {seconds}",
    you: "You",
    them: "Other side",
    digits: "Digits sent",
    heard: "Received",
    info: "About this call",
    notes: "Notes about this call",
    notesHint: "What was agreed, what comes next",
    waiting: "{who} is also calling",
    duration: "Call time",
  },
  button: {
    label: "Call us",
    hint: "Uses your microphone",
    connecting: "Connecting…",
  },
  ended: {
    talked: { what: "Call ended after {time}", next: "" },
    hangup: { what: "Call ended", next: "" },
    busy: { what: "The line is busy", next: "Try again in a few minutes." },
    declined: { what: "The call was not taken", next: "Try again later." },
    "no-answer": { what: "Nobody answered", next: "Try again later." },
    cancelled: { what: "Call cancelled", next: "" },
    missed: { what: "Missed call", next: "You can call back." },
    "not-found": { what: "This number does not exist", next: "Check the number and call again." },
    redirected: { what: "This number has moved", next: "Ask for the new number." },
    auth: { what: "This call is not allowed", next: "Ask the operator of this page to permit it." },
    network: { what: "The connection was lost", next: "Check your internet connection and call again." },
    "no-media": {
      what: "No sound came through",
      next: "Call again. If it happens again, try another network.",
    },
    "media-changed": { what: "The call could not be continued", next: "Call again." },
    "media-failed": {
      what: "No sound connection could be made",
      next: "Call again. If it happens again, try another network.",
    },
    "rejected-here": { what: "Call rejected", next: "" },
    replaced: { what: "The call was taken over on another device", next: "" },
    "server-error": { what: "The call could not be connected", next: "Try again in a few minutes." },
    timeout: { what: "The service does not answer", next: "Try again in a few minutes." },
    internal: {
      what: "Something went wrong on this page",
      next: "Call again. If it happens again, reload the page.",
    },
  },
  /** By `CcSdkErrorCode`: notices, and why there is no registration. */
  code: {
    "microphone-denied": {
      what: "The microphone is blocked",
      next: "Allow it with the symbol beside the page’s address, then try again.",
    },
    "microphone-missing": { what: "No microphone was found", next: "Connect one, then try again." },
    "microphone-busy": {
      what: "The microphone is in use or does not work",
      next: "Close other programs that use it, then try again.",
    },
    "microphone-policy": {
      what: "This page may not use the microphone",
      next: "Open the page in a window of its own, or ask its operator to permit it.",
    },
    "playback-blocked": {
      what: "Your browser is holding the sound back",
      next: "Press the button to hear the call.",
    },
    "webrtc-unsupported": {
      what: "This browser cannot make calls",
      next: "Use a current Chrome, Edge, Firefox or Safari.",
    },
    "insecure-context": {
      what: "Calls need a secure page",
      next: "Open this page with https:// in its address.",
    },
    "token-rejected": { what: "The sign-in was refused", next: "Reload the page to sign in again." },
    "token-expired": { what: "The sign-in has expired", next: "Reload the page to sign in again." },
    "bad-token": { what: "The sign-in was refused", next: "Reload the page to sign in again." },
    "bad-account": { what: "This phone is not set up correctly", next: "Tell the operator of this page." },
    "no-service": { what: "This phone is not set up correctly", next: "Tell the operator of this page." },
    "insecure-server": {
      what: "This phone is not set up correctly",
      next: "Tell the operator of this page.",
    },
    auth: { what: "The sign-in was refused", next: "Reload the page to sign in again." },
    network: {
      what: "The phone service cannot be reached",
      next: "Check your internet connection. It is tried again by itself.",
    },
    "service-unreachable": {
      what: "The phone service cannot be reached",
      next: "Try again in a few minutes.",
    },
    "server-error": { what: "The phone service has a problem", next: "Try again in a few minutes." },
    timeout: { what: "The phone service does not answer", next: "Try again in a few minutes." },
    "not-registered": { what: "There is no connection to the phone service", next: "Try again in a moment." },
    "call-in-progress": { what: "Another call is in progress", next: "End it first, then call." },
    "not-connected": { what: "The call is not connected yet", next: "Wait until somebody answers." },
    "not-incoming": { what: "This call cannot be answered any more", next: "" },
    "call-gone": { what: "The call is already over", next: "" },
    "bad-digit": { what: "This key cannot be sent", next: "Use 0 to 9, * and #." },
    "rate-limited": { what: "Too many calls in a short time", next: "Wait a moment, then call again." },
    "bad-target": { what: "This is not a number that can be called", next: "Check it and call again." },
    "call-refused": { what: "The call was not placed", next: "This page did not consent to it." },
    "microphone-lost": {
      what: "Your microphone has stopped",
      next: "The other side cannot hear you. Check that it is connected, then call again.",
    },
    "no-candidates": {
      what: "This network lets no calls through",
      next: "Try another network, or ask who runs this one.",
    },
    "load-failed": {
      what: "The phone could not be loaded",
      next: "Check your internet connection and reload the page.",
    },
    unregistered: {
      what: "You are not signed in",
      next: "Calls are possible after signing in on this page.",
    },
    offline: {
      what: "No internet connection",
      next: "The phone comes back by itself when you are online again.",
    },
    relinking: { what: "The phone is coming back by itself", next: "" },
    unknown: { what: "Something went wrong", next: "Try again. If it happens again, reload the page." },
  },
  details: { code: "Code {code}", sip: "SIP status {status}", trace: "Call-ID {trace}" },
  ring: { title: "Call from {who}" },
};

/** The texts of a language tag such as `es-MX`; English where the language is not spoken here. */
export function textsFor(language: string): Texts {
  return languageOf(language) === "es" ? spanish : english;
}

/**
 * A language tag that `Intl` takes, whatever a page wrote: `lang=""` and `en_US` are out there.
 */
export function languageTag(wished: string | undefined): string {
  try {
    return Intl.getCanonicalLocales(wished?.replaceAll("_", "-"))[0] ?? "en";
  } catch {
    return "en";
  }
}

/** The language spoken here that comes nearest to a language tag. */
export function languageOf(tag: string): Language {
  return /^es\b/i.test(tag) ? "es" : "en";
}

/** Puts values into the `{names}` of a text. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The message of an error code of whatever origin. */
export function messageOf(texts: Texts, code: string): Message {
  return byCode(texts, code) ?? byCause(texts, code) ?? texts.code.unknown;
}

/** The message of a call's end: a cause, or a code where the call never left. */
export function endingOf(texts: Texts, code: string): Message {
  return byCause(texts, code) ?? byCode(texts, code) ?? texts.ended.internal;
}

function byCode({ code: messages }: Texts, code: string): Message | undefined {
  return (messages as Readonly<Record<string, Message | undefined>>)[code];
}

function byCause({ ended }: Texts, cause: string): Message | undefined {
  return (ended as Readonly<Record<string, Message | undefined>>)[cause];
}
