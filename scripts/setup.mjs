// What a fresh clone needs before anything can be built. Says what it does, and, where a tool is
// missing that it cannot install itself, which command installs it.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const TARGET = "wasm32-unknown-unknown";
const RUSTUP = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";

/** Makes everything ready for `npm run build`. */
export function ready() {
  node();
  tool("cargo", "Rust is missing. Install it with:", RUSTUP);
  tool("cc", "A C compiler is missing. Install it with:", "sudo apt-get install build-essential");
  wasmTarget();
  packages();
}

/** One line of progress. */
export function say(what) {
  console.log(`\u001b[1m▸ ${what}\u001b[0m`);
}

/** Runs a command whose failure ends everything; tells how long it took if one had to wait. */
export function step(what, command, args) {
  say(what);
  const begun = Date.now();
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error || status !== 0) {
    fail(`${what} failed: ${command} ${args.join(" ")}${error ? ` (${error.message})` : ""}`);
  }
  const seconds = Math.round((Date.now() - begun) / 1000);
  if (seconds >= 5) console.log(`  done in ${seconds} s`);
}

function node() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) fail(`Node 20 or newer is needed, this is ${process.versions.node}: https://nodejs.org`);
}

function tool(name, why, how) {
  if (spawnSync(name, ["--version"], { stdio: "ignore" }).error) fail(`${why}\n    ${how}`);
}

/** A `targets` line in rust-toolchain.toml is not enough where rustup may not install by itself. */
function wasmTarget() {
  const sysroot = spawnSync("rustc", ["--print", "sysroot"], { cwd: root, encoding: "utf8" });
  if (sysroot.status !== 0) {
    fail(
      `rustc does not run: ${sysroot.stderr}\nInstall the toolchain with:\n    rustup toolchain install stable`,
    );
  }
  if (existsSync(`${sysroot.stdout.trim()}/lib/rustlib/${TARGET}`)) return;
  tool(
    "rustup",
    `Rust's ${TARGET} target is missing, and there is no rustup to add it. Install it with:`,
    RUSTUP,
  );
  step(`Adding Rust's target ${TARGET}`, "rustup", ["target", "add", TARGET]);
}

/** Again only if the lock is newer than what is installed. */
function packages() {
  const installed = `${root}node_modules/.package-lock.json`;
  const changed = (path) => statSync(path).mtimeMs;
  if (existsSync(installed) && changed(installed) >= changed(`${root}package-lock.json`)) return;
  step("Installing the npm packages", "npm", ["ci", "--no-audit", "--no-fund"]);
}

/** Ends everything with a word of what to do. */
export function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}
