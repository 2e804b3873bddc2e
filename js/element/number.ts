/** What people paste into a number field, made into something that can be called and read. */

const invisible = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const separators = /[\s\u00a0\u2000-\u200a./\-\u2010-\u2015\u2212]+/g;
const number = /[+(]?\d[\d\s()./\-\u00a0\u2000-\u200a\u2010-\u2015\u2212*#]*/;

/**
 * Takes a number out of pasted text: «Tel.: +34 600-123-456» becomes `+34 600 123 456`.
 *
 * SIP and tel URIs and user names (`0705C245_001`) stay as they are. Text without anything that
 * could be called comes back trimmed, so that nothing a person entered is lost.
 */
export function tidy(pasted: string): string {
  const text = pasted
    .normalize("NFKC")
    .replace(invisible, "")
    .replace(/\p{Nd}/gu, asciiDigit)
    .trim();
  if (/^(sips?|tel):|@/i.test(text)) return text.replace(/\s+/g, "");
  if (/^[*#\d]+$/.test(text) || /^[\w.\-+~]*\p{L}[\w.\-+~]*$/u.test(text)) return text;
  const found = number.exec(text)?.[0];
  if (found === undefined) return text;
  return found
    .replace(/\(0\)/, " ")
    .replace(separators, " ")
    .replace(/\s*([()])\s*/g, spaced)
    .trim();
}

/** The characters of `text` that a phone can send as digits. */
export function digitsOf(text: string): string {
  return text.toUpperCase().replace(/[^0-9*#A-D]/g, "");
}

/** Up to two letters that stand for a name; nothing where there is no name. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  return picked
    .map((word) => String.fromCodePoint(word?.codePointAt(0) ?? 0))
    .join("")
    .toUpperCase();
}

function spaced(_: string, bracket: string): string {
  return bracket === "(" ? " (" : ") ";
}

/** Every script's decimal digits lie in runs of ten that begin at a multiple of their zero. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let zero = code;
  while (zero > code - 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String((code - zero) % 10);
}
