/**
 * The public types say what the wasm's generated ones say. Only compiled, never run: the
 * surface may not name the generated types, since without `pkg/` they turn into `any`.
 */
import type * as sdk from "../../js/index.js";
import type * as wasm from "../../pkg/cc_sdk.js";

type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Fits<A, B> = A extends B ? true : false;
type Told<Name extends wasm.UaEvent["type"]> = Extract<wasm.UaEvent, { type: Name }>;

const holds = <Claim extends true>(): Claim | undefined => undefined;

holds<Is<sdk.CallState, wasm.CallState>>();
holds<Is<sdk.Direction, wasm.Direction>>();
holds<Is<sdk.EndCause, wasm.EndCause>>();
holds<Is<sdk.EndedBy, wasm.EndedBy>>();
holds<Is<sdk.Registration["state"], wasm.RegistrationState>>();
holds<Is<Required<sdk.EndReason>, Readonly<wasm.EndReason>>>();
holds<Is<keyof sdk.FailureReason, keyof wasm.FailureReason>>();
holds<Is<keyof sdk.Registration, Exclude<keyof Told<"registration">, "type">>>();
holds<Is<keyof sdk.Warning | "call", Exclude<keyof Told<"warning">, "type">>>();
holds<Is<keyof sdk.Account, keyof wasm.Account>>();
holds<Fits<sdk.Account, wasm.Account>>();
holds<Is<Exclude<keyof sdk.PhoneOptions, "playAudio"> | "wrapUp", keyof wasm.Configure>>();
holds<Is<Exclude<keyof sdk.CallOptions, "phone" | "token"> | "call" | "target", keyof wasm.DialCommand>>();
