// The tests of src/web/ in headless Chromium: tests/web.rs, run by wasm-bindgen's test runner.
//
// The runner has to match wasm-bindgen's version exactly; it is built once, in a minute, into
// target/tools.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fail, step } from "./setup.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const [, version] = /^wasm-bindgen = "=(.+)"$/m.exec(readFileSync(`${root}Cargo.toml`, "utf8")) ?? [];
if (!version) fail("Cargo.toml pins no version of wasm-bindgen");
const tools = `${root}target/tools/${version}`;
const runner = `${tools}/bin/wasm-bindgen-test-runner`;

if (!existsSync(runner)) {
  const install = ["install", "wasm-bindgen-cli", "--version", version, "--locked", "--debug"];
  step("Building wasm-bindgen's test runner", "cargo", [
    ...[...install, "--quiet", "--bin", "wasm-bindgen-test-runner", "--root", tools],
  ]);
}

const chromedriver = process.env.CHROMEDRIVER ?? "/usr/bin/chromedriver";
if (!existsSync(chromedriver)) {
  fail("chromedriver is missing. Install it with:\n    sudo apt-get install chromium chromium-driver");
}
const { status } = spawnSync(
  "cargo",
  ["test", "--package", "cc-sdk", "--target", "wasm32-unknown-unknown", "--test", "web"],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      CHROMEDRIVER: chromedriver,
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: runner,
      RUST_BACKTRACE: "0",
      // Enough for a busy machine.
      WASM_BINDGEN_TEST_TIMEOUT: "120",
    },
  },
);
process.exit(status ?? 1);
