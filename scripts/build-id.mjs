// Version and build id. The id follows from the sources and the wasm alone, so that two builds of
// one commit carry the same id wherever they were made.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

export const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

/** Twelve hexadecimal digits over pkg/cc_sdk.wasm and everything in js/, of this folder. */
export function buildId(folder = root) {
  const hash = createHash("sha256").update(version);
  const sources = readdirSync(`${folder}js`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`);
  for (const path of [`${folder}pkg/cc_sdk.wasm`, ...sources.sort()]) {
    if (existsSync(path)) hash.update(path.slice(folder.length)).update(readFileSync(path));
  }
  return hash.digest("hex").slice(0, 12);
}
