/** The simulator, as a customer has it: installed from the package, in plain Node. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { clearAway, prepare, project, root, run } from "./project.js";

before(prepare);
after(clearAway);

/** The first block of JavaScript in docs/testing.md, which is a whole file of tests. */
function example(): string {
  const document = readFileSync(join(root, "docs/testing.md"), "utf8");
  const [, code = ""] = /```js\n([\s\S]*?)```/.exec(document) ?? [];
  return code;
}

test("the example of docs/testing.md passes in an empty project", async () => {
  const folder = project("testing", { "call.test.js": example() });
  // Else the inner run takes itself for a part of this one.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const options = ["--test", "--test-reporter", "tap"];
  const { stdout } = await run("node", options, { cwd: folder, env }).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
  assert.match(stdout, /# pass 6\n/);
  assert.match(stdout, /# fail 0\n/);
});

test("without a simulation, importing the simulator changes nothing", async () => {
  const folder = project("testing-idle", {
    "use.mjs": `
      const before = [setTimeout, globalThis.fetch, Date.now, globalThis.WebSocket];
      const { createSimulation } = await import("cc-sdk/testing");
      const after = () => [setTimeout, globalThis.fetch, Date.now, globalThis.WebSocket];
      console.log(after().every((value, at) => value === before[at]));
      const sim = createSimulation();
      console.log(setTimeout === before[0]);
      await sim.end();
      console.log(after().every((value, at) => value === before[at]));
    `,
  });
  const { stdout } = await run("node", ["use.mjs"], { cwd: folder });
  assert.equal(stdout, "true\nfalse\ntrue\n");
});

test("the simulator's types hold under strict without skipLibCheck", async () => {
  const folder = project("testing-types", { "page.ts": typed });
  const flags =
    "--noEmit --strict --skipLibCheck false --target es2022 --lib es2023,esnext.disposable,dom,dom.iterable";
  const options = [...flags.split(" "), "--module", "nodenext", "--moduleResolution", "nodenext"];
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { stdout } = await run("node", [compiler, "page.ts", ...options], { cwd: folder }).catch(
    (error: unknown) => {
      throw new Error((error as { stdout: string }).stdout);
    },
  );
  assert.equal(stdout, "");
});

const typed = `
  import type { Phone } from "cc-sdk";
  import { createSimulation, type Census, type Simulation } from "cc-sdk/testing";

  export async function page(): Promise<Census> {
    const sim: Simulation = createSimulation({ seed: 7 });
    const phone: Phone = sim.phone({ callsAtOnce: 2 });
    await phone.register(sim.account("alice", { register: false }));
    await sim.farSide.calls("alice", { displayName: "Bob" });
    sim.network.faults = { late: 0.1, twice: 0, lost: 0, cut: 0 };
    sim.media.microphone = "denied";
    // @ts-expect-error There is no such microphone.
    sim.media.microphone = "broken";
    await sim.advance(1000);
    await sim.end();
    return sim.census();
  }
`;

test("JavaScript holds no more for the wasm after a hundred calls and a day than after ten calls", async () => {
  const folder = project("testing-held", {
    "use.mjs": `
      import { createSimulation } from "cc-sdk/testing";
      let table;
      for (const name of ["instantiate", "instantiateStreaming"]) {
        const instantiate = WebAssembly[name];
        WebAssembly[name] = async (...given) => {
          const made = await instantiate.apply(WebAssembly, given);
          table = (made.instance ?? made).exports.__wbindgen_externrefs ?? table;
          return made;
        };
      }
      const sim = createSimulation({ seed: 3 });
      const phone = sim.phone();
      await phone.register(sim.account("alice"));
      const held = async (calls, hours) => {
        for (let call = 0; call < calls; call++) {
          const made = await phone.callPhone({ phone: "100" });
          await sim.farSide.answers();
          made.hangup();
          await sim.advance(40_000);
        }
        await sim.advance(hours * 3_600_000);
        const all = Array.from({ length: table.length }, (_, at) => table.get(at));
        return all.filter((it) => typeof it === "function").length;
      };
      console.log(await held(10, 1), await held(90, 24));
      await sim.end();
    `,
  });
  const { stdout } = await run("node", ["use.mjs"], { cwd: folder });
  const [few, many] = stdout.trim().split(" ").map(Number);
  assert.ok(few !== undefined && few > 0 && few === many, stdout);
});

test("random calls of two phones leave nothing behind", async () => {
  const { stdout } = await run("node", ["scripts/simulate.mjs", "--seed", "1", "--calls", "200"], {
    cwd: root,
  });
  assert.match(stdout, /\n0 rounds failed\n/);
});
