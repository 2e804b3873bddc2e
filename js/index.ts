/**
 * The SDK as a module, with cc_sdk.wasm beside it. Importing it does nothing but define things.
 *
 * What is exported here is all that the element's bundle may take from outside js/element/.
 */
export { Call } from "./call.js";
export type {
  CallEventMap,
  CallState,
  Direction,
  DigitTransport,
  EndCause,
  EndReason,
  EndedBy,
  Remote,
  Warning,
} from "./call.js";
export { CcSdkError } from "./errors.js";
export type { CcSdkErrorCode, CcSdkErrorDetails } from "./errors.js";
export { factEvent, TypedEventTarget } from "./events.js";
export type { FactEvent } from "./events.js";
export type * from "./options.js";
export { Phone } from "./phone.js";
export type {
  BeforeCall,
  CallStatus,
  FailureReason,
  PhoneEventMap,
  PhoneFacts,
  Registration,
  SeatStatus,
  SettableSeatStatus,
} from "./phone.js";
export { callPhone, ccSdk, createPhone, register } from "./sdk.js";
export { buildId, version } from "./version.js";
