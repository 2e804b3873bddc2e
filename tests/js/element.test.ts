/** The element over a phone whose core a test plays. */
import "./dom.js";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { CcSdkElement } from "../../js/element/element.js";
import type { Phone } from "../../js/phone.js";
import {
  asBrowser,
  calling,
  callTold,
  define,
  ended,
  misuse,
  onDuty,
  registered,
  ringing,
  settled,
  stage,
  state,
  status,
  unregistered,
  type Stage,
} from "./stage.js";

CcSdkElement.define();

beforeEach(() => {
  asBrowser();
  define({ navigator: { mediaDevices: {}, onLine: true } });
});
afterEach(() => {
  document.body.replaceChildren();
});

async function shown(phone: Phone, attributes: Record<string, string> = {}): Promise<CcSdkElement> {
  const element = document.createElement("cc-sdk");
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.phone = phone;
  document.body.append(element);
  await settled();
  return element;
}

function inside(element: CcSdkElement, selector: string): HTMLInputElement {
  const found = element.shadowRoot?.querySelector<HTMLInputElement>(selector);
  if (!found) throw new Error(`the element shows no ${selector}`);
  return found;
}
const has = (element: CcSdkElement, selector: string): boolean =>
  !!element.shadowRoot?.querySelector(selector);
const text = (element: CcSdkElement): string => element.shadowRoot?.textContent ?? "";

async function press(element: CcSdkElement, act: string, detail = 1): Promise<void> {
  const event = new MouseEvent("click", { bubbles: true, composed: true, detail });
  inside(element, `[data-act="${act}"]`).dispatchEvent(event);
  await settled();
}

async function strike(element: CcSdkElement, key: string, on: HTMLElement = element): Promise<void> {
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));
  await settled();
}

async function type(element: CcSdkElement, number: string): Promise<HTMLInputElement> {
  const field = inside(element, "[data-input=number]");
  field.value = number;
  field.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  await settled();
  return field;
}

/** All that an element dispatches under these names, as `[type, detail]`. */
function told(element: Element, ...names: string[]): [string, unknown][] {
  const heard: [string, unknown][] = [];
  for (const name of names) {
    element.addEventListener(name, (event) => heard.push([name, (event as CustomEvent<unknown>).detail]));
  }
  return heard;
}

async function tell(at: Stage, ...events: Parameters<Stage["core"]["tells"]>): Promise<void> {
  at.core.tells(...events);
  await settled();
}

test("the face follows the registration", async () => {
  const at = stage();
  const element = await shown(at.phone);
  assert.equal(element.getAttribute("state"), "unregistered");
  void at.phone.register({ token: "a.b.c" });
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(element.getAttribute("state"), "loading");
  await settled();
  await tell(at, { ...registered, state: "registering" });
  assert.equal(element.getAttribute("state"), "registering");
  await tell(at, registered);
  assert.equal(element.getAttribute("state"), "ready");
  await tell(at, { type: "reconnecting", retryInMs: 1000, attempt: 1 });
  assert.equal(element.getAttribute("state"), "relinking");
  await tell(at, { type: "reconnected" });
  assert.equal(element.getAttribute("state"), "ready");
  await tell(at, unregistered);
  assert.equal(element.getAttribute("state"), "unregistered");
});

test("a refused registration says why and what to do", async () => {
  const at = stage();
  const element = await shown(at.phone);
  void at.phone.register({ token: "a.b.c" }).catch(() => undefined);
  await settled();
  const reason = { code: "token-rejected", sipStatus: 403, text: "Forbidden" };
  await tell(at, { type: "registration", state: "failed", expiresIn: undefined, reason });
  assert.equal(element.getAttribute("state"), "failed");
  assert.match(text(element), /The sign-in was refused/);
});

test("an SDK that cannot be loaded is told although the core never began", async () => {
  const at = stage();
  const element = await shown(at.phone);
  at.loader.load = () => Promise.reject(new Error("no wasm"));
  await at.phone.register({ token: "a.b.c" }).catch(() => undefined);
  await settled();
  assert.equal(element.getAttribute("state"), "failed");
});

test("a typed number is called by Enter, and the face is there before the core answers", async () => {
  const at = await onDuty();
  const element = await shown(at.phone);
  const field = await type(element, "Tel. +34 600-123-456");
  await strike(element, "Enter", field);
  assert.equal(element.getAttribute("state"), "calling");
  assert.match(text(element), /\+34 600 123 456/);
  assert.deepEqual(at.core.asked.at(-1), { type: "dial", call: 1, target: "+34 600 123 456" });
});

test("a number that is refused stays in the field and is explained", async () => {
  const at = await onDuty();
  const element = await shown(at.phone);
  at.core.meets = ({ type }) => {
    if (type === "dial") throw misuse("bad-target");
  };
  await type(element, "hello you");
  await press(element, "call");
  assert.equal(element.getAttribute("state"), "ready");
  assert.equal(inside(element, "[data-input=number]").value, "hello you");
  assert.match(text(element), /not a number that can be called/);
});

test("a number that could not be reached stays, one that was reached goes", async () => {
  const at = await onDuty();
  const element = await shown(at.phone);
  await type(element, "9196");
  await press(element, "call");
  await tell(at, callTold(1), status(1, 1), ended(1, { cause: "busy", sipStatus: 486 }));
  await press(element, "close");
  assert.equal(inside(element, "[data-input=number]").value, "9196");
  await press(element, "call");
  await tell(at, callTold(2), status(2, 1), state(2, "connected"), ended(2));
  await press(element, "close");
  assert.equal(inside(element, "[data-input=number]").value, "");
});

test("a call goes through its faces, and the end says why", async () => {
  const at = await calling();
  const element = await shown(at.phone);
  assert.equal(element.getAttribute("state"), "calling");
  for (const face of ["ringing", "early", "connected", "reconnecting", "connected"] as const) {
    await tell(at, state(1, face));
    assert.equal(element.getAttribute("state"), face);
  }
  await tell(at, { type: "callHeld", call: 1, local: false, remote: true });
  assert.equal(element.getAttribute("state"), "held");
  await tell(at, ended(1, { cause: "network", by: "network" }));
  assert.equal(element.getAttribute("state"), "ended");
  assert.match(text(element), /The connection was lost/);
  await press(element, "close");
  assert.equal(element.getAttribute("state"), "ready");
});

test("hanging up before the core knows of the call lets none ring", async () => {
  const at = await onDuty();
  const element = await shown(at.phone);
  at.phone.beforeCall = () =>
    new Promise((resolve) =>
      setTimeout(() => {
        resolve(true);
      }, 1),
    );
  const left = element.callPhone({ phone: "9196" });
  left.catch(() => undefined);
  await Promise.resolve();
  await Promise.resolve();
  await press(element, "hangup");
  assert.equal(element.getAttribute("state"), "ready");
  await settled();
  await tell(at, callTold(1));
  assert.deepEqual(at.core.asked.at(-1), { type: "hangup", call: 1 });
});

test("an incoming call shows who calls, and is answered or rejected", async () => {
  const at = await ringing();
  const element = await shown(at.phone);
  assert.equal(element.getAttribute("state"), "incoming");
  assert.match(text(element), /bob is calling/);
  await press(element, "answer");
  assert.deepEqual(at.core.asked.at(-1), { type: "answer", call: 1 });
  await press(element, "reject");
  assert.equal(at.core.asked.at(-1)?.type, "reject");
});

test("a name from the wire stays text", async () => {
  const at = await onDuty();
  const element = await shown(at.phone);
  const displayName = `<img src=x onerror="alert(1)">`;
  await tell(at, callTold(1, { direction: "incoming", displayName, info: "<b>bold</b>" }));
  assert.ok(text(element).includes(displayName));
  assert.ok(!has(element, "img, b"));
});

test("the second press of a double press does nothing on what came under it", async () => {
  const at = await ringing();
  const element = await shown(at.phone);
  await press(element, "answer", 1);
  await tell(at, state(1, "connected"));
  const asked = at.core.asked.length;
  await press(element, "hangup", 2);
  assert.equal(at.core.asked.length, asked);
  await press(element, "hangup", 1);
  assert.deepEqual(at.core.asked.at(-1), { type: "hangup", call: 1 });
});

test("the same key pressed quickly twice counts twice", async () => {
  const at = await onDuty();
  const element = await shown(at.phone);
  await press(element, "key-5", 1);
  await press(element, "key-5", 2);
  assert.equal(inside(element, "[data-input=number]").value, "55");
});

test("a refused microphone is told while the call rings on", async () => {
  const at = await ringing();
  const element = await shown(at.phone);
  await press(element, "answer");
  await tell(at, state(1, "answering"));
  await tell(at, state(1, "incoming"), {
    type: "warning",
    code: "microphone-denied",
    text: "denied",
    call: 1,
    header: undefined,
    offset: undefined,
  });
  assert.equal(element.getAttribute("state"), "incoming");
  assert.match(text(element), /The microphone is blocked/);
});

test("keys in a call are sent as digits and shown with what comes back", async () => {
  const at = await calling();
  const element = await shown(at.phone);
  await tell(at, state(1, "connected"));
  await press(element, "keys");
  await press(element, "key-1");
  await strike(element, "#");
  assert.deepEqual(at.core.asked.slice(-2), [
    { type: "sendDigits", call: 1, digits: "1" },
    { type: "sendDigits", call: 1, digits: "#" },
  ]);
  await tell(at, { type: "callMessage", call: 1, contentType: "text/plain", body: "You pressed 1 #" });
  assert.match(text(element), /1#.*You pressed 1 #/s);
});

test("M mutes, and the button tells that it is pressed", async () => {
  const at = await calling();
  const element = await shown(at.phone);
  await tell(at, state(1, "connected"));
  await strike(element, "m");
  assert.deepEqual(at.core.asked.at(-1), { type: "mute", call: 1, muted: true });
  await tell(at, { type: "callMuted", call: 1, muted: true });
  assert.equal(inside(element, "[data-act=mute]").getAttribute("aria-pressed"), "true");
});

test("shortcuts are switched off by attribute", async () => {
  const at = await calling();
  const element = await shown(at.phone, { shortcuts: "off" });
  await tell(at, state(1, "connected"));
  const asked = at.core.asked.length;
  await strike(element, "m");
  assert.equal(at.core.asked.length, asked);
});

test("time after a call is for notes, which the page gets when it is done", async () => {
  const at = await calling();
  const element = await shown(at.phone);
  const notes = told(element, "cc-notes");
  await tell(at, state(1, "connected"), ended(1), { type: "seatStatus", status: 4 });
  assert.equal(element.getAttribute("state"), "wrap-up");
  const field = inside(element, "[data-input=notes]");
  field.value = "calls back on Monday";
  field.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  await press(element, "close");
  assert.equal((notes[0]?.[1] as { notes: string }).notes, "calls back on Monday");
  assert.deepEqual(at.core.asked.at(-1), { type: "finishWrapUp" });
});

test("noWorkMode, isRemark and isInformation switch their parts off", async () => {
  const at = await onDuty();
  const element = await shown(at.phone);
  await tell(at, callTold(1, { info: "order 7" }), state(1, "connected"));
  assert.ok(has(element, "[part=info]") && has(element, "[data-act=notes]"));
  void at.phone.register({ token: "a.b.c", isInformation: false, isRemark: false });
  await settled();
  assert.ok(!has(element, "[part=info]") && !has(element, "[data-act=notes]"));
});

test("the language is what register tells, else the page's, else English", async () => {
  const at = stage();
  const element = await shown(at.phone, { lang: "es-MX" });
  assert.match(text(element), /No ha iniciado sesión/);
  void at.phone.register({ token: "a.b.c", lang: "en" }).catch(() => undefined);
  await settled();
  assert.match(text(element), /Getting ready/);
});

test("a call is shown on a page that names no language, as the CC SDK document does", async () => {
  const at = await calling();
  document.documentElement.lang = "";
  const element = await shown(at.phone);
  await tell(at, state(1, "connected"));
  assert.match(text(element), /0:0\d|\d:\d\d/);
});

test("the button becomes the call and offers another after it", async () => {
  const at = await onDuty();
  const element = await shown(at.phone, {
    mode: "button",
    phone: "9196",
    info: "web",
    label: "Call the shop",
  });
  assert.equal(inside(element, "[data-act=call]").textContent, "Call the shop");
  await press(element, "call");
  assert.deepEqual(at.core.asked.at(-1), { type: "dial", call: 1, target: "9196", info: "web" });
  assert.match(text(element), /Connecting…/);
  await tell(at, callTold(1), status(1, 1), state(1, "connected"));
  assert.ok(has(element, "[part=timer]"));
  await tell(at, ended(1));
  assert.equal(inside(element, "[data-act=again]").textContent, "Call again");
});

test("a visitor's seat has no time after calls", async () => {
  const at = await calling();
  await shown(at.phone, { mode: "button" });
  await tell(at, state(1, "connected"), ended(1), { type: "seatStatus", status: 4 });
  assert.deepEqual(at.core.asked.at(-1), { type: "finishWrapUp" });
});

test("title and icon tell of an incoming call and are given back", async () => {
  document.title = "Team";
  const at = await ringing();
  await shown(at.phone);
  assert.equal(document.title, "Call from bob");
  assert.equal(document.head.querySelectorAll("link[rel=icon]").length, 1);
  await tell(at, state(1, "connected"));
  assert.equal(document.title, "Team");
  assert.equal(document.head.querySelectorAll("link[rel=icon]").length, 0);
});

test("an element that left the page follows nothing, and one that comes back shows what is", async () => {
  const at = await calling();
  const element = await shown(at.phone);
  const events = told(element, "onCall");
  element.remove();
  await tell(at, state(1, "connected"), status(1, 3));
  assert.equal(element.getAttribute("state"), "calling");
  assert.deepEqual(events, []);
  document.body.append(element);
  await settled();
  assert.equal(element.getAttribute("state"), "connected");
});

test("a page without WebRTC is told at once", async () => {
  define({ RTCPeerConnection: undefined });
  const element = await shown(stage().phone);
  assert.equal(element.getAttribute("state"), "unsupported");
  assert.match(text(element), /This browser cannot make calls/);
  assert.ok(inside(element, "[data-act=call]").hasAttribute("disabled"));
});

test("a page that is not secure is told at once", async () => {
  define({ isSecureContext: false });
  const element = await shown(stage().phone);
  assert.match(text(element), /Calls need a secure page/);
});

test("without a connection to the internet the element says so", async () => {
  const window = asBrowser();
  define({ navigator: { mediaDevices: {}, onLine: true } });
  const at = await onDuty();
  const element = await shown(at.phone);
  define({ navigator: { mediaDevices: {}, onLine: false } });
  window.dispatchEvent(new Event("offline"));
  await settled();
  assert.equal(element.getAttribute("state"), "offline");
});
