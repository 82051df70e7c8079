/**
 * The names in a parameter that is an object taken apart.
 *
 * @module
 */
import { SourceScanner } from "./source_scanner.ts";

/**
 * Reads which members of an object a pattern takes out.
 *
 * @param pattern Source text that begins with the pattern, such as `{ word, limit = 10 }`.
 * @returns Their names, in order; without those that are computed, and without a rest.
 */
export function keysOf(pattern: string): string[] {
  const scanner = new SourceScanner(pattern);
  const keys: string[] = [];
  do {
    scanner.offset++;
    const { code, stop } = scanner.until([",", "}"]);
    const key = keyOf(code);
    if (key !== undefined) keys.push(key);
    if (stop === undefined) break;
  } while (pattern[scanner.offset] === ",");
  return keys;
}

function keyOf(code: string): string | undefined {
  const key = code.split(/[:=]/, 1)[0]!.trim();
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? key : undefined;
}
