/**
 * `struct ucred` in a control message of type `SCM_CREDENTIALS`: who sent a message, in the kernel's words (unix(7)).
 *
 * ```text
 * struct cmsghdr (16 bytes)            struct ucred (12 bytes), after it
 *  0 u64 cmsg_len    with this header  16 u32 pid
 *  8 u32 cmsg_level  SOL_SOCKET        20 u32 uid
 * 12 u32 cmsg_type   SCM_CREDENTIALS   24 u32 gid
 * ```
 *
 * Further control messages begin at the next multiple of 8 bytes.
 *
 * @module
 */
import { SCM_CREDENTIALS, SOL_SOCKET } from "../constants.ts";

/** Size of `struct cmsghdr` in bytes. */
export const CMSGHDR_SIZE = 16;
/** `CMSG_LEN(sizeof(struct ucred))`: length of the one control message that is wanted. */
export const CMSG_UCRED_LENGTH = CMSGHDR_SIZE + 12;

const CMSG_LEVEL = 8;
const CMSG_TYPE = 12;

/**
 * Finds the credentials among the control messages of a datagram.
 *
 * @param view Where the control messages are.
 * @param offset First byte of the first one.
 * @param length Bytes of control messages that the kernel wrote.
 * @returns Offset of the `struct ucred` in the view, or -1 where there is none.
 */
export function findUcred(view: DataView, offset: number, length: number): number {
  const end = offset + length;
  while (end - offset >= CMSGHDR_SIZE) {
    const messageLength = view.getUint32(offset, true);
    if (messageLength < CMSGHDR_SIZE || messageLength > end - offset) return -1;
    if (
      messageLength >= CMSG_UCRED_LENGTH &&
      view.getUint32(offset + CMSG_LEVEL, true) === SOL_SOCKET &&
      view.getUint32(offset + CMSG_TYPE, true) === SCM_CREDENTIALS
    ) return offset + CMSGHDR_SIZE;
    offset += (messageLength + 7) & ~7;
  }
  return -1;
}
