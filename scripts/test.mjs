// Everything that must hold, in the order in which a failure is cheapest to find.
//
//   npm test                 all of it
//   npm test -- browser      one step, or several
//   npm test -- --list       their names
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fail, ready } from "./setup.mjs";

const target = process.env.CARGO_TARGET_DIR ?? "target";

/** Node's test runner over TypeScript; one file at a time where a browser is started. */
const nodeTests = (folder, ...options) => [
  "node",
  ["--import", "tsx", "--test", ...options, ...files(`tests/${folder}`)],
];

const steps = {
  format: [["cargo", ["fmt", "--all", "--check"]]],
  wasm: [["npm", ["run", "--silent", "build:wasm"]]],
  check: [["npm", ["run", "--silent", "check"]]],
  bundles: [["npm", ["run", "--silent", "build:js"]]],
  size: [["node", ["scripts/size.mjs"]]],
  shim: [nodeTests("js")],
  clippy: [
    ["cargo", ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]],
    [
      "cargo",
      "clippy --quiet -p cc-sdk --target wasm32-unknown-unknown --lib --test web -- -D warnings".split(" "),
    ],
  ],
  rust: [["cargo", ["test", "--quiet", "--workspace"]]],
  fuzz: [["node", ["scripts/fuzz.mjs"]]],
  docs: [["cargo", ["doc", "--quiet", "--workspace", "--no-deps"], { RUSTDOCFLAGS: "-D warnings" }]],
  driver: [["node", ["scripts/wasm-test.mjs"]]],
  browser: [nodeTests("browser", "--test-concurrency=1")],
  packaging: [nodeTests("packaging", "--test-concurrency=1")],
};

const asked = process.argv.slice(2);
if (asked.includes("--list")) {
  console.log(Object.keys(steps).join("\n"));
  process.exit(0);
}
const unknown = asked.filter((name) => !(name in steps));
if (unknown.length > 0) fail(`no such step: ${unknown.join(", ")} (npm test -- --list names them)`);

ready();
const results = [];
for (const [name, commands] of Object.entries(steps)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n── ${name}`);
  const began = Date.now();
  const passed = commands.every((command) => run(...command));
  results.push({ name, passed, seconds: Math.round((Date.now() - began) / 1000) });
}

console.log("");
for (const { name, passed, seconds } of results) {
  console.log(`${passed ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
}
const failed = results.filter(({ passed }) => !passed).length;
console.log(`\nsteps: ${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function files(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
    .map((name) => `${folder}/${name}`);
}

function run(program, options, environment = {}) {
  const env = { ...process.env, CARGO_TARGET_DIR: target, ...environment };
  return spawnSync(program, options, { stdio: "inherit", env }).status === 0;
}
