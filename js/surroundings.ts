import { CcSdkError } from "./errors.js";
import type { Token } from "./options.js";

/** Refuses where no call is possible, before anything is loaded or asked. */
export function requireBrowser(): void {
  if ((globalThis as { isSecureContext?: boolean }).isSecureContext === false) {
    throw new CcSdkError("insecure-context", "calls need https:, or http: on localhost");
  }
  const { RTCPeerConnection, WebSocket, navigator } = globalThis as Partial<typeof globalThis>;
  if (!RTCPeerConnection || !WebSocket || !(navigator as Partial<Navigator> | undefined)?.mediaDevices) {
    throw new CcSdkError("webrtc-unsupported", "this browser cannot make calls");
  }
}

const confirmed = new Set<string>();

/**
 * The origin that served the script, if a service says that it lives there: no token is ever
 * posted to a mere host of files. A token that holds its account needs no service, so none is asked.
 */
export async function serviceFor(
  token: Token | undefined,
  origin: string | undefined,
): Promise<string | undefined> {
  const opaque =
    typeof token === "function" ||
    (typeof token === "string" && !/^(Bearer )?[\w-]+(\.[\w-]+){2}$/i.test(token));
  if (!opaque || origin === undefined) return undefined;
  if (!confirmed.has(origin) && (await answers(origin))) confirmed.add(origin);
  return confirmed.has(origin) ? origin : undefined;
}

async function answers(origin: string): Promise<boolean> {
  try {
    const response = await fetch(`${origin}/.well-known/cc-sdk`, { credentials: "omit", redirect: "error" });
    // Many hosts answer any path with a page.
    return response.ok && /\bjson\b/.test(response.headers.get("content-type") ?? "");
  } catch {
    return false;
  }
}
