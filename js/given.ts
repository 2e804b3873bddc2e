import { CcSdkError } from "./errors.js";
import type { BeforeCall, CallOptions, Token } from "./options.js";

/**
 * Asks for the page's consent to a call. Whatever is not `true` is none, also an error.
 *
 * Rejects with `call-refused`.
 */
export async function consented(ask: BeforeCall | undefined, details: CallOptions): Promise<void> {
  let answer: unknown;
  let cause: unknown;
  try {
    answer = ask ? await ask(details) : true;
  } catch (thrown) {
    cause = thrown;
  }
  if (answer !== true)
    throw new CcSdkError("call-refused", "the page did not consent to the call", { cause });
}

/**
 * The one-time token of a call; none where the page gave none.
 *
 * Rejects with `service-unreachable`, as a registration does, where a function of the page gave none.
 */
export async function onceToken(given: Token | undefined): Promise<string | undefined> {
  if (typeof given !== "function") return given;
  let token: unknown;
  try {
    token = await given();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new CcSdkError("service-unreachable", text, { cause });
  }
  if (typeof token !== "string") {
    throw new CcSdkError("service-unreachable", "the token provider gave no string");
  }
  return token;
}

/** Pages without types give `null`. */
export function orNothing<Options>(options: Options): Options {
  return Object(options) as Options;
}

/** And numbers, or nothing. */
export function textOf(phone: unknown): string {
  return typeof phone === "string" || typeof phone === "number" ? String(phone) : "";
}
