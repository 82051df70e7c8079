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

/** Up to so many characters a string is walked through sooner than it is searched. */
const SHORT_STRING = 48;

/**
 * Tells whether JSON text is nested deeper than that. Of what is no JSON it says something, and does not throw.
 *
 * @param text JSON text.
 * @param maximum The depth: 0 for a text without arrays and objects.
 * @returns Whether it is deeper.
 */
export function isDeeper(text: string, maximum: number): boolean {
  const { length } = text;
  // Each level takes two brackets. Most texts have fewer, which a native search tells soonest.
  if (length < 2 * (maximum + 1) || !hasBrackets(text, maximum + 1)) return false;
  let depth = 0;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index);
      continue;
    }
    const bracket = code | BRACE_BIT;
    if (bracket === OPENING) {
      if (++depth > maximum) return true;
    } else if (bracket === CLOSING) depth--;
  }
  return false;
}

/** Tells whether there are so many opening brackets, also where some of them are in strings. */
function hasBrackets(text: string, count: number): boolean {
  for (const bracket of ["{", "["]) {
    let index = -1;
    while (count > 0 && (index = text.indexOf(bracket, index + 1)) >= 0) count--;
  }
  return count === 0;
}

/** The closing quote of a string that begins here. */
function endOfString(text: string, start: number): number {
  const near = Math.min(start + SHORT_STRING, text.length);
  for (let index = start + 1; index < near; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code === BACKSLASH) index++;
  }
  // Long strings most often have few escapes, and are passed over in one go.
  for (let end = text.indexOf('"', start + 1);; end = text.indexOf('"', end + 1)) {
    if (end < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}
