/**
 * `struct timeval` of the socket options SO_RCVTIMEO and SO_SNDTIMEO, from `<bits/types/struct_timeval.h>`, 64-bit layout.
 *
 * ```text
 * struct timeval (16 bytes)
 *  0 i64 tv_sec
 *  8 i64 tv_usec
 * ```
 *
 * @module
 */

/** Size of `struct timeval` in bytes. */
export const TIMEVAL_SIZE = 16;

/**
 * Writes a time span.
 *
 * @param view Where to write.
 * @param offset First byte of the struct in the view.
 * @param milliseconds The time span in whole milliseconds, below 2^53. 0 means without end to the socket options.
 */
export function writeTimeval(view: DataView, offset: number, milliseconds: number): void {
  view.setBigInt64(offset, BigInt(Math.floor(milliseconds / 1_000)), true);
  view.setBigInt64(offset + 8, BigInt((milliseconds % 1_000) * 1_000), true);
}
