// Bytes of every artefact, raw, gzip and brotli, against the budgets of what a visitor downloads.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));

/**
 * KB (1000 bytes) of brotli: what we aim at, and what must not be exceeded meanwhile. The ceilings
 * were 101 and 122 for a phone that dials, answers and registers; the features of a complete user
 * agent raised them. From here they only go down: docs/decisions/0006-bytes.md has what takes the
 * bytes.
 */
const BUDGETS = [
  { what: "core (index.js + cc_sdk.wasm)", files: ["index.js", "cc_sdk.wasm"], goal: 46, ceiling: 142 },
  { what: "classic script (sip-sdk.js)", files: ["sip-sdk.js"], goal: 70, ceiling: 164 },
];

if (!existsSync(dist)) {
  console.error("dist/ is missing; build it with `npm run build`");
  process.exit(1);
}

const sizes = new Map(
  readdirSync(dist)
    .filter((name) => /\.(js|wasm)$/.test(name))
    .map((name) => [name, sizesOf(readFileSync(dist + name))]),
);
const width = Math.max(...[...sizes.keys()].map((name) => name.length));
console.log(`${"".padEnd(width)}${["raw", "gzip", "brotli"].map((head) => head.padStart(10)).join("")}`);
for (const [name, { raw, gzip, brotli }] of sizes) {
  console.log(name.padEnd(width) + [raw, gzip, brotli].map((bytes) => String(bytes).padStart(10)).join(""));
}
console.log();
for (const budget of BUDGETS) judge(budget);

function sizesOf(bytes) {
  const options = {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, options).length,
  };
}

function judge({ what, files, goal, ceiling }) {
  const missing = files.filter((name) => !sizes.has(name));
  if (missing.length > 0) {
    console.error(`${what}: ${missing.join(", ")} missing in dist/`);
    process.exitCode = 1;
    return;
  }
  const used = files.reduce((sum, name) => sum + sizes.get(name).brotli, 0) / 1000;
  const over = used - goal;
  const verdict = over > 0 ? `over the goal by ${over.toFixed(1)} KB` : "within";
  console.log(`${what}: ${used.toFixed(1)} KB brotli, goal ${goal} KB, ceiling ${ceiling} KB: ${verdict}`);
  if (used <= ceiling) return;
  console.error(`${what} is past its ceiling`);
  process.exitCode = 1;
}
