// The wasm inside a classic script, as a string literal with one character per byte. Brotli sees
// the bytes almost as they are, while base64 hides their patterns (docs/decisions/0003).
//
// Two steps, because a minifier would write most characters as escapes: the loader leaves a mark,
// and the plugin puts the literal in its place when the minifier is done.
import { readFileSync } from "node:fs";

const MARK = "cc_sdk.wasm goes here";

/** The loader of `#wasm`. */
export default function latin1() {
  return `export default Uint8Array.from(${JSON.stringify(MARK)}, (c) => c.charCodeAt(0));`;
}

/** The plugin. */
export class Latin1Wasm {
  #path;

  constructor(path) {
    this.#path = path;
  }

  apply(compiler) {
    const { Compilation, sources } = compiler.webpack;
    const stage = Compilation.PROCESS_ASSETS_STAGE_SUMMARIZE;
    compiler.hooks.thisCompilation.tap("Latin1Wasm", (compilation) => {
      compilation.hooks.processAssets.tap({ name: "Latin1Wasm", stage }, (assets) => {
        for (const name of Object.keys(assets)) {
          compilation.updateAsset(name, (source) => new sources.RawSource(this.#fill(name, source)));
        }
      });
    });
  }

  /** The script with the literal in it, behind a BOM: it decides over the page's charset. */
  #fill(name, source) {
    const parts = source
      .source()
      .toString()
      .split(new RegExp(`["'\`]${MARK}["'\`]`));
    if (parts.length !== 2) throw new Error(`${name}: the wasm has ${parts.length - 1} places`);
    return `\uFEFF${parts.join(literal(readFileSync(this.#path)))}`;
  }
}

/** A JavaScript string literal whose characters are the bytes. */
function literal(bytes) {
  const text = bytes.toString("latin1");
  const escaped = text.replace(/[\\\n\r\0']/g, (character, at) => {
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character !== "\0") return `\\${character}`;
    return /[0-9]/.test(text[at + 1] ?? "") ? "\\x00" : "\\0";
  });
  return `'${escaped}'`;
}
