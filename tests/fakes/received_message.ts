/**
 * What the kernel writes at a recvmsg(2): for stand-ins of it.
 *
 * @module
 */
import { SCM_CREDENTIALS, SOL_SOCKET } from "../../ffi/constants.ts";
import { CMSG_UCRED_LENGTH, CMSGHDR_SIZE } from "../../ffi/structs/ucred.ts";

const MSG_CONTROLLEN = 40;
const MSG_FLAGS = 48;
const CMSG_LEVEL = 8;
const CMSG_TYPE = 12;

/**
 * Sets the flags and the control length.
 *
 * @param view Where the header is.
 * @param offset First byte of the struct in the view.
 * @param flags The flags, such as `MSG_TRUNC`.
 * @param controlLength Bytes of control messages.
 */
export function writeMsghdrResult(view: DataView, offset: number, flags: number, controlLength: number): void {
  view.setUint32(offset + MSG_FLAGS, flags, true);
  view.setUint32(offset + MSG_CONTROLLEN, controlLength, true);
}

/**
 * Writes a control message with credentials.
 *
 * @param view Where to write.
 * @param offset First byte of the control message.
 * @param pid Process id.
 * @param uid User id.
 * @param gid Group id.
 */
export function writeUcredMessage(view: DataView, offset: number, pid: number, uid: number, gid: number): void {
  view.setBigUint64(offset, BigInt(CMSG_UCRED_LENGTH), true);
  view.setUint32(offset + CMSG_LEVEL, SOL_SOCKET, true);
  view.setUint32(offset + CMSG_TYPE, SCM_CREDENTIALS, true);
  view.setUint32(offset + CMSGHDR_SIZE, pid, true);
  view.setUint32(offset + CMSGHDR_SIZE + 4, uid, true);
  view.setUint32(offset + CMSGHDR_SIZE + 8, gid, true);
}
