/**
 * The legacy dialect: what the Python package `procslink` sends, up to version 0.1.2.
 *
 * The structs are the same as ours, but both are **big-endian**, and each length counts **only what follows** its header. There is
 * one message in a datagram, without padding.
 *
 * ```text
 * struct nlmsghdr (16 bytes)                      struct procslinkhdr (24 bytes)
 *  0 u32 nlmsg_len    all that follows this header  0 u16 version       1
 *  4 u16 nlmsg_type   0                             2 u16 flag          0
 *  6 u16 nlmsg_flags  0                             4 u32 length        the body
 *  8 u32 nlmsg_seq    0                             8 u16 payload_type  1 request, 2 response
 * 12 u32 nlmsg_pid    port of the sender           10 u16 reserved      0
 *                                                  12 u32 seq           0
 *                                                  16 u64 timestamp     0
 * ```
 *
 * Its nlmsg_type is none that a message of ours has, so no bytes are a message in both dialects.
 *
 * @module
 */
import { FRAME_HEADERS_SIZE } from "./frame.ts";
import { NLMSGHDR, NLMSGHDR_SIZE, writeNlmsghdr } from "./nlmsghdr.ts";
import { PROCSLINK_VERSION, PROCSLINKHDR, writeProcslinkhdr } from "./procslinkhdr.ts";

/** `nlmsg_type` of every legacy message. */
export const NLMSG_LEGACY = 0x0;

/** All that a legacy peer reads of a datagram, in bytes, both headers included: `MESSAGE_SIZE_LIMIT` of the Python package. */
export const LEGACY_DATAGRAM_SIZE = 4_096;

/**
 * Tells whether a datagram is a legacy message.
 *
 * @param view Memory that begins with the datagram.
 * @param length Length of the datagram in bytes.
 * @returns Whether.
 */
export function isLegacyDatagram(view: DataView, length: number): boolean {
  return length >= FRAME_HEADERS_SIZE &&
    view.getUint16(NLMSGHDR.nlmsgType, false) === NLMSG_LEGACY &&
    view.getUint32(NLMSGHDR.nlmsgLen, false) === length - NLMSGHDR_SIZE &&
    view.getUint32(NLMSGHDR_SIZE + PROCSLINKHDR.length, false) === length - FRAME_HEADERS_SIZE;
}

/**
 * Writes both headers of a legacy message.
 *
 * @param view Where to write.
 * @param offset First byte of the message in the view.
 * @param bodyLength Length of the body in bytes.
 * @param port Port of the sender.
 * @param payloadType What the body is.
 */
export function writeLegacyHeaders(
  view: DataView,
  offset: number,
  bodyLength: number,
  port: number,
  payloadType: number,
): void {
  const nlmsgLen = FRAME_HEADERS_SIZE - NLMSGHDR_SIZE + bodyLength;
  const netlink = { nlmsgLen, nlmsgType: NLMSG_LEGACY, nlmsgFlags: 0, nlmsgSeq: 0, nlmsgPid: port };
  writeNlmsghdr(view, offset, netlink, false);
  const procslink = { version: PROCSLINK_VERSION, flag: 0, length: bodyLength, payloadType, reserved: 0 };
  writeProcslinkhdr(view, offset + NLMSGHDR_SIZE, { ...procslink, seq: 0, timestamp: 0n }, false);
}
