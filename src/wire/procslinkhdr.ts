/**
 * `struct procslinkhdr`, the header of ProcsLink behind that of netlink.
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |         0 u16 version         |      2 u16 flag, reserved     |
 * +-------------------------------+-------------------------------+
 * |  4 u32 length: this header and the body, all fragments        |
 * +-------------------------------+-------------------------------+
 * |       8 u16 payload_type      |        10 u16 reserved        |
 * +-------------------------------+-------------------------------+
 * | 12 u32 seq: counter of the sender for each destination        |
 * +---------------------------------------------------------------+
 * | 16 u64 timestamp: nanoseconds since the Unix epoch, when sent |
 * |                                                               |
 * +---------------------------------------------------------------+
 * ```
 *
 * Integers are in host byte order, which is little-endian on every processor that Deno runs on; in the legacy dialect big-endian.
 *
 * @module
 */

/** Size of `struct procslinkhdr` in bytes. */
export const PROCSLINKHDR_SIZE = 24;
/** The version of the protocol that this project speaks. */
export const PROCSLINK_VERSION = 1;
/** `payload_type` of a JSON-RPC request, a notification, or a batch of them. */
export const PAYLOAD_JSONRPC_REQUEST = 1;
/** `payload_type` of a JSON-RPC response, or a batch of them. */
export const PAYLOAD_JSONRPC_RESPONSE = 2;

/** Offsets of the fields in `struct procslinkhdr`. */
export const PROCSLINKHDR = {
  version: 0,
  flag: 2,
  length: 4,
  payloadType: 8,
  reserved: 10,
  seq: 12,
  timestamp: 16,
} as const;

/** Fields of a `struct procslinkhdr`. */
export interface ProcslinkhdrFields {
  /** Version of the protocol. */
  version: number;
  /** Reserved: written 0, ignored on receipt. */
  flag: number;
  /** Length of the whole message from this header on, in bytes: this header included, all fragments together. */
  length: number;
  /** What the body is, such as {@linkcode PAYLOAD_JSONRPC_REQUEST}. */
  payloadType: number;
  /** Reserved: written 0, ignored on receipt. */
  reserved: number;
  /** Counter of the sender for each destination, one more for each message. */
  seq: number;
  /** When the message was sent, in nanoseconds since the Unix epoch. */
  timestamp: bigint;
}

/**
 * Writes a header in place.
 *
 * @param view Where to write.
 * @param offset First byte of the header in the view.
 * @param fields The fields.
 * @param littleEndian Whether the lowest byte comes first, as in the native dialect.
 */
export function writeProcslinkhdr(
  view: DataView,
  offset: number,
  fields: Readonly<ProcslinkhdrFields>,
  littleEndian = true,
): void {
  view.setUint16(offset + PROCSLINKHDR.version, fields.version, littleEndian);
  view.setUint16(offset + PROCSLINKHDR.flag, fields.flag, littleEndian);
  view.setUint32(offset + PROCSLINKHDR.length, fields.length, littleEndian);
  view.setUint16(offset + PROCSLINKHDR.payloadType, fields.payloadType, littleEndian);
  view.setUint16(offset + PROCSLINKHDR.reserved, fields.reserved, littleEndian);
  view.setUint32(offset + PROCSLINKHDR.seq, fields.seq, littleEndian);
  view.setBigUint64(offset + PROCSLINKHDR.timestamp, fields.timestamp, littleEndian);
}

/**
 * Reads a header in place. Whether its length is true is for the reader to check.
 *
 * @param view Where the header is: at least 24 bytes from the offset on.
 * @param offset First byte of the header in the view.
 * @param littleEndian Whether the lowest byte comes first, as in the native dialect.
 * @returns The fields.
 */
export function readProcslinkhdr(view: DataView, offset: number, littleEndian = true): ProcslinkhdrFields {
  return {
    version: view.getUint16(offset + PROCSLINKHDR.version, littleEndian),
    flag: view.getUint16(offset + PROCSLINKHDR.flag, littleEndian),
    length: view.getUint32(offset + PROCSLINKHDR.length, littleEndian),
    payloadType: view.getUint16(offset + PROCSLINKHDR.payloadType, littleEndian),
    reserved: view.getUint16(offset + PROCSLINKHDR.reserved, littleEndian),
    seq: view.getUint32(offset + PROCSLINKHDR.seq, littleEndian),
    timestamp: view.getBigUint64(offset + PROCSLINKHDR.timestamp, littleEndian),
  };
}
