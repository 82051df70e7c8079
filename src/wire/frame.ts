/**
 * Both headers of a message together, written in place: the way of every message that a peer sends, and of its fragments.
 *
 * @module
 */
import { NLM_F_MULTI, NLMSG_DONE, NLMSG_PROCSLINK, NLMSGHDR, NLMSGHDR_SIZE } from "./nlmsghdr.ts";
import { PROCSLINK_VERSION, PROCSLINKHDR, PROCSLINKHDR_SIZE } from "./procslinkhdr.ts";

/** Size of both headers in bytes: where the body begins. */
export const FRAME_HEADERS_SIZE: number = NLMSGHDR_SIZE + PROCSLINKHDR_SIZE;

/** What differs from one frame to the next. */
export interface FrameFields {
  /** Bits of `nlmsg_flags`. */
  readonly flags: number;
  /** `nlmsg_seq`: counter of the sender; a response carries its request's. */
  readonly nlmsgSeq: number;
  /** `nlmsg_pid`: port of the sender. */
  readonly port: number;
  /** `payload_type` of the body. */
  readonly payloadType: number;
  /** `seq` of procslinkhdr: counter of the sender for the destination. */
  readonly seq: number;
  /** `timestamp`, here in milliseconds since the Unix epoch, with a fraction. */
  readonly time: number;
}

const TWO_TO_32 = 4_294_967_296;

/**
 * Writes both headers in front of a body.
 *
 * @param view Where to write.
 * @param offset First byte of the frame in the view.
 * @param bodyLength Length of the body in bytes.
 * @param fields What differs from one frame to the next.
 */
export function writeFrameHeaders(view: DataView, offset: number, bodyLength: number, fields: FrameFields): void {
  view.setUint32(offset + NLMSGHDR.nlmsgLen, FRAME_HEADERS_SIZE + bodyLength, true);
  view.setUint16(offset + NLMSGHDR.nlmsgType, NLMSG_PROCSLINK, true);
  view.setUint16(offset + NLMSGHDR.nlmsgFlags, fields.flags, true);
  view.setUint32(offset + NLMSGHDR.nlmsgSeq, fields.nlmsgSeq, true);
  view.setUint32(offset + NLMSGHDR.nlmsgPid, fields.port, true);
  const header = offset + NLMSGHDR_SIZE;
  view.setUint16(header + PROCSLINKHDR.version, PROCSLINK_VERSION, true);
  view.setUint16(header + PROCSLINKHDR.flag, 0, true);
  view.setUint32(header + PROCSLINKHDR.length, PROCSLINKHDR_SIZE + bodyLength, true);
  view.setUint16(header + PROCSLINKHDR.payloadType, fields.payloadType, true);
  view.setUint16(header + PROCSLINKHDR.reserved, 0, true);
  view.setUint32(header + PROCSLINKHDR.seq, fields.seq, true);
  // Two halves instead of a bigint, which would cost an allocation. A double holds today's nanoseconds to 256 ns.
  const nanoseconds = fields.time * 1e6;
  const high = Math.floor(nanoseconds / TWO_TO_32);
  view.setUint32(header + PROCSLINKHDR.timestamp, nanoseconds - high * TWO_TO_32, true);
  view.setUint32(header + PROCSLINKHDR.timestamp + 4, high, true);
}

/**
 * Writes both headers in front of a part of a body that does not fit one datagram. All parts carry the same fields.
 *
 * @param view Where to write.
 * @param offset First byte of the fragment in the view.
 * @param partLength Length of this part of the body in bytes.
 * @param bodyLength Length of the whole body in bytes.
 * @param last Whether this is the last part.
 * @param fields What the whole message has, as {@linkcode writeFrameHeaders} takes it.
 */
export function writeFragmentHeaders(
  view: DataView,
  offset: number,
  partLength: number,
  bodyLength: number,
  last: boolean,
  fields: FrameFields,
): void {
  writeFrameHeaders(view, offset, bodyLength, fields);
  view.setUint32(offset + NLMSGHDR.nlmsgLen, FRAME_HEADERS_SIZE + partLength, true);
  view.setUint16(offset + NLMSGHDR.nlmsgType, last ? NLMSG_DONE : NLMSG_PROCSLINK, true);
  view.setUint16(offset + NLMSGHDR.nlmsgFlags, fields.flags | NLM_F_MULTI, true);
}
