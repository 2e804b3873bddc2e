import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { asBrowser, calling, define, ended, heard, onDuty, callTold, settled } from "./stage.js";

let allowed = true;
let players: FakeAudio[] = [];
let page = new EventTarget();

class FakeAudio {
  srcObject: unknown = null;
  plays = 0;

  constructor() {
    players.push(this);
  }

  play(): Promise<void> {
    this.plays += 1;
    return allowed ? Promise.resolve() : Promise.reject(new DOMException("blocked", "NotAllowedError"));
  }
}

beforeEach(() => {
  asBrowser();
  allowed = true;
  players = [];
  page = new EventTarget();
  define({ Audio: FakeAudio, document: page });
});

const sound = {} as MediaStream;

test("the far side is played until the call ends", async () => {
  const at = await calling();
  at.core.streams.set(1, sound);
  at.core.tells({ type: "callTrack", call: 1 });
  assert.equal(at.phone.calls[0]?.remoteStream, sound);
  assert.equal(players[0]?.srcObject, sound);
  assert.equal(players[0].plays, 1);
  at.core.tells(ended(1));
  assert.equal(players[0].srcObject, null);
});

test("another stream of the same call goes to the same player", async () => {
  const at = await calling();
  at.core.streams.set(1, sound);
  at.core.tells({ type: "callTrack", call: 1 }, { type: "callTrack", call: 1 });
  assert.equal(players.length, 1);
});

test("a page may play by itself", async () => {
  const at = await onDuty({ playAudio: false });
  at.core.streams.set(1, sound);
  at.core.tells(callTold(1, { direction: "incoming" }), { type: "callTrack", call: 1 });
  assert.equal(players.length, 0);
});

test("blocked playback warns once and is cured by the next press", async () => {
  allowed = false;
  const at = await calling();
  const call = at.phone.calls[0];
  assert.ok(call);
  const warnings = heard(call, "warning");
  const changes: boolean[] = [];
  at.phone.addEventListener("playbackchange", ({ blocked }) => changes.push(blocked));
  at.core.streams.set(1, sound);
  at.core.tells({ type: "callTrack", call: 1 });
  await settled();
  page.dispatchEvent(new Event("keydown"));
  await settled();
  assert.equal(at.phone.playbackBlocked, true);
  allowed = true;
  page.dispatchEvent(new Event("pointerup"));
  await settled();
  assert.equal(at.phone.playbackBlocked, false);
  assert.deepEqual(changes, [true, false]);
  assert.deepEqual(
    warnings.map((event) => (event as Event & { code: string }).code),
    ["playback-blocked"],
  );
  await settled();
  const before = players[0]?.plays;
  page.dispatchEvent(new Event("pointerup"));
  assert.equal(players[0]?.plays, before);
});

test("a blocked call that ends leaves nothing to cure", async () => {
  allowed = false;
  const at = await calling();
  at.core.streams.set(1, sound);
  at.core.tells({ type: "callTrack", call: 1 });
  await settled();
  at.core.tells(ended(1));
  assert.equal(at.phone.playbackBlocked, false);
});
