/**
 * `struct msghdr` and `struct iovec` of `recvmsg(2)`, from `<bits/types/struct_msghdr.h>`, 64-bit layout.
 *
 * ```text
 * struct msghdr (56 bytes)                     struct iovec (16 bytes)
 *  0 u64 msg_name        sockaddr *             0 u64 iov_base   void *
 *  8 u32 msg_namelen     (4 bytes of padding)   8 u64 iov_len
 * 16 u64 msg_iov         iovec *
 * 24 u64 msg_iovlen
 * 32 u64 msg_control     cmsghdr *
 * 40 u64 msg_controllen
 * 48 u32 msg_flags       (4 bytes of padding)
 * ```
 *
 * @module
 */

/** Size of `struct msghdr` in bytes. */
export const MSGHDR_SIZE = 56;
/** Size of `struct iovec` in bytes. */
export const IOVEC_SIZE = 16;

const MSG_NAME = 0;
const MSG_NAMELEN = 8;
const MSG_IOV = 16;
const MSG_IOVLEN = 24;
const MSG_CONTROL = 32;
const MSG_CONTROLLEN = 40;
const MSG_FLAGS = 48;

/** Where the parts of a message are in memory. */
export interface MsghdrParts {
  /** Address of the `struct sockaddr` that the kernel fills in. */
  readonly name: bigint;
  /** Its size in bytes. */
  readonly nameLength: number;
  /** Address of the first `struct iovec`. */
  readonly iov: bigint;
  /** How many there are, one behind the other. */
  readonly iovLength: number;
  /** Address of the room for control messages. */
  readonly control: bigint;
  /** Its size in bytes. */
  readonly controlLength: number;
}

/**
 * Writes a whole header.
 *
 * @param view Where to write.
 * @param offset First byte of the struct in the view.
 * @param parts Where the parts are.
 */
export function writeMsghdr(view: DataView, offset: number, parts: MsghdrParts): void {
  view.setBigUint64(offset + MSG_NAME, parts.name, true);
  view.setBigUint64(offset + MSG_IOV, parts.iov, true);
  view.setBigUint64(offset + MSG_IOVLEN, BigInt(parts.iovLength), true);
  view.setBigUint64(offset + MSG_CONTROL, parts.control, true);
  resetMsghdr(view, offset, parts.nameLength, parts.controlLength);
}

/**
 * Writes anew what the kernel overwrites at each `recvmsg(2)`.
 *
 * @param view Where the header is.
 * @param offset First byte of the struct in the view.
 * @param nameLength Room for the address in bytes.
 * @param controlLength Room for control messages in bytes.
 */
export function resetMsghdr(view: DataView, offset: number, nameLength: number, controlLength: number): void {
  view.setUint32(offset + MSG_NAMELEN, nameLength, true);
  view.setUint32(offset + MSG_CONTROLLEN, controlLength, true);
  view.setUint32(offset + MSG_CONTROLLEN + 4, 0, true);
  view.setUint32(offset + MSG_FLAGS, 0, true);
}

/**
 * Reads the flags that the kernel set, such as `MSG_TRUNC`.
 *
 * @param view Where the header is.
 * @param offset First byte of the struct in the view.
 * @returns The flags.
 */
export function readMsghdrFlags(view: DataView, offset: number): number {
  return view.getUint32(offset + MSG_FLAGS, true);
}

/**
 * Reads how many bytes of control messages the kernel wrote.
 *
 * @param view Where the header is.
 * @param offset First byte of the struct in the view.
 * @returns The length in bytes.
 */
export function readMsghdrControlLength(view: DataView, offset: number): number {
  return view.getUint32(offset + MSG_CONTROLLEN, true);
}

/**
 * Writes a `struct iovec`.
 *
 * @param view Where to write.
 * @param offset First byte of the struct in the view.
 * @param base Address of the memory.
 * @param length Its size in bytes.
 */
export function writeIovec(view: DataView, offset: number, base: bigint, length: number): void {
  view.setBigUint64(offset, base, true);
  view.setBigUint64(offset + 8, BigInt(length), true);
}
