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
 * Writes a request for all sockets of a protocol.
 *
 * @param view Where to write: zeroes.
 * @param offset First byte of the request in the view.
 * @param family The address family.
 * @param protocol The protocol.
 * @param show Which attributes follow, such as NDIAG_SHOW_FLAGS.
 */
export function writeNetlinkDiagReq(
  view: DataView,
  offset: number,
  family: number,
  protocol: number,
  show: number,
): void {
  view.setUint8(offset, family);
  view.setUint8(offset + 1, protocol);
  view.setUint32(offset + 8, show, true);
}

/** Size of the header of an attribute, `struct nlattr`, in bytes: u16 nla_len, header included and padding not, and u16 nla_type. */
const NLATTR_SIZE = 4;

/**
 * Finds a number in an attribute that is an array of u32.
 *
 * @param view Where the attributes are.
 * @param start First byte of the first one.
 * @param end First byte behind the last one.
 * @param type Type of the attribute.
 * @param index Which of its numbers.
 * @returns The value, or undefined where it is not there.
 */
export function findAttribute(
  view: DataView,
  start: number,
  end: number,
  type: number,
  index: number = 0,
): number | undefined {
  for (let offset = start; offset + NLATTR_SIZE <= end;) {
    const length = view.getUint16(offset, true);
    if (length < NLATTR_SIZE || length > end - offset) return undefined;
    const at = NLATTR_SIZE + index * 4;
    const isThis = view.getUint16(offset + 2, true) === type && length >= at + 4;
    if (isThis) return view.getUint32(offset + at, true);
    offset += (length + 3) & ~3;
  }
  return undefined;
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
