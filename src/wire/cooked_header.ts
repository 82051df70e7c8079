/**
 * The cooked header in front of netlink messages in a capture: `LINKTYPE_NETLINK`.
 *
 * ```text
 *  0 u16 packet type: 0 to this side, 2 multicast to this side, 4 from this side
 *  2 u16 ARPHRD_NETLINK
 *  4 u16 length of the address that follows
 *  6 u32 port of the sender     8 bytes that other captures leave empty
 * 10 u32 port of the receiver
 * 14 u16 protocol: NETLINK_USERSOCK
 * ```
 *
 * Integers are big-endian here, whatever order the messages have.
 *
 * @module
 */
import { viewOf } from "./view.ts";

/** Size of the header in bytes. */
export const COOKED_HEADER_SIZE = 16;

/** Kinds of packets: `PACKET_HOST`, `PACKET_MULTICAST` and `PACKET_OUTGOING` of packet(7). */
export const PACKET_TYPE = { received: 0, heard: 2, sent: 4 } as const;

/** `ARPHRD_NETLINK`. */
const HARDWARE_TYPE = 824;
/** `NETLINK_USERSOCK`. */
const PROTOCOL = 2;
/** Both ports. */
const ADDRESS_LENGTH = 8;

/** What differs from one packet to the next. */
export interface CookedHeaderFields {
  /** One of {@linkcode PACKET_TYPE}. */
  readonly type: number;
  /** Port of the sender. */
  readonly from: number;
  /** Port of the receiver; 0 where it went to a multicast group. */
  readonly to: number;
}

/**
 * Puts the header in front of a datagram.
 *
 * @param fields What it says.
 * @param datagram The datagram.
 * @returns Both.
 */
export function withCookedHeader(
  { type, from, to }: CookedHeaderFields,
  datagram: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(COOKED_HEADER_SIZE + datagram.length);
  const view = viewOf(packet);
  view.setUint16(0, type);
  view.setUint16(2, HARDWARE_TYPE);
  view.setUint16(4, ADDRESS_LENGTH);
  view.setUint32(6, from);
  view.setUint32(10, to);
  view.setUint16(14, PROTOCOL);
  packet.set(datagram, COOKED_HEADER_SIZE);
  return packet;
}
