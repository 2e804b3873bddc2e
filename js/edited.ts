import type { EditSdp } from "./options.js";

/**
 * A session description as the page would have it, if it has anything to say; `what` is
 * `local offer`, `remote answer` and so on.
 *
 * What a page throws here must not reach the core: it is told to `failed`.
 */
export function edited(
  sdp: string,
  what: string,
  call: number,
  edit: EditSdp | undefined,
  failed: (text: string) => void,
): string | undefined {
  if (!edit) return undefined;
  const [origin, type] = what.split(" ") as ["local" | "remote", "offer" | "answer"];
  try {
    const edited: unknown = edit(sdp, { type, origin, call });
    if (edited === undefined || typeof edited === "string") return edited;
    throw new TypeError("editSdp gave no text");
  } catch (thrown) {
    failed(String(thrown));
    return undefined;
  }
}
