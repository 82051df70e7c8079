/**
 * JSON text in UTF-8, to values and back.
 *
 * @module
 */
import { DecodeError } from "../errors.ts";
import { isDeeper } from "./depth.ts";

const DECODER = new TextDecoder("utf-8", { fatal: true });
// Takes a third of the time, where bytes are few. What is not UTF-8 becomes U+FFFD here.
const LENIENT_DECODER = new TextDecoder();
const REPLACEMENT = "\ufffd";
const ENCODER = new TextEncoder();

/** JSON text that is nested deeper than is taken. */
export class TooDeepError extends DecodeError {
  /**
   * Makes the error.
   *
   * @param maximum The depth that is taken.
   */
  constructor(maximum: number) {
    super(`The body is nested deeper than ${maximum}`);
    this.name = "TooDeepError";
  }
}

/**
 * Parses JSON text.
 *
 * @param bytes JSON text in UTF-8.
 * @param maxDepth How deep it may be nested.
 * @returns The value.
 * @throws {TooDeepError} If it is nested deeper.
 * @throws {DecodeError} If it is not valid UTF-8 or not JSON.
 */
export function parseJSON(bytes: Uint8Array, maxDepth = Infinity): unknown {
  let text: string;
  try {
    text = LENIENT_DECODER.decode(bytes);
    if (text.includes(REPLACEMENT)) text = DECODER.decode(bytes);
  } catch (cause) {
    throw new DecodeError("The body is not valid UTF-8", { cause });
  }
  if (isDeeper(text, maxDepth)) throw new TooDeepError(maxDepth);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DecodeError("The body is not JSON", { cause });
  }
}

/**
 * Encodes a text.
 *
 * @param text The text.
 * @returns Its bytes in UTF-8.
 */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

/**
 * Writes a value as JSON text, and does not pass over what JSON cannot hold.
 *
 * @param value The value; undefined is written as null.
 * @returns The text.
 * @throws {TypeError} If it is a function or a symbol, holds a bigint, or holds itself.
 */
export function stringify(value: unknown): string {
  if (value === undefined) return "null";
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`A value of type ${typeof value} cannot be written as JSON`);
  return text;
}
