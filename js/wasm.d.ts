/** Each bundle is given the wasm in its own way (webpack.config.js). */
declare module "#wasm" {
  const wasm: URL | Uint8Array<ArrayBuffer>;
  export default wasm;
}

/** Set by the build. */
declare const __CC_SDK_VERSION__: string;
/** Set by the build: the same for the same sources. */
declare const __CC_SDK_BUILD__: string;
