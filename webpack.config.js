// The bundles of dist/. Five entries, one core: only where the wasm lies differs.
//
//   index.js    ES module, cc_sdk.wasm beside it
//   inline.js   ES module, the wasm inside as base64: survives every bundler that follows
//   element.js  ES module that defines <cc-sdk>; shares the core of index.js
//   testing.js  ES module with the simulator; shares the core of index.js
//   sip-sdk.js  classic script with the element, the wasm inside as a Latin-1 literal
//
// `#wasm` in js/ is what a bundle is given: the URL of the wasm, or its bytes.
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import webpack from "webpack";
import { buildId, version } from "./scripts/build-id.mjs";
import { Latin1Wasm } from "./scripts/latin1.mjs";
import { WasmBeside } from "./scripts/wasm-beside.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const wasm = here("pkg/cc_sdk.wasm");

const common = {
  mode: "production",
  target: ["web", "es2022"],
  devtool: false,
  performance: { hints: false },
  output: { path: here("dist"), filename: "[name].js" },
  resolve: { extensions: [".ts", ".js"], extensionAlias: { ".js": [".ts", ".js"] } },
};

/** Keeps `new URL("./cc_sdk.wasm", import.meta.url)` as it stands, for the next bundler. */
const parser = { javascript: { url: false, importMeta: false } };
const typescript = { test: /\.ts$/, loader: "esbuild-loader", options: { target: "es2022" } };
const constants = () =>
  new webpack.DefinePlugin({
    __CC_SDK_VERSION__: JSON.stringify(version),
    __CC_SDK_BUILD__: JSON.stringify(buildId()),
  });

/** An ES module, `dist/<name>.js`. */
const esModule = ({ name, entry, source, plugins = [], externals = [] }) => ({
  ...common,
  name,
  externals,
  entry: { [name]: here(entry) },
  experiments: { outputModule: true },
  output: { ...common.output, module: true, library: { type: "modern-module" } },
  resolve: { ...common.resolve, alias: { "#wasm": source } },
  module: { parser, rules: [typescript, { test: /\.wasm$/, type: "asset/bytes" }] },
  plugins: [constants(), ...plugins],
});

/**
 * The element's bundle has no core of its own, or a page with both would have two: all that
 * js/element takes from the modules directly in js/ is imported from index.js.
 */
const sharedCore = ({ request, context, contextInfo }, callback) => {
  const outside = request.startsWith(".") && dirname(resolve(context, request)) === here("js");
  return outside && contextInfo.issuer ? callback(null, "module ./index.js") : callback();
};

const classicScript = {
  ...common,
  name: "sip-sdk",
  entry: { "sip-sdk": here("js/global.ts") },
  resolve: { ...common.resolve, alias: { "#wasm": wasm } },
  module: { parser, rules: [typescript, { test: /\.wasm$/, loader: here("scripts/latin1.mjs") }] },
  plugins: [constants(), new Latin1Wasm(wasm)],
};

export default [
  esModule({
    name: "index",
    entry: "js/index.ts",
    source: here("js/wasm-url.ts"),
    plugins: [new WasmBeside(wasm)],
  }),
  esModule({ name: "inline", entry: "js/inline.ts", source: wasm }),
  esModule({
    name: "element",
    entry: "js/element.ts",
    source: here("js/wasm-url.ts"),
    externals: [sharedCore],
  }),
  // For tests of pages, in Node: shares the core of index.js too.
  esModule({
    name: "testing",
    entry: "js/testing.ts",
    source: here("js/wasm-url.ts"),
    externals: [sharedCore],
  }),
  // For www/faces.html only: views without a phone.
  esModule({ name: "faces", entry: "js/element/faces-page.ts", source: here("js/wasm-url.ts") }),
  classicScript,
].filter(({ entry }) => Object.values(entry).every(existsSync));
