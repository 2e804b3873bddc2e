// `npm start`: sets up what is missing, builds the wasm, the bundles and the gateway, and runs it.
// Options behind `--` go to the gateway: `npm start -- --port 9000`.
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ready, say, step } from "./setup.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));

ready();
step("Building the wasm", "npm", ["run", "--silent", "build:wasm"]);
step("Bundling dist/", "npm", ["run", "--silent", "build:js"]);
// Not optimised: it is built in half the time, and is the one that `npm test` needs too.
step("Building the gateway (a few minutes, the first time)", "cargo", ["build", "--package", "cc-gateway"]);
run();

function run() {
  say("Starting the gateway");
  const gateway = spawn(binary(), process.argv.slice(2), { cwd: root, stdio: "inherit" });
  gateway.on("error", (error) => {
    console.error(`The gateway could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  gateway.on("exit", (code, signal) => process.exit(code ?? (signal ? 0 : 1)));
  // Ctrl-C reaches both; the gateway ends its calls first, and we end with it.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => gateway.kill(signal));
}

/** Asks cargo, since CARGO_TARGET_DIR or a configuration may have moved it. */
function binary() {
  const asked = spawnSync("cargo", ["metadata", "--format-version", "1", "--no-deps"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const { target_directory: target } = JSON.parse(asked.stdout);
  const name = process.platform === "win32" ? "cc-gateway.exe" : "cc-gateway";
  return `${target}/debug/${name}`;
}
