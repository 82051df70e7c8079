/**
 * The headers of what a peer sends.
 *
 * @module
 */
import { MessageTooLargeError } from "../errors.ts";
import { nlmsgAlign } from "../wire/align.ts";
import { epochMilliseconds } from "../wire/clock.ts";
import { FRAME_HEADERS_SIZE, type FrameFields, writeFrameHeaders } from "../wire/frame.ts";
import { LEGACY_DATAGRAM_SIZE, writeLegacyHeaders } from "../wire/legacy.ts";
import { Counters } from "./counters.ts";
import { LargeMessage } from "./large_message.ts";
import type { Link } from "./link.ts";
import { encodeBehindHeaders, type Pieces, unitsOf, utf8Length } from "./pieces.ts";
import type { SendBuffer } from "./send_buffer.ts";

/** A unit of UTF-16 has at most so many bytes in UTF-8. */
const UTF8_BYTES_A_UNIT = 3;

/** Numbers the messages of one peer, and gives them their headers. */
export class Framer {
  readonly #link: Link;
  readonly #port: number;
  readonly #buffer: SendBuffer;
  readonly #maxMessageSize: number;
  readonly #counters = new Counters();

  /**
   * @param link Where messages leave.
   * @param buffer Where they are encoded.
   * @param maxMessageSize The largest message, in bytes, both headers included.
   */
  constructor(link: Link, buffer: SendBuffer, maxMessageSize: number) {
    this.#link = link;
    this.#port = link.port;
    this.#buffer = buffer;
    this.#maxMessageSize = maxMessageSize;
  }

  /**
   * Completes a message whose body is in the send buffer, behind room for both headers at its end.
   *
   * @param to Port of the receiver.
   * @param flags Bits of `nlmsg_flags`.
   * @param payloadType What the body is.
   * @param nlmsgSeq Number of the message.
   * @param bodyLength Length of the body in bytes.
   * @returns Size of the message in bytes.
   */
  complete(to: number, flags: number, payloadType: number, nlmsgSeq: number, bodyLength: number): number {
    const buffer = this.#buffer;
    const start = buffer.end;
    writeFrameHeaders(buffer.view, start, bodyLength, {
      flags,
      nlmsgSeq,
      port: this.#port,
      payloadType,
      seq: this.#counters.next(to),
      time: buffer.time,
    });
    return this.#advance(FRAME_HEADERS_SIZE + bodyLength);
  }

  /**
   * Completes a message in the legacy dialect, likewise.
   *
   * @param payloadType What the body is.
   * @param bodyLength Length of the body in bytes.
   * @returns Size of the message in bytes.
   */
  completeLegacy(payloadType: number, bodyLength: number): number {
    const { view, end } = this.#buffer;
    this.writeLegacyHeaders(view, end, bodyLength, payloadType);
    return this.#advance(FRAME_HEADERS_SIZE + bodyLength);
  }

  /** Writes the headers of a message in the legacy dialect that leaves by itself. */
  writeLegacyHeaders(view: DataView, offset: number, bodyLength: number, payloadType: number): void {
    writeLegacyHeaders(view, offset, bodyLength, this.#port, payloadType);
  }

  /**
   * Checks that a message is not larger than a legacy peer reads.
   *
   * @param body JSON text.
   * @throws {MessageTooLargeError} If it is.
   */
  checkLegacySize(body: string): void {
    const maximum = Math.min(LEGACY_DATAGRAM_SIZE, this.#maxMessageSize, this.#link.maxDatagram);
    if (FRAME_HEADERS_SIZE + UTF8_BYTES_A_UNIT * body.length <= maximum) return;
    const size = FRAME_HEADERS_SIZE + utf8Length([body]);
    if (size <= maximum) return;
    const reader = maximum === LEGACY_DATAGRAM_SIZE ? "a peer of ProcsLink 0.1" : undefined;
    throw new MessageTooLargeError(size, maximum, reader);
  }

  /**
   * Begins a message that does not fit one datagram.
   *
   * @param to Port of the receiver.
   * @param flags Bits of `nlmsg_flags`.
   * @param payloadType What the body is.
   * @param nlmsgSeq Number of the message.
   * @param body JSON text.
   * @returns The message.
   * @throws {MessageTooLargeError} If it is larger than what is sent.
   */
  large(to: number, flags: number, payloadType: number, nlmsgSeq: number, body: Pieces): LargeMessage {
    const content = this.#checkSize(body);
    return new LargeMessage(content, this.fields(to, flags, payloadType, nlmsgSeq), this.#link.maxDatagram);
  }

  /**
   * Counts a message that leaves by itself.
   *
   * @param to Port of the receiver.
   * @returns `seq` of its procslinkhdr.
   */
  nextSeq(to: number): number {
    return this.#counters.next(to);
  }

  /**
   * Says what the headers of a message carry that leaves by itself.
   *
   * @param to Port of the receiver.
   * @param flags Bits of `nlmsg_flags`.
   * @param payloadType What the body is.
   * @param nlmsgSeq Number of the message.
   * @returns The fields.
   */
  fields(to: number, flags: number, payloadType: number, nlmsgSeq: number): FrameFields {
    return { flags, nlmsgSeq, port: this.#port, payloadType, seq: this.#counters.next(to), time: epochMilliseconds() };
  }

  /** Notes that a message has been written behind the others. */
  #advance(size: number): number {
    const buffer = this.#buffer;
    const written = buffer.end + size;
    // The padding is zeroed: what another destination was sent before must not leave with this message.
    const end = buffer.end = nlmsgAlign(written);
    for (let index = written; index < end; index++) buffer.bytes[index] = 0;
    return size;
  }

  /** Refuses what is too large. Only what may or may not be has to be encoded for that. */
  #checkSize(body: Pieces): Pieces | Uint8Array<ArrayBuffer> {
    const maximum = this.#maxMessageSize;
    const units = unitsOf(body);
    if (FRAME_HEADERS_SIZE + UTF8_BYTES_A_UNIT * units <= maximum) return body;
    if (FRAME_HEADERS_SIZE + units > maximum) {
      throw new MessageTooLargeError(FRAME_HEADERS_SIZE + utf8Length(body), maximum);
    }
    const bytes = encodeBehindHeaders(body);
    if (bytes.length > maximum) throw new MessageTooLargeError(bytes.length, maximum);
    return bytes;
  }
}
