/**
 * The public types say what the wasm's generated ones say. Only compiled, never run: the
 * surface may not name the generated types, since without `pkg/` they turn into `any`.
 */
import type * as sdk from "../../js/index.js";
import type * as wasm from "../../pkg/cc_sdk.js";

type Fits<A, B> = [A] extends [B] ? true : false;
type Is<A, B> = Fits<A, B> extends true ? Fits<B, A> : false;
type Holds<Claim extends true> = Claim;
type Told<Name extends wasm.UaEvent["type"]> = Extract<wasm.UaEvent, { type: Name }>;

export type Claims = [
  Holds<Is<sdk.CallState, wasm.CallState>>,
  Holds<Is<sdk.Direction, wasm.Direction>>,
  Holds<Is<sdk.EndCause, wasm.EndCause>>,
  Holds<Is<sdk.EndedBy, wasm.EndedBy>>,
  Holds<Is<sdk.Registration["state"], wasm.RegistrationState>>,
  Holds<Fits<wasm.EndReason, sdk.EndReason>>,
  Holds<Is<keyof sdk.EndReason, keyof wasm.EndReason>>,
  Holds<Is<keyof sdk.FailureReason, keyof wasm.FailureReason>>,
  Holds<Is<keyof sdk.Registration, Exclude<keyof Told<"registration">, "type">>>,
  Holds<Is<keyof sdk.Warning | "call", Exclude<keyof Told<"warning">, "type">>>,
  Holds<Is<sdk.SubscriptionState, wasm.SubscriptionState>>,
  Holds<Is<sdk.PublicationState, wasm.PublicationState>>,
  Holds<Is<sdk.LineStatus, wasm.LineStatus>>,
  Holds<Fits<wasm.Parsed, sdk.Parsed>>,
  Holds<Is<keyof sdk.WatchedDialog, keyof wasm.WatchedDialog>>,
  Holds<Fits<sdk.SubscribeOptions & { method: "subscribe"; id: number }, wasm.AskCommand>>,
  Holds<Fits<sdk.PublishOptions & { method: "publish"; id: number }, wasm.AskCommand>>,
  Holds<Is<keyof sdk.Account, keyof wasm.Account>>,
  Holds<Fits<sdk.Account, wasm.Account>>,
  Holds<
    Is<Exclude<keyof sdk.PhoneOptions, "playAudio" | "account" | "editSdp"> | "wrapUp", keyof wasm.Configure>
  >,
  Holds<Is<Exclude<keyof sdk.CallOptions, "phone"> | "call" | "target" | "pickup", keyof wasm.DialCommand>>,
];
