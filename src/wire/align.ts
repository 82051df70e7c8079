/**
 * Alignment of netlink messages: `NLMSG_ALIGN` of `<linux/netlink.h>`.
 *
 * @module
 */

/** Messages in one datagram begin at multiples of this many bytes: `NLMSG_ALIGNTO`. */
export const NLMSG_ALIGNTO = 4;

/**
 * Rounds a length up to where the next message of a datagram begins.
 *
 * @param length A length in bytes, below 2 GiB.
 * @returns The length, rounded up to a multiple of 4.
 */
export function nlmsgAlign(length: number): number {
  return (length + NLMSG_ALIGNTO - 1) & ~(NLMSG_ALIGNTO - 1);
}
