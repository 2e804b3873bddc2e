/** Calls without registration: an account that only calls, and one-time tokens. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { PickupOptions } from "../../js/options.js";
import {
  asBrowser,
  callTold,
  codeOf,
  ended,
  heard,
  onDuty,
  registered,
  settled,
  stage,
  status,
} from "./stage.js";

beforeEach(asBrowser);

const account = { uri: "sip:guest@example.com", servers: ["wss://edge.example.com"], register: false };

test("a token of a call goes with the call and registers nothing", async () => {
  const at = stage();
  void at.phone.callPhone({ phone: "9196", token: "once" });
  await settled();
  const [dial, ...others] = at.core.asked;
  assert.deepEqual(others, []);
  assert.ok(dial?.type === "dial" && dial.target === "9196" && dial.token === "once" && !dial.pickup);
});

test("a function that gives the token is asked once for each call, after consent", async () => {
  const at = await onDuty();
  let asked = 0;
  const token = (): Promise<string> => Promise.resolve(`once-${String(++asked)}`);
  at.phone.beforeCall = () => false;
  assert.equal(await codeOf(at.phone.callPhone({ phone: "9196", token })), "call-refused");
  assert.equal(asked, 0);
  at.phone.beforeCall = undefined;
  void at.phone.callPhone({ phone: "9196", token });
  await settled();
  const dial = at.core.asked.at(-1);
  assert.ok(dial?.type === "dial" && dial.token === "once-1");
});

test("a function that gives no token makes no call", async () => {
  const at = await onDuty();
  const nothing = undefined as unknown as string;
  for (const token of [() => Promise.reject(new Error("offline")), () => Promise.resolve(nothing)]) {
    assert.equal(await codeOf(at.phone.callPhone({ phone: "9196", token })), "service-unreachable");
  }
  assert.equal(
    at.core.asked.some(({ type }) => type === "dial"),
    false,
  );
});

test("who is asked for consent is not shown the token", async () => {
  const at = await onDuty();
  at.phone.beforeCall = (details) => {
    assert.equal("token" in details, false);
    return true;
  };
  void at.phone.callPhone({ phone: "9196", token: "once" });
  await settled();
  assert.equal(at.core.asked.at(-1)?.type, "dial");
});

test("the phone's own account is taken up by the first call, once", async () => {
  const at = stage({ account, tokenHeader: "X-Token" });
  void at.phone.callPhone({ phone: "9196", token: "once" });
  await settled();
  assert.deepEqual(
    at.core.said.map(({ command }) => command.type),
    ["configure", "register", "dial"],
  );
  const [configure, register] = at.core.said.map(({ command }) => command);
  assert.ok(configure?.type === "configure" && configure.tokenHeader === "X-Token");
  assert.equal("account" in configure, false);
  assert.deepEqual(register, { type: "register", account });
  at.core.tells(registered, callTold(1), status(1, 1), ended(1));
  void at.phone.callPhone({ phone: "9196" });
  await settled();
  assert.equal(at.core.asked.filter(({ type }) => type === "register").length, 1);
});

test("a page that registers by itself is registered so, whatever account the phone has", async () => {
  const at = stage({ account });
  void at.phone.register({ token: "a.b.c" });
  await settled();
  void at.phone.callPhone({ phone: "9196" });
  await settled();
  assert.deepEqual(
    at.core.asked.map(({ type }) => type),
    ["register", "dial"],
  );
});

test("an account that only calls settles when its link is up", async () => {
  const at = stage();
  let done = false;
  void at.phone.register({ account }).then(() => (done = true));
  await settled();
  assert.equal(done, false);
  at.core.tells({ type: "started" }, { ...registered, expiresIn: undefined });
  await settled();
  assert.equal(done, true);
  assert.deepEqual(at.phone.registration, { state: "registered", expiresIn: undefined, reason: undefined });
});

test("a pick-up takes any phone, also an empty one, and goes out like a call", async () => {
  for (const phone of ["bob", ""]) {
    const at = stage({ account });
    const left = at.phone.pickup({ phone, token: "once", info: "push 7" });
    await settled();
    const dial = at.core.asked.at(-1);
    assert.ok(
      dial?.type === "dial" && dial.pickup === true && dial.token === "once" && dial.info === "push 7",
    );
    assert.equal(dial.target, phone);
    at.core.tells(callTold(1), status(1, 1));
    assert.equal((await left).id, 1);
  }
});

test("a pick-up without a phone, or without a token, is refused before anything is loaded", async () => {
  const at = stage({ account });
  const errors = heard(at.phone, "error");
  for (const phone of [null, undefined]) {
    const options = { phone, token: "once" } as unknown as PickupOptions;
    assert.equal(await codeOf(at.phone.pickup(options)), "bad-target");
  }
  const options = { phone: "bob" } as PickupOptions;
  assert.equal(await codeOf(at.phone.pickup(options)), "bad-token");
  assert.equal(errors.length, 3);
  assert.equal(at.loader.cores.length, 0);
});

test("the phone keeps no token", async () => {
  const at = stage({ account });
  void at.phone.pickup({ phone: "bob", token: "one-time-secret" });
  await settled();
  at.core.tells(callTold(1), status(1, 1));
  await settled();
  assert.equal(JSON.stringify([at.phone, at.phone.calls, at.phone.options]).includes("secret"), false);
});

test("the end of a registration that nears is an event", async () => {
  const at = await onDuty();
  const events = heard(at.phone, "registrationexpiring") as (Event & { expiresIn?: number })[];
  at.core.tells({ type: "registrationExpiring", expiresIn: 120 });
  assert.equal(events[0]?.expiresIn, 120);
});
