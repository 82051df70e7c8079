/**
 * What is asked of the kernel, and answered, about netlink sockets: `<linux/netlink_diag.h>`, sock_diag(7).
 *
 * ```text
 * struct netlink_diag_req (20 bytes)              struct netlink_diag_msg (28 bytes)
 *  0 u8  sdiag_family    AF_NETLINK                0 u8  ndiag_family
 *  1 u8  sdiag_protocol  such as NETLINK_USERSOCK  1 u8  ndiag_type
 *  2 u16 pad                                       2 u8  ndiag_protocol
 *  4 u32 ndiag_ino                                 3 u8  ndiag_state
 *  8 u32 ndiag_show      which attributes follow   4 u32 ndiag_portid
 * 12 u32 ndiag_cookie[2]                           8 u32 ndiag_dst_portid
 *                                                 12 u32 ndiag_dst_group
 *                                                 16 u32 ndiag_ino
 *                                                 20 u32 ndiag_cookie[2]
 * ```
 *
 * @module
 */

/** Size of a request in bytes. */
export const NETLINK_DIAG_REQ_SIZE = 20;
/** Size of a message about one socket in bytes; attributes may follow. */
export const NETLINK_DIAG_MSG_SIZE = 28;

/**
 * Writes a request for all sockets of a protocol, without attributes.
 *
 * @param view Where to write: zeroes.
 * @param offset First byte of the request in the view.
 * @param family The address family.
 * @param protocol The protocol.
 */
export function writeNetlinkDiagReq(view: DataView, offset: number, family: number, protocol: number): void {
  view.setUint8(offset, family);
  view.setUint8(offset + 1, protocol);
}

/**
 * Reads to which port a socket is bound.
 *
 * @param view Where the message is.
 * @param offset First byte of the message in the view.
 * @returns The port; 0 where it is bound to none.
 */
export function readNetlinkDiagPort(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true);
}

/**
 * Reads which socket it is: no other one of this kernel has had the same cookie.
 *
 * @param view Where the message is.
 * @param offset First byte of the message in the view.
 * @returns The cookie.
 */
export function readNetlinkDiagCookie(view: DataView, offset: number): bigint {
  return view.getBigUint64(offset + 20, true);
}
