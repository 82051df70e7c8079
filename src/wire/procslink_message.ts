/**
 * ProcsLink messages as objects.
 *
 * @module
 */
import { DecodeError } from "../errors.ts";
import { type Dialect, LEGACY, NATIVE } from "./dialect.ts";
import { checkUint, checkUint64, UINT16_MAX, UINT32_MAX } from "./integers.ts";
import {
  PAYLOAD_JSONRPC_REQUEST,
  PAYLOAD_JSONRPC_RESPONSE,
  PROCSLINK_VERSION,
  PROCSLINKHDR_SIZE,
  type ProcslinkhdrFields,
  readProcslinkhdr,
  writeProcslinkhdr,
} from "./procslinkhdr.ts";
import { viewOf } from "./view.ts";

/**
 * The header of a ProcsLink message, `struct procslinkhdr`.
 *
 * @example
 * ```ts
 * import { ProcslinkMessageHeader } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * const header = new ProcslinkMessageHeader({ payloadType: ProcslinkMessageHeader.PAYLOAD_TYPE_JSONRPC2_RESPONSE });
 * assertEquals(header.version, 1);
 * assertEquals(header.toBytes().length, ProcslinkMessageHeader.SIZE);
 * ```
 */
export class ProcslinkMessageHeader implements Readonly<ProcslinkhdrFields> {
  /** Size of the header in bytes. */
  static readonly SIZE: number = PROCSLINKHDR_SIZE;
  /** `payloadType` of a JSON-RPC request, a notification, or a batch of them. */
  static readonly PAYLOAD_TYPE_JSONRPC2_REQUEST: number = PAYLOAD_JSONRPC_REQUEST;
  /** `payloadType` of a JSON-RPC response, or a batch of them. */
  static readonly PAYLOAD_TYPE_JSONRPC2_RESPONSE: number = PAYLOAD_JSONRPC_RESPONSE;

  /** Version of the protocol. */
  readonly version: number;
  /** Reserved. */
  readonly flag: number;
  /** Length of the message from this header on, in bytes. {@linkcode ProcslinkMessage.toBytes} fills it in. */
  readonly length: number;
  /** What the payload is. */
  readonly payloadType: number;
  /** Reserved. */
  readonly reserved: number;
  /** Counter of the sender for each destination. */
  readonly seq: number;
  /** When the message was sent, in nanoseconds since the Unix epoch. */
  readonly timestamp: bigint;

  /**
   * Makes a header.
   *
   * @param fields The fields of the struct. Those left out are 0, but `version` and `payloadType` are 1.
   * @throws {RangeError} If a field is not an integer that fits.
   */
  constructor(fields: Partial<ProcslinkhdrFields> = {}) {
    this.version = checkUint("version", fields.version ?? PROCSLINK_VERSION, UINT16_MAX);
    this.flag = checkUint("flag", fields.flag ?? 0, UINT16_MAX);
    this.length = checkUint("length", fields.length ?? 0, UINT32_MAX);
    this.payloadType = checkUint("payloadType", fields.payloadType ?? PAYLOAD_JSONRPC_REQUEST, UINT16_MAX);
    this.reserved = checkUint("reserved", fields.reserved ?? 0, UINT16_MAX);
    this.seq = checkUint("seq", fields.seq ?? 0, UINT32_MAX);
    this.timestamp = checkUint64("timestamp", fields.timestamp ?? 0n);
  }

  /**
   * Decodes a header.
   *
   * @param bytes Bytes that begin with the header.
   * @param dialect How it is framed. In `"procslink-0.1"` its `length` counts only what follows it.
   * @returns The header.
   * @throws {DecodeError} If there are fewer than 24 bytes.
   */
  static fromBytes(bytes: Uint8Array, dialect: Dialect = NATIVE): ProcslinkMessageHeader {
    if (bytes.length < PROCSLINKHDR_SIZE) {
      throw new DecodeError(`${bytes.length} bytes cannot hold a procslinkhdr, which takes ${PROCSLINKHDR_SIZE}`);
    }
    return new ProcslinkMessageHeader(readProcslinkhdr(viewOf(bytes), 0, dialect === NATIVE));
  }

  /**
   * Encodes the header.
   *
   * @param dialect How it is framed.
   * @returns Its 24 bytes.
   */
  toBytes(dialect: Dialect = NATIVE): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(PROCSLINKHDR_SIZE);
    writeProcslinkhdr(viewOf(bytes), 0, this, dialect === NATIVE);
    return bytes;
  }
}

/**
 * A ProcsLink message: a header and a payload, which is JSON-RPC in UTF-8.
 *
 * @example
 * ```ts
 * import { JSONRPCResponse, ProcslinkMessage, ProcslinkMessageHeader } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * const header = new ProcslinkMessageHeader({ payloadType: ProcslinkMessageHeader.PAYLOAD_TYPE_JSONRPC2_RESPONSE });
 * const message = new ProcslinkMessage(header, new JSONRPCResponse({ id: 123, result: true }).toBytes());
 * const copy = ProcslinkMessage.fromBytes(message.toBytes());
 * assertEquals(JSONRPCResponse.fromBytes(copy.payload).result, true);
 * ```
 */
export class ProcslinkMessage {
  /** The header. */
  readonly header: ProcslinkMessageHeader;
  /** What follows the header. */
  readonly payload: Uint8Array;

  /**
   * Makes a message.
   *
   * @param header The header; its length need not be true.
   * @param payload What follows it.
   */
  constructor(header: ProcslinkMessageHeader, payload: Uint8Array) {
    this.header = header;
    this.payload = payload;
  }

  /**
   * Decodes a whole message: the payload of a netlink message.
   *
   * @param bytes The bytes of the message, no more and no fewer.
   * @param dialect How it is framed.
   * @returns The message. Its payload is a view of `bytes`, not a copy.
   * @throws {DecodeError} If the bytes are not as many as the header says, or its version is unknown.
   */
  static fromBytes(bytes: Uint8Array, dialect: Dialect = NATIVE): ProcslinkMessage {
    const header = ProcslinkMessageHeader.fromBytes(bytes, dialect);
    if (header.version !== PROCSLINK_VERSION) {
      throw new DecodeError(`procslinkhdr.version is ${header.version}, and only ${PROCSLINK_VERSION} is known`);
    }
    const payload = bytes.subarray(PROCSLINKHDR_SIZE);
    const { length } = dialect === LEGACY ? payload : bytes;
    if (header.length !== length) {
      const what = dialect === LEGACY ? "body" : "message";
      throw new DecodeError(`procslinkhdr.length is ${header.length}, and the ${what} has ${length} bytes`);
    }
    return new ProcslinkMessage(header, payload);
  }

  /**
   * Encodes the message, with its true length.
   *
   * @param dialect How it is framed.
   * @returns The bytes.
   */
  toBytes(dialect: Dialect = NATIVE): Uint8Array<ArrayBuffer> {
    const { header, payload } = this;
    const bytes = new Uint8Array(PROCSLINKHDR_SIZE + payload.length);
    const { length } = dialect === LEGACY ? payload : bytes;
    writeProcslinkhdr(viewOf(bytes), 0, { ...header, length }, dialect === NATIVE);
    bytes.set(payload, PROCSLINKHDR_SIZE);
    return bytes;
  }
}
