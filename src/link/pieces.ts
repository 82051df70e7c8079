/**
 * Texts in pieces, and their bytes.
 *
 * @module
 */
import { HEAD, type Phrase } from "../jsonrpc/phrases.ts";
import { FRAME_HEADERS_SIZE } from "../wire/frame.ts";
import { spareBuffers } from "../wire/spare_buffers.ts";

/**
 * A text in pieces, each of which is a text of its own in UTF-16: put together they would be copied once more before they can be
 * encoded, which takes a tenth of the time of a large message.
 */
export type Pieces = readonly string[];

const ENCODER = new TextEncoder();

/** Room for what is left of a text, compared with what its beginning has taken. */
const LEEWAY = 1.125;
/** And so many bytes more: room for any unit. */
const LEAST_LEEWAY = 64;

/**
 * Tells how long a text is.
 *
 * @param pieces The text.
 * @returns Its length in units of UTF-16: it takes at least as many bytes.
 */
export function unitsOf(pieces: Pieces): number {
  let units = 0;
  for (const piece of pieces) units += piece.length;
  return units;
}

/**
 * Encodes a body behind room for its headers.
 *
 * @param pieces The text.
 * @returns Memory of just the size of the message, at the start of a buffer that may be larger.
 */
export function encodeBehindHeaders(pieces: Pieces): Uint8Array<ArrayBuffer> {
  // Most bodies are ASCII: a byte for each unit, and no second copy. What is left of another is taken to be as its beginning is.
  let left = unitsOf(pieces);
  let bytes = spareBuffers.take(FRAME_HEADERS_SIZE + left);
  let encoded = 0;
  let end = FRAME_HEADERS_SIZE;
  for (const piece of pieces) {
    for (let read = 0;;) {
      const step = ENCODER.encodeInto(read === 0 ? piece : piece.slice(read), bytes.subarray(end));
      read += step.read;
      encoded += step.read;
      left -= step.read;
      end += step.written;
      if (read === piece.length) break;
      const rest = left * Math.max(1, (end - FRAME_HEADERS_SIZE) / Math.max(1, encoded));
      const larger = spareBuffers.take(end + Math.ceil(rest * LEEWAY) + LEAST_LEEWAY);
      larger.set(bytes.subarray(0, end));
      spareBuffers.give(bytes);
      bytes = larger;
    }
  }
  return bytes.subarray(0, end);
}

/**
 * Counts the bytes of a text without encoding it as a whole.
 *
 * @param pieces The text.
 * @returns How many bytes it has in UTF-8.
 */
export function utf8Length(pieces: Pieces): number {
  const scratch = new Uint8Array(65_536);
  let bytes = 0;
  for (const piece of pieces) {
    for (let start = 0; start < piece.length;) {
      // One unit more than can fit: so a surrogate pair is never cut in two.
      const { read, written } = ENCODER.encodeInto(piece.slice(start, start + scratch.length + 1), scratch);
      bytes += written;
      start += read;
    }
  }
  return bytes;
}

/** What is short is joined: that costs less than to encode it piece by piece. */
const LEAST_PIECE = 4_096;

/**
 * Puts a message together.
 *
 * @param id Its id.
 * @param middle What stands behind the id.
 * @param value What stands behind that: JSON text.
 * @param end What stands behind that.
 * @returns The message.
 */
export function piecesOf(id: number, middle: Phrase, value: string, end: Phrase): Pieces {
  const head = HEAD.text + id + middle.text;
  return value.length < LEAST_PIECE ? [head + value + end.text] : [head, value, end.text];
}
