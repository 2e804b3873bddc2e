import type { EditSdp } from "./options.js";

/**
 * A session description as the page would have it; `what` is `local offer`, `remote answer` and so on.
 *
 * What a page throws here must not reach the core: it is told to `failed`.
 */
export function edited(
  sdp: string,
  what: string,
  call: number,
  edit: EditSdp | undefined,
  failed: (text: string) => void,
): string {
  const [origin, type] = what.split(" ") as ["local" | "remote", "offer" | "answer"];
  try {
    const edited: unknown = edit?.(sdp, { type, origin, call });
    if (edited === undefined || typeof edited === "string") return edited ?? sdp;
    throw new TypeError("editSdp gave no text");
  } catch (thrown) {
    failed(String(thrown));
    return sdp;
  }
}
