/** Where the wasm lies: beside the bundle. Bundlers know this form and take the file along. */
export default new URL("./cc_sdk.wasm", import.meta.url);
