import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Call, CallFacts } from "../../js/call.js";
import type { UaEvent } from "../../pkg/cc_sdk.js";
import { asBrowser, callTold, codeOf, ended, heard, misuse, onDuty, settled, type Stage } from "./stage.js";

beforeEach(asBrowser);

type Step = Extract<UaEvent, { type: "callTransfer" }>;

const step = (state: Step["state"], more: Partial<Step> = {}): UaEvent => ({
  type: "callTransfer",
  call: 1,
  state,
  target: "1003",
  other: undefined,
  sipStatus: undefined,
  cause: undefined,
  ...more,
});

const request: UaEvent = {
  type: "callTransferRequest",
  call: 1,
  number: "1003",
  displayName: "Carol",
  uri: "sip:1003@example.com",
  referredBy: "sip:bob@example.com",
  expiresIn: 20,
};

async function talking(): Promise<Stage & { call: Call; other: Call }> {
  const at = await onDuty({ callsAtOnce: 2 });
  at.core.tells(callTold(1), callTold(2));
  const [call, other] = at.phone.calls;
  assert.ok(call && other);
  return Object.assign(at, { call, other });
}

test("a transfer goes to the core, and settles when it was taken there", async () => {
  const { call, core } = await talking();
  const events = heard(call, "transfer");
  let settledAs = "";
  void call.transfer("1003", { headers: { "X-Why": "lunch" } }).then(() => (settledAs = "taken"));
  assert.deepEqual(core.asked.at(-1), {
    type: "transfer",
    call: 1,
    target: "1003",
    headers: { "X-Why": "lunch" },
  });
  core.tells(step("requested"), step("trying"), step("ringing", { sipStatus: 180 }));
  await settled();
  assert.equal(settledAs, "");
  core.tells(step("accepted", { sipStatus: 200 }), ended(1, { by: "local", cause: "replaced" }));
  await settled();
  assert.equal(settledAs, "taken");
  const steps = (events as unknown as CallFacts["transfer"][]).map(({ state, to }) => [state, to]);
  assert.deepEqual(
    steps,
    ["requested", "trying", "ringing", "accepted"].map((state) => [state, "1003"]),
  );
});

test("a transfer to another call names that call", async () => {
  const { call, other, core } = await talking();
  void call.transfer(other, { progress: false });
  assert.deepEqual(core.asked.at(-1), { type: "transfer", call: 1, other: 2, progress: false });
});

test("a transfer that fails rejects with its cause and status", async () => {
  const { call, core } = await talking();
  const failed = assert.rejects(call.transfer("1003"), { code: "busy", sipStatus: 486 });
  core.tells(step("failed", { sipStatus: 486, cause: "busy" }));
  await failed;
});

test("misuse rejects, and a page that ignores it sees no unhandled rejection", async () => {
  const { call, core } = await talking();
  core.meets = () => {
    throw misuse("transfer-in-progress");
  };
  assert.equal(await codeOf(call.transfer("1003")), "transfer-in-progress");
  void call.transfer("1003");
  await settled();
});

test("a transfer of a call that is lost with the core rejects", async () => {
  const { call, core } = await talking();
  const code = codeOf(call.transfer("1003"));
  core.tells(ended(1, { by: "system", cause: "internal" }));
  assert.equal(await code, "internal");
});

test("what the far side asks for is accepted or refused by the event itself", async () => {
  const { call, core } = await talking();
  const events = heard(call, "transferrequest");
  core.tells(request);
  const asked = events[0] as unknown as CallFacts["transferrequest"];
  const { number, displayName, uri, referredBy, expiresIn } = asked;
  assert.deepEqual(
    [number, displayName, uri, referredBy, expiresIn],
    ["1003", "Carol", "sip:1003@example.com", "sip:bob@example.com", 20],
  );
  asked.accept();
  asked.reject();
  asked.reject(486);
  assert.deepEqual(core.asked.slice(-3), [
    { type: "acceptTransfer", call: 1 },
    { type: "refuseTransfer", call: 1, status: 603 },
    { type: "refuseTransfer", call: 1, status: 486 },
  ]);
});

test("a call that takes another further is told of, and does not ring", async () => {
  const at = await talking();
  const events = heard(at.phone, "call", "incoming");
  at.core.tells(callTold(3, { direction: "incoming", continues: 1 }));
  assert.deepEqual(
    events.map(({ type }) => type),
    ["call"],
  );
  assert.equal(at.phone.calls.at(-1)?.continues, 1);
  assert.equal(at.call.continues, undefined);
});

test("what is done with transfers is a setting", async () => {
  const { core } = await onDuty({ acceptTransfers: true });
  const configured = core.said.find(({ command }) => command.type === "configure")?.command;
  assert.ok(configured?.type === "configure" && configured.acceptTransfers === true);
});
