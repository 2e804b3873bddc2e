// Plays random calls of two phones in the simulator, against the built package.
//
//   npm run simulate -- --seed 7 --calls 1000
//   npm run simulate -- --seed 7 --only 31      one round again, with its ladder
//
// Needs `npm run build` before. After each round every call has told `ended` once, every promise
// has settled, and no call, peer connection, track, connection or timer is left.
import { parseArgs } from "node:util";
import { createSimulation } from "cc-sdk/testing";

const NONE = { late: 0, twice: 0, lost: 0, cut: 0 };
const BAD = { late: 0.1, twice: 0.05, lost: 0.01, cut: 0.005 };
const WORST = { late: 0.3, twice: 0.1, lost: 0.08, cut: 0.03 };

const { values } = parseArgs({
  options: { seed: { type: "string" }, calls: { type: "string" }, only: { type: "string" } },
});
const seed = Number(values.seed ?? 1);
const wanted = Number(values.calls ?? 200);
const sum = { calls: 0, talked: 0, rounds: 0, failed: 0, virtual: 0 };
const began = Date.now();

if (values.only !== undefined) await play(Number(values.only), true);
else for (let round = 0; sum.calls < wanted; round += 1) await play(round, false);

const seconds = ((Date.now() - began) / 1000).toFixed(1);
console.log(
  `seed ${seed}: ${sum.calls} calls (${sum.talked} were talking) in ${sum.rounds} rounds, ` +
    `${Math.round(sum.virtual / 60_000)} minutes of virtual time, ${seconds} s`,
);
console.log(`${sum.failed} rounds failed`);
process.exitCode = sum.failed > 0 ? 1 : 0;

/** One page with two phones, some dozens of happenings, and the end. */
async function play(round, isTold) {
  const sim = createSimulation({ seed: seed * 1_000_003 + round });
  const wrong = [];
  const log = new Map();
  const promises = new Set();
  const phones = ["alice", "bob"].map((user) => watch(sim.phone(), user));

  function watch(phone, user) {
    phone.addEventListener("call", ({ call }) => {
      const fact = { ended: 0, talked: false, user };
      log.set(call, fact);
      call.addEventListener("statechange", ({ state }) => {
        if (fact.ended > 0) wrong.push(`${user}: call ${call.id} is ${state} after its end`);
        if (state === "ended") fact.ended += 1;
        fact.talked ||= state === "connected";
      });
    });
    return { phone, user };
  }

  /** Keeps a promise in view until it has settled. */
  function follows(act) {
    try {
      const promise = act();
      if (!(promise instanceof Promise)) return;
      promises.add(promise);
      const done = () => promises.delete(promise);
      promise.then(done, done);
    } catch {
      // Misuse is an answer too: persons are late.
    }
  }

  sum.rounds += 1;
  try {
    for (const { phone, user } of phones) follows(() => phone.register(sim.account(user)));
    await loaded(sim);
    sim.network.faults = sim.chance.pick([NONE, NONE, BAD, WORST]);
    sim.farSide.ringsAtOnce = true;
    const happenings = 5 + sim.chance.below(35);
    for (let n = 0; n < happenings; n += 1) {
      await happens(sim, sim.chance.pick(phones), follows);
      await sim.advance(sim.chance.pick([0, 5, 40, 300, 1000, 3000, 20_000, 100_000]));
    }
    sim.network.faults = NONE;
    await sim.network.restore();
    await sim.end();
    for (const [call, { ended, user }] of log) {
      if (ended !== 1) wrong.push(`${user}: call ${call.id} told its end ${ended} times`);
    }
    for (const [what, count] of Object.entries(sim.census())) {
      if (count !== 0) wrong.push(`${what} left: ${count}`);
    }
    if (promises.size > 0) wrong.push(`${promises.size} promises have not settled`);
  } catch (error) {
    wrong.push(error.stack);
    await sim.end().catch(() => undefined);
  }
  sum.virtual += sim.now;
  for (const { talked } of log.values()) sum.talked += talked ? 1 : 0;
  sum.calls += [...log.keys()].filter(({ direction }) => direction === "outgoing").length;
  if (isTold) console.log(sim.ladder);
  if (wrong.length === 0) return;
  sum.failed += 1;
  console.log(`round ${round} fails: ${wrong.join("; ")}`);
  console.log(`again: npm run simulate -- --seed ${seed} --only ${round}`);
}

/** The wasm is read from the disk, which is no part of virtual time. */
async function loaded(sim) {
  for (let turns = 0; sim.network.connections < 2 && turns < 100_000; turns += 1) await turn();
  await sim.settled();
}

async function happens(sim, { phone }, follows) {
  const { chance } = sim;
  const call = chance.pick([...phone.calls, undefined]);
  if (chance.happens(0.04)) return breaks(sim);
  if (phone.calls.some(({ state }) => state === "incoming") && chance.happens(0.4)) {
    return follows(() => phone.calls.find(({ state }) => state === "incoming").answer());
  }
  if (call) {
    const act = chance.pick([
      ...(call.direction === "incoming" && call.state === "incoming"
        ? [() => call.answer(), () => call.answer(), () => call.answer(), () => call.reject()]
        : [() => call.hangup()]),
      () => call.mute(),
      () => call.unmute(),
      () => call.hold(),
      () => call.resume(),
      () => call.sendDigits("12#"),
      () => call.sendMessage("hello"),
    ]);
    return follows(act);
  }
  if (chance.happens(0.1)) {
    return follows(
      chance.pick([
        () => phone.unregister(),
        () => phone.register(sim.account(chance.pick(["alice", "bob"]))),
        () => phone.setSeatStatus(5),
        () => phone.setSeatStatus(2),
        () => phone.finishWrapUp(),
      ]),
    );
  }
  const { farSide } = sim;
  if (chance.happens(farSide.openCalls > 0 ? 0.6 : 0.2)) {
    const acts = [
      () => farSide.answers(),
      () => farSide.answers(),
      () => farSide.busy(),
      () => farSide.hangsUp(),
      () => farSide.holds(),
      () => farSide.says("hello"),
      () => farSide.sendsDigits("7"),
      () => farSide.cancels(),
      () => farSide.calls(chance.pick(["alice", "bob"])),
    ];
    // It has no such call, perhaps.
    return chance
      .pick(acts)()
      .catch(() => undefined);
  }
  follows(() => phone.callPhone({ phone: chance.pick(["alice", "bob", "bob", "100"]) }));
}

function breaks(sim) {
  const acts = [
    () => sim.network.cut(),
    () => sim.network.drop(),
    () => sim.network.restore(),
    () => sim.network.freeze(),
    () => sim.server.restarts(),
    () => sim.media.disconnect(),
    () => sim.media.reconnect(),
    () => sim.media.fail(),
    () => sim.media.unplug(),
    () => (sim.media.microphone = sim.chance.pick(["granted", "denied", "missing"])),
    () => (sim.media.connects = sim.chance.happens(0.7)),
    () => sim.server.refuses(sim.chance.pick(["INVITE", "BYE", "REGISTER"]), 503),
  ];
  return sim.chance.pick(acts)();
}

function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}
