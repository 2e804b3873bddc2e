// cc-sdk beside JsSIP and SIP.js in one process: the same messages, the same calls, in turns.
//
//   npm run build && npm run bench            all, some ten minutes
//   npm run bench -- parse call messages      some of it
//
// What is compared is the ratio of two stacks in the same round; the table has medians of the
// rounds. `docs/benchmarks.md` has how to read it.
import { FakeSocket, becomeBrowser } from "./browser.mjs";
import { DESCRIPTION, answer, request } from "./messages.mjs";
import { Server } from "./server.mjs";
import { bundles } from "./bundles.mjs";
import { bytes, micros, quartiles, table } from "./table.mjs";

const SETTLED_MS = 40_000; // The longest timer of a transaction is 32 seconds.

becomeBrowser();
const server = new Server();
FakeSocket.server = server;
const stacks = await Promise.all(["cc-sdk", "jssip", "sip-js"].map((name) => import(`./stacks/${name}.mjs`)));
const [ours] = stacks;
ours.watchMemory();

const parts = { parse, call, messages, concurrent, heap, bundles: bundleBytes };
const wished = process.argv.slice(2);
for (const [name, part] of Object.entries(parts)) {
  if (wished.length === 0 || wished.includes(name)) await part();
}
process.exit();

/** Time that the process spent so far, in microseconds: other programs of the machine do not count. */
function spentSoFar() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Time of one `act()` in microseconds. */
async function measure(times, act) {
  const begun = spentSoFar();
  for (let time = 0; time < times; time++) {
    const pending = act();
    if (pending) await pending;
  }
  return (spentSoFar() - begun) / times;
}

/** Time of one `act(stack)`, each round with every stack in another order, all of them warm. */
async function rounds(count, times, warmth, act) {
  const spent = new Map(stacks.map((stack) => [stack, []]));
  for (const stack of stacks) await measure(warmth, () => act(stack));
  for (let round = 0; round < count; round++) {
    const turn = round % stacks.length;
    for (const stack of [...stacks.slice(turn), ...stacks.slice(0, turn)]) {
      spent.get(stack).push(await measure(times, () => act(stack)));
    }
  }
  return spent;
}

function row(what, spent) {
  const all = stacks.map((stack) => quartiles(spent.get(stack)));
  const ratios = stacks.slice(1).map((stack) => {
    const each = spent.get(stack).map((time, round) => time / spent.get(ours)[round]);
    return `${quartiles(each).median.toFixed(1)} ×`;
  });
  return [what, ...all.map(({ low, median, high }) => micros(median, low, high)), ...ratios];
}

async function parse() {
  const invite = request("INVITE", {
    number: 1,
    cseq: 1,
    uri: "sip:alice@example.com",
    to: "<sip:alice@example.com>",
  });
  const messages = [
    ["INVITE", invite],
    ["200", answer(invite, 200, "OK", DESCRIPTION)],
  ];
  const parsers = new Map();
  for (const stack of stacks) parsers.set(stack, await stack.parser());
  const rows = [];
  for (const [what, text] of messages) {
    const read = stacks.map((stack) => parsers.get(stack)(text));
    if (new Set(read).size > 1) throw new Error(`the parsers read different things: ${read}`);
    if (rows.length === 0) {
      const cold = new Map();
      for (const stack of stacks) cold.set(stack, [await measure(100, () => void parsers.get(stack)(text))]);
      rows.push(row(`${what}, the first 100`, cold));
    }
    const spent = await rounds(11, 300, 3000, (stack) => void parsers.get(stack)(text));
    rows.push(row(`${what}, ${text.length} bytes`, spent));
  }
  table("Parsing, µs a message", rows, stacks);
}

/** A phone of each stack, with its connection. */
async function phones() {
  const made = new Map();
  for (const stack of stacks) {
    const ua = await stack.phone();
    made.set(stack, { ua, socket: server.take(), up: [] });
  }
  return made;
}

async function makesCall({ ua }) {
  const call = await ua.dial();
  const ended = server.endOfCall();
  ua.hangUp(call);
  await ended;
}

async function takesCall({ socket }) {
  await server.hangsUp(await server.calls(socket));
}

async function call() {
  const made = await phones();
  const rows = [
    row("as caller", await rounds(11, 50, 500, (stack) => makesCall(made.get(stack)))),
    row("as callee", await rounds(11, 50, 500, (stack) => takesCall(made.get(stack)))),
  ];
  for (const { ua } of made.values()) await ua.stop();
  table("One whole call, INVITE to BYE, µs", rows, stacks);
}

async function messages() {
  const made = await phones();
  const rows = [];
  for (const calls of [1, 10, 100, 1000, 10_000]) {
    for (const phone of made.values()) {
      while (phone.up.length < calls) phone.up.push(await server.calls(phone.socket));
    }
    let turn = 0;
    const spent = await rounds(11, 100, 500, (stack) => {
      turn = (turn + 7919) % calls;
      return server.asksWithin(made.get(stack).up[turn]);
    });
    rows.push(row(`${calls} calls up`, spent));
  }
  table("An OPTIONS within a call and its answer, µs", rows, stacks);
}

/** Bytes of the JavaScript heap and of what lies beside it, once all garbage is gone. */
async function held(stack) {
  for (let time = 0; time < 3; time++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed + external - stack.outside(), wasm: stack.outside() };
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
}

async function concurrent() {
  const CALLS = 1000;
  const rows = [];
  for (const stack of stacks) {
    const phone = await stack.phone();
    const socket = server.take();
    await takesCall({ socket });
    await pause();
    const before = await held(stack);
    const begun = spentSoFar();
    const calls = await Promise.all(Array.from({ length: CALLS }, () => server.calls(socket)));
    const setup = (spentSoFar() - begun) / CALLS;
    await pause();
    const after = await held(stack);
    const perCall = (what) => bytes((after[what] - before[what]) / CALLS);
    rows.push([stack.name, micros(setup), perCall("heap"), perCall("wasm")]);
    for (const call of calls) await server.hangsUp(call);
    await phone.stop();
  }
  table(`${CALLS} calls at once`, rows, ["µs to set one up", "JS heap a call", "wasm memory a call"]);
}

async function heap() {
  const CALLS = 10_000;
  const rows = [];
  for (const stack of stacks) {
    const phone = await stack.phone();
    const socket = server.take();
    const both = async (calls) => {
      for (let call = 0; call < calls; call += 2) {
        await makesCall({ ua: phone });
        await takesCall({ socket });
      }
      await pause();
      return held(stack);
    };
    // What is kept for good, and room for as many transactions at once, is there after as many calls.
    const first = await both(CALLS);
    const second = await both(CALLS);
    const growth = (what) => bytes(second[what] - first[what]);
    rows.push([stack.name, bytes(second.heap), growth("heap"), bytes(second.wasm), growth("wasm")]);
    await phone.stop();
  }
  const heads = ["JS heap after", "growth", "wasm memory after", "growth"];
  table(`${CALLS} calls one after the other, and as many again`, rows, heads);
}

async function bundleBytes() {
  table("Bytes that a page downloads", await bundles(), ["minified", "gzip", "brotli"]);
}
