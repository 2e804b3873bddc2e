import type { Call } from "./call.js";
import { SharedCore } from "./core.js";
import { wasmLoader } from "./load.js";
import type { CallOptions, PhoneOptions, PickupOptions, RegisterOptions } from "./options.js";
import { newPhone, type Phone } from "./phone.js";

const shared = new SharedCore(wasmLoader(scriptOrigin()));

/** Makes a phone of its own; all phones of a page share one core. */
export function createPhone(options: PhoneOptions = {}): Phone {
  return newPhone(shared, options);
}

/** The default phone. In the classic script it is `window.ccSdk`. */
export const ccSdk: Phone = createPhone();

/** {@link Phone.register} of the default phone. */
export function register(options: RegisterOptions): Promise<void> {
  return ccSdk.register(options);
}

/** {@link Phone.callPhone} of the default phone. */
export function callPhone(options: CallOptions): Promise<Call> {
  return ccSdk.callPhone(options);
}

/** {@link Phone.pickup} of the default phone. */
export function pickup(options: PickupOptions): Promise<Call> {
  return ccSdk.pickup(options);
}

/** Only a classic script is known to the document while it runs. */
function scriptOrigin(): string | undefined {
  const script = (globalThis as Partial<typeof globalThis>).document?.currentScript;
  const source = script?.getAttribute("src");
  return source ? new URL(source, document.baseURI).origin : undefined;
}
