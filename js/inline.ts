/**
 * The SDK as one module with the wasm inside, for bundlers that take no other file along. It has
 * the element too, since `cc-sdk/element` would bring a second core.
 */
export { CcSdkElement } from "./element/element.js";
export * from "./index.js";
