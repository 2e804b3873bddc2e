/**
 * The SDK as a module, with cc_sdk.wasm beside it. Importing it does nothing but define things.
 *
 * What is exported here is all that the element's bundle may take from outside js/element/.
 */
export { Call } from "./call.js";
export type * from "./call.js";
export type * from "./correspondence.js";
export type { CallInfo, Caller, Party, Words } from "./caller.js";
export { CcSdkError } from "./errors.js";
export type * from "./errors.js";
export type { FactEvent, TypedEventTarget } from "./events.js";
export type * from "./facts.js";
export type * from "./options.js";
export type * from "./transfer.js";
export { Phone } from "./phone.js";
export type * from "./phone.js";
export { Publication } from "./publication.js";
export type * from "./publication.js";
export * from "./sdk.js";
export { Subscription } from "./subscription.js";
export type * from "./subscription.js";
export * from "./version.js";
