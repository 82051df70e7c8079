/**
 * Netlink messages as objects.
 *
 * @module
 */
import { DecodeError } from "../errors.ts";
import { nlmsgAlign } from "./align.ts";
import { type Dialect, LEGACY, NATIVE } from "./dialect.ts";
import { checkUint, UINT16_MAX, UINT32_MAX } from "./integers.ts";
import { NLMSG_LEGACY } from "./legacy.ts";
import { NLMSG_PROCSLINK, NLMSGHDR_SIZE, type NlmsghdrFields, readNlmsghdr, writeNlmsghdr } from "./nlmsghdr.ts";
import { viewOf } from "./view.ts";

/**
 * The header of a netlink message, `struct nlmsghdr` of netlink(7).
 *
 * @example
 * ```ts
 * import { NetlinkMessageHeader } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * const header = new NetlinkMessageHeader({ nlmsgPid: 4242 });
 * assertEquals(header.toBytes().length, NetlinkMessageHeader.SIZE);
 * ```
 */
export class NetlinkMessageHeader implements Readonly<NlmsghdrFields> {
  /** Size of the header in bytes. */
  static readonly SIZE: number = NLMSGHDR_SIZE;

  /** Length of the whole message in bytes: header included, padding not. {@linkcode NetlinkMessage.toBytes} fills it in. */
  readonly nlmsgLen: number;
  /** What the message is: 0x10 for ProcsLink. */
  readonly nlmsgType: number;
  /** Bits: 0x1 for a request, 0x2 for a fragment. */
  readonly nlmsgFlags: number;
  /** Counter of the sender; a response carries its request's. */
  readonly nlmsgSeq: number;
  /** Port of the sender, as the sender says. */
  readonly nlmsgPid: number;

  /**
   * Makes a header.
   *
   * @param fields The fields of the struct. Those left out are 0, but `nlmsgType` is 0x10.
   * @throws {RangeError} If a field is not an integer that fits.
   */
  constructor(fields: Partial<NlmsghdrFields> = {}) {
    this.nlmsgLen = checkUint("nlmsgLen", fields.nlmsgLen ?? 0, UINT32_MAX);
    this.nlmsgType = checkUint("nlmsgType", fields.nlmsgType ?? NLMSG_PROCSLINK, UINT16_MAX);
    this.nlmsgFlags = checkUint("nlmsgFlags", fields.nlmsgFlags ?? 0, UINT16_MAX);
    this.nlmsgSeq = checkUint("nlmsgSeq", fields.nlmsgSeq ?? 0, UINT32_MAX);
    this.nlmsgPid = checkUint("nlmsgPid", fields.nlmsgPid ?? 0, UINT32_MAX);
  }

  /**
   * Decodes a header.
   *
   * @param bytes Bytes that begin with the header.
   * @param dialect How it is framed. In `"procslink-0.1"` its `nlmsgLen` counts only what follows it.
   * @returns The header.
   * @throws {DecodeError} If there are fewer than 16 bytes.
   */
  static fromBytes(bytes: Uint8Array, dialect: Dialect = NATIVE): NetlinkMessageHeader {
    if (bytes.length < NLMSGHDR_SIZE) {
      throw new DecodeError(`${bytes.length} bytes cannot hold an nlmsghdr, which takes ${NLMSGHDR_SIZE}`);
    }
    return new NetlinkMessageHeader(readNlmsghdr(viewOf(bytes), 0, dialect === NATIVE));
  }

  /**
   * Encodes the header.
   *
   * @param dialect How it is framed.
   * @returns Its 16 bytes.
   */
  toBytes(dialect: Dialect = NATIVE): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(NLMSGHDR_SIZE);
    writeNlmsghdr(viewOf(bytes), 0, this, dialect === NATIVE);
    return bytes;
  }
}

/**
 * A netlink message: a header and a payload.
 *
 * @example
 * ```ts
 * import { NetlinkMessage, NetlinkMessageHeader } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * const message = new NetlinkMessage(new NetlinkMessageHeader({ nlmsgPid: 4242 }), new Uint8Array([1, 2, 3]));
 * const copy = NetlinkMessage.fromBytes(message.toBytes());
 * assertEquals(copy.header.nlmsgLen, 19);
 * assertEquals(copy.payload, new Uint8Array([1, 2, 3]));
 * ```
 */
export class NetlinkMessage {
  /** The header. */
  readonly header: NetlinkMessageHeader;
  /** What follows the header. */
  readonly payload: Uint8Array;

  /**
   * Makes a message.
   *
   * @param header The header; its length need not be true.
   * @param payload What follows it.
   */
  constructor(header: NetlinkMessageHeader, payload: Uint8Array) {
    this.header = header;
    this.payload = payload;
  }

  /**
   * Decodes the first message of a datagram.
   *
   * @param bytes Bytes that begin with the message; in `"procslink-0.1"`, which has one in a datagram, those of the message alone.
   * @param dialect How it is framed.
   * @returns The message. Its payload is a view of `bytes`, not a copy.
   * @throws {DecodeError} If the bytes do not hold what the header says.
   * @example What the Python package has sent.
   * ```ts
   * import { JSONRPCResponse, NetlinkMessage, ProcslinkMessage } from "@procslink/procslink";
   * import { assertEquals } from "@std/assert";
   *
   * const body = new JSONRPCResponse({ id: 1, result: "Hello" }).toBytes();
   * const bytes = Uint8Array.from([
   *   ...[0, 0, 0, 24 + body.length], ...[0, 0, 0, 0], ...[0, 0, 0, 0], ...[0, 0, 0x10, 0x92],
   *   ...[0, 1, 0, 0], ...[0, 0, 0, body.length], ...[0, 2, 0, 0], ...new Array(12).fill(0),
   *   ...body,
   * ]);
   * const netlink = NetlinkMessage.fromBytes(bytes, "procslink-0.1");
   * const procslink = ProcslinkMessage.fromBytes(netlink.payload, "procslink-0.1");
   * assertEquals(netlink.header.nlmsgPid, 0x1092);
   * assertEquals(JSONRPCResponse.fromBytes(procslink.payload).result, "Hello");
   * ```
   */
  static fromBytes(bytes: Uint8Array, dialect: Dialect = NATIVE): NetlinkMessage {
    const header = NetlinkMessageHeader.fromBytes(bytes, dialect);
    if (dialect === LEGACY) return legacyMessage(header, bytes);
    if (header.nlmsgLen < NLMSGHDR_SIZE || header.nlmsgLen > bytes.length) {
      throw new DecodeError(
        `nlmsg_len is ${header.nlmsgLen}, and it must be from ${NLMSGHDR_SIZE} to the ${bytes.length} bytes there are`,
      );
    }
    return new NetlinkMessage(header, bytes.subarray(NLMSGHDR_SIZE, header.nlmsgLen));
  }

  /**
   * Decodes the messages of a datagram, one after the other.
   *
   * @param datagram The whole datagram.
   * @returns The messages. Their payloads are views of the datagram.
   * @throws {DecodeError} At the first message that the bytes do not hold.
   * @example
   * ```ts
   * import { NetlinkMessage, NetlinkMessageHeader } from "@procslink/procslink";
   * import { assertEquals } from "@std/assert";
   *
   * const one = new NetlinkMessage(new NetlinkMessageHeader(), new Uint8Array(4)).toBytes();
   * const datagram = new Uint8Array([...one, ...one]);
   * assertEquals([...NetlinkMessage.iterate(datagram)].length, 2);
   * ```
   */
  static *iterate(datagram: Uint8Array): Generator<NetlinkMessage, void, void> {
    for (let offset = 0; offset < datagram.length;) {
      const message = NetlinkMessage.fromBytes(datagram.subarray(offset));
      yield message;
      offset += nlmsgAlign(message.header.nlmsgLen);
    }
  }

  /**
   * Encodes the message, with its true length.
   *
   * @param dialect How it is framed. In `"procslink-0.1"` its `nlmsgType` is 0, whatever the header says.
   * @returns The bytes, without padding.
   */
  toBytes(dialect: Dialect = NATIVE): Uint8Array<ArrayBuffer> {
    const { header, payload } = this;
    const bytes = new Uint8Array(NLMSGHDR_SIZE + payload.length);
    const fields = dialect === LEGACY
      ? { ...header, nlmsgLen: payload.length, nlmsgType: NLMSG_LEGACY }
      : { ...header, nlmsgLen: bytes.length };
    writeNlmsghdr(viewOf(bytes), 0, fields, dialect === NATIVE);
    bytes.set(payload, NLMSGHDR_SIZE);
    return bytes;
  }
}

function legacyMessage(header: NetlinkMessageHeader, bytes: Uint8Array): NetlinkMessage {
  const payload = bytes.subarray(NLMSGHDR_SIZE);
  if (header.nlmsgLen !== payload.length) {
    throw new DecodeError(
      `nlmsg_len is ${header.nlmsgLen}, and ${payload.length} bytes follow the header of this ${LEGACY} message`,
    );
  }
  if (header.nlmsgType !== NLMSG_LEGACY) {
    throw new DecodeError(`nlmsg_type is ${header.nlmsgType}, and that of a ${LEGACY} message is ${NLMSG_LEGACY}`);
  }
  return new NetlinkMessage(header, payload);
}
