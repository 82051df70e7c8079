/**
 * What becomes of bytes in a decoder: a value, or a {@linkcode DecodeError}. Whatever else it throws is a failure.
 *
 * @module
 */
import { assert } from "@std/assert";
import { equals } from "@std/bytes";
import { DecodeError } from "../../mod.ts";

/** What becomes of bytes in a decoder. */
export type Outcome<Value> = { readonly value: Value } | { readonly error: DecodeError };

/** Decodes; only a {@linkcode DecodeError} may be thrown. */
export function outcomeOf<Value>(decode: () => Value): Outcome<Value> {
  try {
    return { value: decode() };
  } catch (error) {
    if (error instanceof DecodeError) return { error };
    throw error;
  }
}

/** The bytes within a larger buffer, at an odd offset: nobody may count on what is around them. */
export function within(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const memory = new Uint8Array(bytes.length + 12).fill(0xa5);
  memory.set(bytes, 5);
  return memory.subarray(5, 5 + bytes.length);
}

/** Fails where bytes differ. */
export function assertBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert(equals(actual, expected), `${actual.toHex()} is not ${expected.toHex()}`);
}
