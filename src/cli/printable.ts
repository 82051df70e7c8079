/**
 * Texts of others on a terminal, which obeys what it is sent.
 *
 * @module
 */

/** Characters that a terminal obeys, that turn the direction of what follows them, or that end a line; and halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/**
 * Makes a text printable: what a terminal would obey is written as JSON writes it, such as `\u001b`. JSON stays the same JSON.
 *
 * @param text The text.
 * @returns The text, which is one line.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
