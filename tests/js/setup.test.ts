/** Setting a call up: what a page adds, what it is told of the caller, session descriptions. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { asBrowser, callTold, calling, heard, onDuty, ringing, settled } from "./stage.js";

beforeEach(asBrowser);

test("headers and words of the page go with answer, refusal and end", async () => {
  const { phone, core } = await ringing();
  const [call] = phone.calls;
  assert(call);
  const headers = { "X-Agent": "7" };
  call.answer({ headers });
  call.reject(302, { headers: { Contact: "<sip:carol@example.com>" }, reason: "Try Carol" });
  call.hangup({ headers, reason: "the end" });
  assert.deepEqual(core.asked.slice(-3), [
    { type: "answer", call: 1, headers },
    {
      type: "reject",
      call: 1,
      status: 302,
      headers: { Contact: "<sip:carol@example.com>" },
      reason: "Try Carol",
    },
    { type: "hangup", call: 1, headers, reason: "the end" },
  ]);
});

test("a call may show another number", async () => {
  const { core } = await calling({ from: "+12125550199" });
  assert.deepEqual(core.asked.at(-1), { type: "dial", call: 1, target: "9196", from: "+12125550199" });
});

test("settings of the set-up reach the core", async () => {
  const { core } = await onDuty({ redirections: 0, reliableRinging: true, autoAnswer: "asked" });
  const settings = core.said.find(({ command }) => command.type === "configure")?.command;
  const { redirections, reliableRinging, autoAnswer } = { ...settings } as Record<string, unknown>;
  assert.deepEqual([redirections, reliableRinging, autoAnswer], [0, true, "asked"]);
});

test("the page is told who calls", async () => {
  const { phone, core } = await onDuty();
  const party = { uri: "sip:20@example.com", number: "20", displayName: undefined, reason: "no-answer" };
  const caller = {
    asserted: { ...party, reason: undefined },
    verified: "passed" as const,
    private: false,
    diversion: [party],
    callInfo: [{ uri: "https://example.com/bob.png", purpose: "icon" }],
    autoAnswer: 3,
  };
  core.tells(callTold(1, { direction: "incoming", caller }));
  assert.deepEqual(phone.calls[0]?.caller, caller);
});

test("a session description is what the page makes of it", async () => {
  const seen: unknown[] = [];
  const at = await calling();
  assert.equal(at.core.edit(1, 1, "v=0", "local offer"), undefined, "it stays as it is");
  at.phone.configure({
    editSdp: (sdp, what) => {
      seen.push(what);
      return `${sdp}a=x\r\n`;
    },
  });
  assert.equal(at.core.edit(1, 1, "v=0\r\n", "remote answer"), "v=0\r\na=x\r\n");
  assert.deepEqual(seen, [{ type: "answer", origin: "remote", call: 1 }]);
  at.phone.configure({ editSdp: () => undefined });
  assert.equal(at.core.edit(1, 1, "v=0", "local offer"), undefined, "it stays as it is");
  assert.equal(at.core.edit(99, 1, "v=0", "local offer"), undefined, "of nobody's call");
});

test("a hook that fails is a warning, and the description stays as it was", async () => {
  const { phone, core } = await calling();
  const [call] = phone.calls;
  assert(call);
  const warnings = heard(call, "warning");
  const thrower = (): string => {
    throw new Error("no");
  };
  for (const editSdp of [thrower, () => 7 as unknown as string]) {
    phone.configure({ editSdp });
    assert.equal(core.edit(1, 1, "v=0", "local offer"), undefined);
  }
  await settled();
  assert.deepEqual(
    warnings.map((event) => (event as unknown as { code: string }).code),
    ["sdp-not-edited", "sdp-not-edited"],
  );
});
