/**
 * Views of bytes.
 *
 * @module
 */

/**
 * Makes a view of bytes, also where they are a part of a larger buffer.
 *
 * @param bytes The bytes.
 * @returns The view.
 */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
