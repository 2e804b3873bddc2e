import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** Puts the wasm beside the bundle, under the name that its URL in js/wasm-url.ts has. */
export class WasmBeside {
  #path;

  constructor(path) {
    this.#path = path;
  }

  apply(compiler) {
    const { RawSource } = compiler.webpack.sources;
    compiler.hooks.thisCompilation.tap("WasmBeside", (compilation) => {
      compilation.hooks.processAssets.tap("WasmBeside", () => {
        compilation.emitAsset(basename(this.#path), new RawSource(readFileSync(this.#path)));
      });
    });
  }
}
