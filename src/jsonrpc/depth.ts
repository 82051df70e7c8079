/**
 * How deep JSON text is nested.
 *
 * `JSON.parse()` takes any depth, but whatever walks through the value afterwards may run out of stack.
 *
 * @module
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
// [ and { differ in one bit, as ] and } do.
const BRACE_BIT = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/** Up to so many bytes a string is walked through sooner than it is searched. */
const SHORT_STRING = 48;

/**
 * Tells whether JSON text is nested deeper than that. Of what is no JSON it says something, and does not throw.
 *
 * @param bytes JSON text in UTF-8.
 * @param maximum The depth: 0 for a text without arrays and objects.
 * @returns Whether it is deeper.
 */
export function isDeeper(bytes: Uint8Array, maximum: number): boolean {
  const { length } = bytes;
  // Each level takes two brackets. Most texts have fewer, which a native search tells soonest.
  if (length < 2 * (maximum + 1) || !hasBrackets(bytes, maximum + 1)) return false;
  let depth = 0;
  for (let index = 0; index < length; index++) {
    const byte = bytes[index]!;
    if (byte === QUOTE) {
      index = endOfString(bytes, index);
      continue;
    }
    const bracket = byte | BRACE_BIT;
    if (bracket === OPENING) {
      if (++depth > maximum) return true;
    } else if (bracket === CLOSING) depth--;
  }
  return false;
}

/** Tells whether there are so many opening brackets, also where some of them are in strings. */
function hasBrackets(bytes: Uint8Array, count: number): boolean {
  for (const bracket of [OPENING, OPENING & ~BRACE_BIT]) {
    let index = -1;
    while (count > 0 && (index = bytes.indexOf(bracket, index + 1)) >= 0) count--;
  }
  return count === 0;
}

/** The closing quote of a string that begins here. */
function endOfString(bytes: Uint8Array, start: number): number {
  const near = Math.min(start + SHORT_STRING, bytes.length);
  for (let index = start + 1; index < near; index++) {
    const byte = bytes[index]!;
    if (byte === QUOTE) return index;
    if (byte === BACKSLASH) index++;
  }
  // Long strings most often have few escapes, and are passed over in one go.
  for (let end = bytes.indexOf(QUOTE, start + 1);; end = bytes.indexOf(QUOTE, end + 1)) {
    if (end < 0) return bytes.length;
    let backslashes = 0;
    while (bytes[end - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}
