// Texts of all sizes, made from a number: whoever knows it knows what the right answer is.
import type { Random } from "../hostile/random.ts";

/** Texts have at most so many bytes. */
export const LARGEST = 2_097_152;

/** What a text is made from, and how long it is in UTF-16. */
export interface Recipe {
  readonly number: number;
  readonly length: number;
}

/** What is told of a text instead of sending it back. */
export interface Digest {
  readonly length: number;
  readonly hash: number;
}

/** A recipe: as many small texts as large ones, on a scale of powers of two. */
export function randomRecipe(random: Random, largest = LARGEST): Recipe {
  const bits = random.below(Math.floor(Math.log2(largest)) + 1);
  return { number: random.below(2 ** 31), length: Math.min(largest, 1 + random.below(2 ** bits)) };
}

/** Makes a text. Of an odd number it has characters of more than one byte, and is shorter, so that it is not larger in UTF-8. */
export function textOf({ number, length }: Recipe): string {
  const pattern = `${number}${number % 2 === 0 ? "abc" : "ü🦕"}\\"\n`;
  const characters = number % 2 === 0 ? length : Math.ceil(length / 4);
  return pattern.repeat(Math.ceil(characters / pattern.length)).slice(0, characters).toWellFormed();
}

/** Tells a text from others. */
export function digestOf(text: string): Digest {
  let hash = 0x811c9dc5;
  // Every character of a short text, and some thousand of a long one.
  const step = 1 + Math.floor(text.length / 4_096);
  for (let index = 0; index < text.length; index += step) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return { length: text.length, hash: hash >>> 0 };
}
