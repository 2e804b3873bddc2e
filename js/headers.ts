/** Header lines by lower-case name, several of a name in one, as RFC 3261 §7.3.1 allows. */
export function byLowerCaseName(lines: readonly (readonly [string, string])[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (const [written, value] of lines) {
    const name = written.toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}
