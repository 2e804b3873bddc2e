// Bytes of each stack, bundled and minified by the same tool.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Rows: name, minified, gzip, brotli. */
export async function bundles() {
  const dist = (name) => readFileSync(here(`../dist/${name}`));
  return [
    row("cc-sdk, module and wasm", [dist("index.js"), dist("cc_sdk.wasm")]),
    row("cc-sdk, classic script with the element", [dist("sip-sdk.js")]),
    row("JsSIP", [await bundle('export * from "jssip"')]),
    row("SIP.js, all of it", [await bundle('export * from "sip.js"')]),
    row("SIP.js, SimpleUser only", [
      await bundle('import { Web } from "sip.js"; window.it = Web.SimpleUser;'),
    ]),
  ];
}

async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here("..") },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    logLevel: "error",
  });
  return outputFiles[0].contents;
}

function row(name, files) {
  const sum = (size) => `${(files.reduce((all, file) => all + size(file), 0) / 1000).toFixed(1)} KB`;
  return [
    name,
    sum((it) => it.length),
    sum((it) => gzipSync(it, { level: 9 }).length),
    sum((it) => brotliCompressSync(it).length),
  ];
}
