/** Messages, subscriptions and publications: what the page asks, and what it is told. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Command } from "../../js/core.js";
import type { CcSdkError } from "../../js/errors.js";
import type { UaEvent } from "../../pkg/cc_sdk.js";
import {
  asBrowser,
  calling,
  codeOf,
  heard,
  misuse,
  onDuty,
  registered,
  settled,
  stage,
  state,
  unregistered,
  type Stage,
} from "./stage.js";

beforeEach(asBrowser);

type Told<Name extends UaEvent["type"]> = Extract<UaEvent, { type: Name }>;

const answered = (id: number, more: Partial<Told<"answered">> = {}): UaEvent => ({
  type: "answered",
  id,
  status: 200,
  reason: undefined,
  headers: [],
  contentType: "",
  body: "",
  ...more,
});
const refused = (id: number, code: string, sipStatus?: number): UaEvent =>
  answered(id, { status: sipStatus, reason: { code, sipStatus, text: undefined } });
const subscription = (id: number, state: Told<"subscription">["state"], code?: string): UaEvent => ({
  type: "subscription",
  id,
  state,
  expiresIn: undefined,
  reason: code === undefined ? undefined : { code, sipStatus: undefined, text: undefined },
});
const publication = (id: number, state: Told<"publication">["state"], code?: string): UaEvent => ({
  type: "publication",
  id,
  state,
  expiresIn: undefined,
  reason: code === undefined ? undefined : { code, sipStatus: undefined, text: undefined },
});
const notified = (id: number | undefined, body: string): UaEvent => ({
  type: "notified",
  id,
  event: "message-summary",
  uri: "sip:vm@example.com",
  contentType: "application/simple-message-summary",
  body,
  parsed: { package: "message-summary", waiting: true, account: undefined, messages: [] },
});

const lastOf = (at: Stage): Command | undefined => at.core.asked.at(-1);

test("a message is asked for and resolves when it was delivered", async () => {
  const at = await onDuty();
  let delivered = false;
  void at.phone.sendMessage("bob", "hello").then(() => (delivered = true));
  await settled();
  assert.deepEqual(lastOf(at), { type: "ask", id: 1, method: "message", target: "bob", body: "hello" });
  assert.equal(delivered, false);
  at.core.tells(answered(1, { status: 202 }));
  await settled();
  assert.equal(delivered, true);
});

test("a message has a type and headers of its own", async () => {
  const at = await onDuty();
  void at.phone.sendMessage("bob", "{}", "application/json");
  void at.phone.sendMessage("bob", "<b>", { contentType: "text/html", headers: { "X-Order": "7" } });
  await settled();
  const [first, second] = at.core.asked.slice(-2);
  assert.equal(first?.type === "ask" && first.contentType, "application/json");
  assert.deepEqual(second?.type === "ask" && second.headers, { "X-Order": "7" });
});

test("a message that was not delivered rejects with the cause, and is an error event", async () => {
  const at = await onDuty();
  const errors = heard(at.phone, "error");
  const sent = at.phone.sendMessage("bob", "hello");
  await settled();
  at.core.tells(refused(1, "not-found", 404));
  await assert.rejects(sent, { code: "not-found", sipStatus: 404 });
  await settled();
  assert.equal(errors.length, 1);
});

test("misuse rejects", async () => {
  const at = await onDuty();
  at.core.meets = ({ type }) => {
    if (type === "ask") throw misuse("too-large");
  };
  assert.equal(await codeOf(at.phone.sendMessage("bob", "hello")), "too-large");
});

test("a message before any register loads the core and waits there", async () => {
  const at = stage();
  void at.phone.sendMessage("bob", "hello");
  await settled();
  assert.deepEqual(
    at.core.said.map(({ command }) => command.type),
    ["configure", "ask"],
  );
});

test("a message inside a call resolves when it was delivered", async () => {
  const at = await calling();
  at.core.tells(state(1, "connected"));
  const [call] = at.phone.calls;
  assert.ok(call);
  const sent = call.sendMessage("hello");
  const asked = lastOf(at);
  assert.ok(asked?.type === "sendCallMessage");
  assert.deepEqual(asked, {
    type: "sendCallMessage",
    call: 1,
    id: asked.id,
    body: "hello",
    contentType: "text/plain",
  });
  at.core.tells(answered(asked.id));
  await sent;
  at.core.meets = () => {
    throw misuse("not-connected");
  };
  assert.equal(await codeOf(call.sendMessage("again")), "not-connected");
});

test("options tell what the far side can do", async () => {
  const at = await onDuty();
  const asked = at.phone.sendOptions("bob");
  await settled();
  assert.deepEqual(lastOf(at), { type: "ask", id: 1, method: "options", target: "bob", headers: undefined });
  at.core.tells(answered(1, { headers: [["Allow", "INVITE"]], contentType: "application/sdp", body: "v=0" }));
  assert.deepEqual(await asked, {
    status: 200,
    headers: { allow: "INVITE" },
    contentType: "application/sdp",
    body: "v=0",
  });
});

test("a message that comes in is an event", async () => {
  const at = await onDuty();
  const messages = heard(at.phone, "message");
  const sender = { number: "bob", displayName: "Bob", uri: "sip:bob@example.com" };
  const content = { to: "sip:alice@example.com", contentType: "text/plain", body: "hi" };
  at.core.tells({ type: "message", ...sender, ...content, headers: [["X-Order", "7"]] });
  assert.equal(messages.length, 1);
  const { from, headers, body } = messages[0] as unknown as Record<string, unknown>;
  assert.deepEqual({ from, headers, body }, { from: sender, headers: { "x-order": "7" }, body: "hi" });
});

test("a subscription tells its state and what the notifier says", async () => {
  const at = await onDuty();
  const mailbox = at.phone.subscribe({ event: "message-summary", expires: 900 });
  assert.equal(mailbox.state, "pending");
  const states = heard(mailbox, "statechange");
  const notices = heard(mailbox, "notify");
  await settled();
  assert.deepEqual(lastOf(at), {
    type: "ask",
    id: 1,
    method: "subscribe",
    event: "message-summary",
    expires: 900,
  });
  at.core.tells(subscription(1, "active"), notified(1, "Messages-Waiting: yes"));
  assert.equal(mailbox.state, "active");
  assert.equal(states.length, 1);
  const [notice] = notices as unknown as { parsed: { waiting: boolean } }[];
  assert.equal(notice?.parsed.waiting, true);
  assert.equal(mailbox.last?.body, "Messages-Waiting: yes");
  mailbox.refresh();
  assert.deepEqual(lastOf(at), { type: "refresh", id: 1 });
  mailbox.unsubscribe();
  assert.deepEqual(lastOf(at), { type: "withdraw", id: 1 });
  at.core.tells(subscription(1, "terminated"));
  assert.equal(mailbox.state, "terminated");
  assert.equal(mailbox.reason, undefined);
  assert.throws(() => mailbox.refresh(), { code: "subscription-gone" });
});

test("a subscription that cannot be asked for is terminated with the reason", async () => {
  const at = await onDuty();
  at.core.meets = ({ type }) => {
    if (type === "ask") throw misuse("too-many");
  };
  const lamp = at.phone.subscribe({ target: "bob", event: "dialog" });
  await settled();
  assert.equal(lamp.state, "terminated");
  assert.equal(lamp.reason?.code, "too-many");
});

test("a subscription that is ended before the core is there is never asked for", async () => {
  const at = stage();
  const lamp = at.phone.subscribe({ target: "bob", event: "dialog" });
  lamp.unsubscribe();
  assert.equal(lamp.state, "terminated");
  await settled();
  assert.deepEqual(at.core.asked, []);
});

test("a notify that nobody asked for is an event of the phone", async () => {
  const at = await onDuty();
  const notices = heard(at.phone, "notify");
  at.core.tells(notified(undefined, "Messages-Waiting: yes"));
  const [notice] = notices as unknown as { event: string; from: string }[];
  assert.deepEqual([notice?.event, notice?.from], ["message-summary", "sip:vm@example.com"]);
});

test("a publication is put, changed and taken back", async () => {
  const at = await onDuty();
  const lamp = at.phone.publish({ event: "lamp", body: "on", contentType: "text/x-lamp" });
  const states = heard(lamp, "statechange");
  await settled();
  const asked = { type: "ask", id: 1, method: "publish", event: "lamp", contentType: "text/x-lamp" };
  assert.deepEqual(lastOf(at), { ...asked, body: "on" });
  at.core.tells(publication(1, "published"));
  assert.equal(lamp.state, "published");
  lamp.update("off", "text/x-lamp");
  await settled();
  assert.deepEqual(lastOf(at), { ...asked, body: "off" });
  lamp.remove();
  await settled();
  assert.deepEqual(lastOf(at), { type: "withdraw", id: 1 });
  at.core.tells(publication(1, "removed"));
  assert.equal(lamp.state, "removed");
  assert.equal(states.length, 2);
});

test("presence is published, changed under the same id, and taken back", async () => {
  const at = await onDuty();
  const open = at.phone.setPresence("open", "in the office");
  await settled();
  const asked = { type: "ask", id: 1, method: "publish", event: "presence" };
  assert.deepEqual(lastOf(at), { ...asked, open: true, body: "in the office" });
  at.core.tells(publication(1, "published"));
  await open;
  const closed = at.phone.setPresence("closed");
  await settled();
  assert.deepEqual(lastOf(at), { ...asked, open: false, body: "" });
  at.core.tells(publication(1, "failed", "auth"));
  assert.equal(await codeOf(closed), "auth");
  await at.phone.setPresence(null);
  assert.deepEqual(lastOf(at), { ...asked, open: false, body: "" }, "there was nothing to take back");
});

test("what is over begins anew under another id, and is not ended twice", async () => {
  const at = await onDuty();
  const lamp = at.phone.subscribe({ target: "bob", event: "dialog" });
  const own = at.phone.publish({ event: "lamp", body: "on" });
  await settled();
  at.core.tells(subscription(1, "terminated", "not-found"), publication(2, "failed", "auth"));
  const asked = at.core.asked.length;
  lamp.unsubscribe();
  own.remove();
  await settled();
  assert.equal(at.core.asked.length, asked);
  own.update("off");
  await settled();
  const again = lastOf(at);
  assert.deepEqual(again?.type === "ask" && [again.id, again.body], [3, "off"]);
});

test("shutdown and a trap leave nothing waiting", async () => {
  for (const end of ["shutdown", "trap"]) {
    const at = await onDuty();
    const sent = codeOf(at.phone.sendMessage("bob", "hello"));
    const lamp = at.phone.subscribe({ target: "bob", event: "dialog" });
    const own = at.phone.publish({ event: "lamp", body: "on" });
    await settled();
    if (end === "shutdown") {
      void at.phone.shutdown();
      await settled();
      at.core.tells(unregistered, { type: "stopped" });
    } else {
      at.core.meets = () => {
        throw new WebAssembly.RuntimeError("unreachable");
      };
      assert.throws(
        () => at.phone.finishWrapUp(),
        (error: CcSdkError) => error.code === "internal",
      );
    }
    const code = end === "shutdown" ? "not-registered" : "internal";
    assert.equal(await sent, code);
    assert.deepEqual([lamp.state, lamp.reason?.code], ["terminated", code]);
    assert.deepEqual([own.state, own.reason?.code], ["failed", code]);
  }
  assert.equal(registered.state, "registered");
});
