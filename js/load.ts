import type { CoreClass, Loader } from "./core.js";

/** Where this script lies, as stacks name it; to tell traps of our wasm from others. */
const here = /\b\w+:\/\/[^\s)]+?(?=:\d+:\d+)/.exec(new Error().stack ?? "")?.[0];

/** Nothing of the wasm and its glue is touched before the first `load`, so that Node can import us. */
export function wasmLoader(origin?: string): Loader {
  let trapped = false;
  return {
    origin,
    async load(): Promise<CoreClass> {
      const glue = await import(/* webpackMode: "eager" */ "../pkg/cc_sdk.js");
      const wasm = await import(/* webpackMode: "eager" */ "#wasm");
      if (trapped) glue.__wbg_reset_state();
      else await glue.default({ module_or_path: wasm.default });
      trapped = false;
      return glue.Core;
    },
    discard(): void {
      trapped = true;
    },
    isTrap(error: unknown): boolean {
      return (
        error instanceof WebAssembly.RuntimeError &&
        (here === undefined || (error.stack ?? "").includes(here))
      );
    },
  };
}
