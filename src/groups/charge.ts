/**
 * What a message takes up where it waits to be heard.
 *
 * @module
 */

/** What the kernel counts beside the bytes of a datagram, at most, with both headers of the message. */
const OVERHEAD = 1_024;

/**
 * Counts a message. Several share a datagram: then it is less.
 *
 * @param bytes Length of its text in bytes.
 * @returns What it takes up at most, in bytes.
 */
export function chargeOf(bytes: number): number {
  return bytes + OVERHEAD;
}
