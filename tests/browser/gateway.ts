/** A gateway of the test's own, on a free port of this machine. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";

/** A gateway that runs. */
export interface Gateway {
  /** `http://localhost:PORT`, without a slash at the end. */
  readonly base: string;
  readonly port: number;
  stop(): Promise<void>;
}

const target = process.env.CARGO_TARGET_DIR ?? "target";
const binary = process.env.CC_GATEWAY ?? `${target}/debug/cc-gateway`;

/**
 * Starts the gateway and waits until it listens.
 *
 * @param options further command-line options; `--port 0` unless a port is given.
 */
export async function startGateway(...options: string[]): Promise<Gateway> {
  if (!existsSync(binary)) throw new Error(`${binary} is missing: cargo build -p cc-gateway`);
  const port = options.includes("--port") ? [] : ["--port", "0"];
  const child = spawn(binary, [...port, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  const base = await new Promise<string>((resolve, reject) => {
    const listen = (line: string): void => {
      said.push(line);
      const found = /http:\/\/localhost:\d+/.exec(line);
      if (found) resolve(found[0]);
    };
    createInterface(child.stdout).on("line", listen);
    createInterface(child.stderr).on("line", listen);
    child.once("exit", (code) => {
      reject(new Error(`the gateway ended with ${String(code)}:\n${said.join("\n")}`));
    });
  });
  return { base, port: Number(new URL(base).port), stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}
