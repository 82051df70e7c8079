/**
 * `struct nlmsghdr`, the header of every netlink message: netlink(7), `<linux/netlink.h>`.
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------------------------------------------------------+
 * |  0 u32 nlmsg_len: whole message with this header, no padding  |
 * +-------------------------------+-------------------------------+
 * |       4 u16 nlmsg_type        |       6 u16 nlmsg_flags       |
 * +-------------------------------+-------------------------------+
 * |  8 u32 nlmsg_seq: a response carries its request's            |
 * +---------------------------------------------------------------+
 * | 12 u32 nlmsg_pid: port of the sender, as the sender says      |
 * +---------------------------------------------------------------+
 * ```
 *
 * Integers are in host byte order, which is little-endian on every processor that Deno runs on; in the legacy dialect big-endian.
 *
 * @module
 */

/** Size of `struct nlmsghdr` in bytes. */
export const NLMSGHDR_SIZE = 16;

/** `nlmsg_type` of a message that is to be ignored. */
export const NLMSG_NOOP = 0x1;
/** `nlmsg_type` of the last fragment of a message. */
export const NLMSG_DONE = 0x3;
/** `nlmsg_type` of a ProcsLink message: `NLMSG_MIN_TYPE`, the first that the kernel leaves to protocols. */
export const NLMSG_PROCSLINK = 0x10;

/** Bit of `nlmsg_flags`: this is a request. */
export const NLM_F_REQUEST = 0x1;
/** Bit of `nlmsg_flags`: this is a fragment of a message. */
export const NLM_F_MULTI = 0x2;
/** Bits of `nlmsg_flags`: a request to the kernel for all that it has, `NLM_F_ROOT | NLM_F_MATCH`. */
export const NLM_F_DUMP = 0x300;

/** Offsets of the fields in `struct nlmsghdr`. */
export const NLMSGHDR = { nlmsgLen: 0, nlmsgType: 4, nlmsgFlags: 6, nlmsgSeq: 8, nlmsgPid: 12 } as const;

/** Fields of a `struct nlmsghdr`. */
export interface NlmsghdrFields {
  /** Length of the whole message in bytes: this header included, padding not. */
  nlmsgLen: number;
  /** What the message is, such as {@linkcode NLMSG_PROCSLINK}. */
  nlmsgType: number;
  /** Bits such as {@linkcode NLM_F_REQUEST}. */
  nlmsgFlags: number;
  /** Counter of the sender; a response carries its request's. */
  nlmsgSeq: number;
  /** Port of the sender, as the sender says: a receiver trusts the kernel's word only. */
  nlmsgPid: number;
}

/**
 * Writes a header in place.
 *
 * @param view Where to write.
 * @param offset First byte of the header in the view.
 * @param fields The fields.
 * @param littleEndian Whether the lowest byte comes first, as in the native dialect.
 */
export function writeNlmsghdr(
  view: DataView,
  offset: number,
  fields: Readonly<NlmsghdrFields>,
  littleEndian = true,
): void {
  view.setUint32(offset + NLMSGHDR.nlmsgLen, fields.nlmsgLen, littleEndian);
  view.setUint16(offset + NLMSGHDR.nlmsgType, fields.nlmsgType, littleEndian);
  view.setUint16(offset + NLMSGHDR.nlmsgFlags, fields.nlmsgFlags, littleEndian);
  view.setUint32(offset + NLMSGHDR.nlmsgSeq, fields.nlmsgSeq, littleEndian);
  view.setUint32(offset + NLMSGHDR.nlmsgPid, fields.nlmsgPid, littleEndian);
}

/**
 * Reads a header in place. Whether its length is true is for the reader to check.
 *
 * @param view Where the header is: at least 16 bytes from the offset on.
 * @param offset First byte of the header in the view.
 * @param littleEndian Whether the lowest byte comes first, as in the native dialect.
 * @returns The fields.
 */
export function readNlmsghdr(view: DataView, offset: number, littleEndian = true): NlmsghdrFields {
  return {
    nlmsgLen: view.getUint32(offset + NLMSGHDR.nlmsgLen, littleEndian),
    nlmsgType: view.getUint16(offset + NLMSGHDR.nlmsgType, littleEndian),
    nlmsgFlags: view.getUint16(offset + NLMSGHDR.nlmsgFlags, littleEndian),
    nlmsgSeq: view.getUint32(offset + NLMSGHDR.nlmsgSeq, littleEndian),
    nlmsgPid: view.getUint32(offset + NLMSGHDR.nlmsgPid, littleEndian),
  };
}
