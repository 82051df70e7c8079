/**
 * `struct sockaddr_nl`, the address of a netlink socket, from `<linux/netlink.h>`.
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |       0 u16 nl_family         |       2 u16 nl_pad, 0         |
 * +-------------------------------+-------------------------------+
 * |       4 u32 nl_pid: the port, which is not a process id       |
 * +---------------------------------------------------------------+
 * |       8 u32 nl_groups: multicast groups, one bit each         |
 * +---------------------------------------------------------------+
 * ```
 *
 * @module
 */
import { AF_NETLINK } from "../constants.ts";

/** Size of `struct sockaddr_nl` in bytes. */
export const SOCKADDR_NL_SIZE = 12;

const NL_FAMILY = 0;
const NL_PAD = 2;
const NL_PID = 4;
const NL_GROUPS = 8;

/**
 * Writes an address of a single socket: no multicast groups.
 *
 * @param view Where to write, in host byte order (little-endian on every processor that Deno runs on).
 * @param offset First byte of the struct in the view.
 * @param port Port of the socket, or 0 where the kernel is to choose one.
 */
export function writeSockaddrNl(view: DataView, offset: number, port: number): void {
  view.setUint16(offset + NL_FAMILY, AF_NETLINK, true);
  view.setUint16(offset + NL_PAD, 0, true);
  view.setUint32(offset + NL_PID, port, true);
  view.setUint32(offset + NL_GROUPS, 0, true);
}

/**
 * Writes the address of one of the kernel's multicast groups.
 *
 * @param view Where to write.
 * @param offset First byte of the struct in the view.
 * @param group The group, from 1 to 32. `sendto(2)` takes the lowest one where several bits are set.
 */
export function writeSockaddrNlGroup(view: DataView, offset: number, group: number): void {
  writeSockaddrNl(view, offset, 0);
  view.setUint32(offset + NL_GROUPS, (1 << (group - 1)) >>> 0, true);
}

/**
 * Changes the port of an address that was written before: the one field that differs from one message to the next.
 *
 * @param view Where the address is.
 * @param offset First byte of the struct in the view.
 * @param port Port of the socket.
 */
export function writeSockaddrNlPort(view: DataView, offset: number, port: number): void {
  view.setUint32(offset + NL_PID, port, true);
}

/**
 * Reads the port of an address.
 *
 * @param view Where the address is.
 * @param offset First byte of the struct in the view.
 * @returns The port.
 */
export function readSockaddrNlPort(view: DataView, offset: number): number {
  return view.getUint32(offset + NL_PID, true);
}
