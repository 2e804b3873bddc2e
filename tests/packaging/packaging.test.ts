/**
 * What is published, as others get it: packed, installed into empty projects and built there.
 *
 * Needs `npm run build` before.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import nodeResolve from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import * as vite from "vite";
import webpack from "webpack";
import { buildId } from "../../scripts/build-id.mjs";
import { clearAway, packedFiles, prepare, project, root, run } from "./project.js";

before(prepare);
after(clearAway);

const page = (from: string): string => `
  import { CcSdkError, ccSdk, createPhone, register, version } from "${from}";
  const phone = createPhone({ service: location.origin });
  phone.addEventListener("incoming", ({ call }) => call.answer());
  globalThis.page = { CcSdkError, ccSdk, phone, register, version };
`;

const pageWithElement = `import "cc-sdk/element";${page("cc-sdk")}`;

/** All files below `folder` that match. */
function found(folder: string, ending: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => ending.test(path));
}

/** The bundle names the wasm that lies in the output. */
function assertWasmBeside(output: string): void {
  const [wasm, ...others] = found(output, /\.wasm$/);
  assert.ok(wasm, "no wasm in the output");
  assert.deepEqual(others, []);
  const scripts = found(output, /\.m?js$/).map((path) => readFileSync(join(output, path), "utf8"));
  const name = wasm.split("/").at(-1) ?? "";
  assert.ok(
    scripts.some((script) => script.includes(name)),
    `no script names ${name}`,
  );
}

/** The bundle holds the wasm: base64 of the magic number and version 1. */
function assertWasmInside(output: string): void {
  assert.deepEqual(found(output, /\.wasm$/), []);
  const scripts = found(output, /\.m?js$/).map((path) => readFileSync(join(output, path), "utf8"));
  assert.ok(scripts.some((script) => script.includes("AGFzbQEAAAA")));
}

test("the package holds what its exports name, and nothing of the sources", () => {
  const paths = packedFiles();
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, string | { types: string; default: string }>;
  };
  for (const target of Object.values(exports)) {
    for (const path of typeof target === "string" ? [target] : [target.types, target.default]) {
      assert.ok(paths.includes(path.slice(2)), `${path} is not packed`);
    }
  }
  assert.deepEqual(
    paths.filter((path) => /^(js|pkg|src|tests|gateway|node_modules)\/|faces/.test(path)),
    [],
  );
});

test("every script that is published says of what build it is", () => {
  const scripts = packedFiles().filter((path) => /^dist\/(index|inline|sip-sdk)\.js$/.test(path));
  assert.equal(scripts.length, 3);
  for (const path of packedFiles().filter((path) => path.endsWith(".js"))) {
    const script = readFileSync(join(root, path), "utf8");
    assert.ok(!/unbuilt|__CC_SDK_BUILD__/.test(script), path);
    if (scripts.includes(path)) assert.ok(script.includes(`"${buildId()}"`), path);
  }
});

test("importing any of the modules in Node does not throw", async () => {
  const folder = project("node", {});
  for (const name of ["index", "inline", "element"]) {
    const url = pathToFileURL(join(folder, `node_modules/cc-sdk/dist/${name}.js`)).href;
    const script = `const sdk = await import(${JSON.stringify(url)}); console.log(Object.keys(sdk).join())`;
    const { stdout } = await run("node", ["--input-type=module", "--eval", script]);
    assert.match(stdout, name === "element" ? /CcSdkElement/ : /CcSdkError,/);
  }
});

test("using it in Node rejects with a typed error", async () => {
  const folder = project("node-use", {
    "use.mjs": `
      import { register } from "cc-sdk";
      register({ token: "a.b.c" }).catch((error) => console.log(error.name, error.code));
    `,
  });
  const { stdout } = await run("node", ["use.mjs"], { cwd: folder });
  assert.equal(stdout.trim(), "CcSdkError webrtc-unsupported");
});

test("the element shares the core of the module", () => {
  const element = readFileSync(join(root, "dist/element.js"), "utf8");
  assert.match(element, /from\s*["']\.\/index\.js["']/);
  assert.doesNotMatch(element, /cc_sdk\.wasm/);
});

test("vite takes the wasm along", async () => {
  const folder = project("vite", {
    "index.html": '<!doctype html><script type="module" src="./page.js"></script>',
    "page.js": pageWithElement,
  });
  await vite.build({ root: folder, configFile: false, logLevel: "error", build: { outDir: "out" } });
  assertWasmBeside(join(folder, "out"));
});

test("webpack takes the wasm along", async () => {
  const folder = project("webpack", { "page.js": pageWithElement });
  await webpackBuild({
    mode: "production",
    context: folder,
    entry: "./page.js",
    output: { path: join(folder, "out") },
  });
  assertWasmBeside(join(folder, "out"));
});

for (const from of ["vite", "webpack"] as const) {
  test(`${from} builds the module with everything inside`, async () => {
    const folder = project(`${from}-inline`, {
      "index.html": '<!doctype html><script type="module" src="./page.js"></script>',
      "page.js": page("cc-sdk/inline"),
    });
    const output = join(folder, "out");
    if (from === "vite") {
      await vite.build({ root: folder, configFile: false, logLevel: "error", build: { outDir: "out" } });
    } else {
      await webpackBuild({
        mode: "production",
        context: folder,
        entry: "./page.js",
        output: { path: output },
      });
    }
    assertWasmInside(output);
  });
}

test("rollup builds the module with everything inside", async () => {
  const folder = project("rollup", { "page.js": page("cc-sdk/inline") });
  const warnings: string[] = [];
  const bundle = await rollup({
    input: join(folder, "page.js"),
    plugins: [nodeResolve({ browser: true })],
    onwarn: ({ message }) => warnings.push(message),
  });
  await bundle.write({ dir: join(folder, "out"), format: "es" });
  await bundle.close();
  assert.deepEqual(warnings, []);
  assertWasmInside(join(folder, "out"));
});

test("esbuild builds the module with everything inside", async () => {
  const folder = project("esbuild", { "page.js": page("cc-sdk/inline") });
  const { warnings } = await esbuild.build({
    absWorkingDir: folder,
    entryPoints: ["page.js"],
    bundle: true,
    minify: true,
    format: "esm",
    outdir: "out",
    logLevel: "silent",
  });
  assert.deepEqual(warnings, []);
  assertWasmInside(join(folder, "out"));
});

test("the types hold under strict without skipLibCheck, and misuse is found", async () => {
  const folder = project("types", { "page.ts": typed });
  const options =
    "--noEmit --strict --skipLibCheck false --exactOptionalPropertyTypes --noUncheckedIndexedAccess";
  for (const resolution of [
    "--module esnext --moduleResolution bundler",
    "--module nodenext --moduleResolution nodenext",
  ]) {
    const compiler = [join(root, "node_modules/typescript/bin/tsc"), "page.ts"];
    const flags = `${options} --target es2022 --lib es2022,dom,dom.iterable ${resolution}`.split(" ");
    const { stdout } = await run("node", [...compiler, ...flags], { cwd: folder }).catch((error: unknown) => {
      throw new Error((error as { stdout: string }).stdout);
    });
    assert.equal(stdout, "");
  }
});

const typed = `
  import { Call, CcSdkError, callPhone, ccSdk, createPhone, register, version } from "cc-sdk";
  import type { Account, CallState, CcSdkErrorCode, EndCause, Phone, RegisterOptions } from "cc-sdk";
  import type { Phone as SamePhone } from "cc-sdk/inline";
  import { CcSdkElement } from "cc-sdk/element";

  type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
  const holds = <T extends true>(): T | undefined => undefined;

  // Nothing of the surface has become any.
  holds<Is<0 extends 1 & Call ? true : false, false>>();
  holds<Is<0 extends 1 & Phone ? true : false, false>>();
  holds<Is<0 extends 1 & CcSdkError["code"] ? true : false, false>>();
  holds<Is<Phone, SamePhone>>();

  const account: Account = { uri: "sip:alice@example.com", servers: ["wss://edge.example.com/sip"] };
  const phone: Phone = createPhone({ service: "https://example.com", playAudio: false });
  phone.beforeCall = ({ phone }) => phone !== "911";
  phone.addEventListener("incoming", ({ call }) => {
    const incoming: Call = call;
    incoming.answer();
  });
  phone.addEventListener("registrationfailed", ({ reason }) => {
    const code: CcSdkErrorCode = reason.code;
    return code;
  });
  // @ts-expect-error There is no such event to be told so.
  phone.addEventListener("incoming", ({ number }) => number);
  // @ts-expect-error Either a token or an account.
  void register({ token: "a.b.c", account });
  // @ts-expect-error One of them is needed.
  void register({});
  // @ts-expect-error Calls are made by phones.
  new Call();
  const options: RegisterOptions = { token: () => Promise.resolve("a.b.c"), noWorkMode: true, lang: "es" };

  export async function page(): Promise<string> {
    try {
      await register(options);
      await ccSdk.register({ account });
      const call = await callPhone({ phone: "+1 (212) 555-0123", info: "order 7" });
      call.addEventListener("statechange", ({ state }) => {
        const seen: CallState = state;
        return seen;
      });
      call.addEventListener("digit", ({ digit }) => digit.length);
      call.sendDigits("12#,4", { transport: "info" });
      const cause: EndCause | undefined = call.endReason?.cause;
      // @ts-expect-error Facts are told, not set.
      call.state = "ended";
      return cause ?? version;
    } catch (error) {
      return error instanceof CcSdkError ? error.code : "other";
    }
  }

  const element: CcSdkElement = document.createElement("cc-sdk");
  element.phone = phone;
`;

function webpackBuild(configuration: webpack.Configuration): Promise<void> {
  return new Promise((done, fail) => {
    webpack({ performance: { hints: false }, ...configuration }, (error, stats) => {
      if (error) fail(error);
      else if (!stats || stats.hasErrors() || stats.hasWarnings())
        fail(new Error(stats?.toString("errors-warnings")));
      else done();
    });
  });
}
