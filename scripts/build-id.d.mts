export const version: string;
/** Of the sources and the wasm in `folder`, which ends with a slash; of this one unless told. */
export function buildId(folder?: string): string;
