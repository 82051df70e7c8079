/**
 * What a peer sends: everything for one destination in one turn of the event loop leaves in one datagram, and what is too large
 * for one in several.
 *
 * @module
 */
import { MessageTooLargeError } from "../errors.ts";
import { nlmsgAlign } from "../wire/align.ts";
import { epochMilliseconds } from "../wire/clock.ts";
import { FRAME_HEADERS_SIZE, type FrameFields, writeFrameHeaders } from "../wire/frame.ts";
import { NLM_F_REQUEST } from "../wire/nlmsghdr.ts";
import { PAYLOAD_JSONRPC_REQUEST, PAYLOAD_JSONRPC_RESPONSE } from "../wire/procslinkhdr.ts";
import { viewOf } from "../wire/view.ts";
import { Backlogs } from "./backlogs.ts";
import { Counters } from "./counters.ts";
import type { Delivery } from "./delivery.ts";
import { encodeBehindHeaders, LargeMessage, utf8Length } from "./large_message.ts";
import type { Link } from "./link.ts";
import { Outcomes } from "./outcomes.ts";
import { Segment } from "./segment.ts";
import type { SendBuffer, SendBufferUser } from "./send_buffer.ts";
import { Traffic } from "./traffic.ts";

/**
 * Messages join a datagram up to this many bytes. A larger message goes in a datagram of its own.
 *
 * Within it a call costs a fraction of a system call; beyond it nothing is gained, and the receiver's queue fills in gulps.
 */
export const COALESCED_DATAGRAM_SIZE = 65_536;

/** A unit of UTF-16 has at most so many bytes in UTF-8. */
const UTF8_BYTES_A_UNIT = 3;

/** How much a peer sends. */
export interface OutboxLimits {
  /** The largest message, in bytes, both headers included. */
  readonly maxMessageSize: number;
  /** Bytes that may wait for one destination. */
  readonly maxQueuedBytes: number;
}

/** Encodes the messages of one peer, and sends them at the end of the turn. */
export class Outbox implements SendBufferUser {
  readonly #link: Link;
  readonly #buffer: SendBuffer;
  readonly #maxMessageSize: number;
  /** Size up to which messages join a datagram. */
  readonly #maxJoined: number;
  readonly #traffic: Traffic;
  readonly #outcomes: Outcomes;
  readonly #backlogs: Backlogs;
  readonly #counters = new Counters();

  /** Told when nothing waits any more. */
  idle: () => void = () => {};

  #segments: Segment[] = [];
  #last: Segment | undefined;
  /** For each destination the segment that still takes messages. */
  readonly #open = new Map<number, Segment>();
  #flushing = false;
  #flushScheduled = false;
  readonly #flushLater = (): void => {
    this.#flushScheduled = false;
    this.flush();
  };

  /**
   * @param link Where messages leave.
   * @param buffer Where they are encoded.
   * @param limits How much is sent.
   * @param traffic Counts what is sent.
   */
  constructor(link: Link, buffer: SendBuffer, limits: OutboxLimits, traffic: Traffic = new Traffic()) {
    const { maxMessageSize, maxQueuedBytes } = limits;
    this.#link = link;
    this.#buffer = buffer;
    this.#maxMessageSize = maxMessageSize;
    this.#maxJoined = Math.min(COALESCED_DATAGRAM_SIZE, link.maxDatagram);
    this.#traffic = traffic;
    this.#outcomes = new Outcomes(traffic);
    const bounds = { maxQueuedBytes, maxMessageSize, maxJoined: this.#maxJoined };
    this.#backlogs = new Backlogs(link, bounds, this.#outcomes, traffic);
    this.#backlogs.idle = () => this.idle();
  }

  /**
   * Sends a request, a notification, or a batch of them, at the end of this turn.
   *
   * @param to Port of the receiver.
   * @param nlmsgSeq Number that the response will carry.
   * @param body JSON text.
   * @param delivery Learns what became of it.
   * @throws {MessageTooLargeError} If it is larger than what is sent. Nothing of it is sent.
   * @throws {Error} If the link cannot be held while it waits.
   */
  request(to: number, nlmsgSeq: number, body: string, delivery: Delivery): void {
    this.#post(to, NLM_F_REQUEST, PAYLOAD_JSONRPC_REQUEST, nlmsgSeq, body, delivery);
  }

  /**
   * Sends a response, or a batch of them, at the end of this turn.
   *
   * @param to Port of the receiver.
   * @param nlmsgSeq Number that the request carried.
   * @param body JSON text.
   * @param delivery Learns what became of it.
   * @throws {MessageTooLargeError} If it is larger than what is sent. Nothing of it is sent.
   * @throws {Error} If the link cannot be held while it waits.
   */
  response(to: number, nlmsgSeq: number, body: string, delivery: Delivery): void {
    this.#post(to, 0, PAYLOAD_JSONRPC_RESPONSE, nlmsgSeq, body, delivery);
  }

  /**
   * Sends a request now, in front of what waits for room, and hands it out datagram by datagram.
   *
   * @param to Port of the receiver.
   * @param nlmsgSeq Number that the response will carry.
   * @param body JSON text.
   * @param send Sends one datagram; tells whether it did. Where not, the rest is not sent either, and the receiver is told.
   * @throws {MessageTooLargeError} If it is larger than what is sent. Nothing of it is sent.
   */
  requestNow(
    to: number,
    nlmsgSeq: number,
    body: string,
    send: (bytes: Uint8Array<ArrayBuffer>, length: number) => boolean,
  ): void {
    this.flush();
    const { maxDatagram } = this.#link;
    if (FRAME_HEADERS_SIZE + body.length <= maxDatagram) {
      const bytes = encodeBehindHeaders(body);
      const { length } = bytes;
      if (length <= maxDatagram && length <= this.#maxMessageSize) {
        const fields = this.#fields(to, NLM_F_REQUEST, PAYLOAD_JSONRPC_REQUEST, nlmsgSeq);
        writeFrameHeaders(viewOf(bytes), 0, length - FRAME_HEADERS_SIZE, fields);
        if (send(bytes, length)) this.#sentNow(length);
        return;
      }
    }
    const message = this.#large(to, NLM_F_REQUEST, PAYLOAD_JSONRPC_REQUEST, nlmsgSeq, body);
    try {
      while (!message.isSent) {
        const { bytes, length } = message.next();
        if (!send(bytes, length)) break;
        message.advance();
        this.#traffic.bytesOut += length;
      }
      if (message.isSent) this.#traffic.messagesOut++;
    } finally {
      if (message.isUnderWay) this.#abandon(to, message);
    }
  }

  /** Whether nothing waits: neither for the end of the turn nor for room. */
  get isEmpty(): boolean {
    return this.#segments.length === 0 && this.#backlogs.isEmpty;
  }

  /** What waits for room in its receiver's queue, in bytes. */
  get queuedBytes(): number {
    return this.#backlogs.queuedBytes;
  }

  /** Sends all that waits for the end of the turn, now. */
  flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    const segments = this.#segments;
    this.#segments = [];
    this.#last = undefined;
    this.#open.clear();
    for (const segment of segments) this.#sendSegment(segment);
    this.#buffer.leave(this);
    this.#flushing = false;
    // First of all: who takes a message back now, or closes, does so before it has left.
    this.#outcomes.tell();
    this.#backlogs.pump();
    this.#outcomes.tell();
    if (this.isEmpty) this.idle();
  }

  /**
   * Sends what can be sent without waiting, and gives up the rest.
   *
   * @param error Why.
   */
  close(error: Error): void {
    this.flush();
    this.#backlogs.close(error);
    this.#outcomes.tell();
  }

  #sentNow(length: number): void {
    this.#traffic.bytesOut += length;
    this.#traffic.messagesOut++;
  }

  /** Tells a receiver that the rest will not come: at once, or as soon as it has room. */
  #abandon(to: number, message: LargeMessage): void {
    const { bytes, length } = message.abandon();
    try {
      if (this.#link.send(to, bytes, length)) return;
      this.#backlogs.open(to).abandon(message);
      this.#scheduleFlush();
    } catch {
      // It is gone, or finds out by itself after a while.
    }
  }

  #post(to: number, flags: number, payloadType: number, nlmsgSeq: number, body: string, delivery: Delivery): void {
    const buffer = this.#buffer;
    const { maxDatagram } = this.#link;
    let bodyLength = -1;
    // Every UTF-16 unit takes at least one byte: what cannot fit is not even tried.
    if (FRAME_HEADERS_SIZE + body.length <= maxDatagram) {
      bodyLength = buffer.encode(body, buffer.end + FRAME_HEADERS_SIZE);
      if (bodyLength < 0 && buffer.end > 0) {
        buffer.flush();
        bodyLength = buffer.encode(body, buffer.end + FRAME_HEADERS_SIZE);
      }
    }
    const size = FRAME_HEADERS_SIZE + bodyLength;
    if (bodyLength < 0 || size > maxDatagram || size > this.#maxMessageSize) {
      const message = this.#large(to, flags, payloadType, nlmsgSeq, body);
      this.#backlogs.open(to).addLarge(message, delivery);
      buffer.use(this);
      return this.#scheduleFlush();
    }
    const start = buffer.end;
    if (this.#segments.length === 0) buffer.use(this);
    this.#scheduleFlush();
    writeFrameHeaders(buffer.view, start, bodyLength, {
      flags,
      nlmsgSeq,
      port: this.#link.port,
      payloadType,
      seq: this.#counters.next(to),
      time: buffer.time,
    });
    // The padding is zeroed: what another destination was sent before must not leave with this message.
    buffer.end = nlmsgAlign(start + size);
    buffer.bytes.fill(0, start + size, buffer.end);
    this.#append(to, start, size, delivery);
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(this.#flushLater);
  }

  /** Adds a message to the datagram of its destination, or begins one. */
  #append(to: number, start: number, size: number, delivery: Delivery): void {
    let segment = this.#last;
    if (segment?.to !== to) segment = this.#open.get(to);
    if (segment === undefined || segment.sizeWith(size) > this.#maxJoined) {
      segment = new Segment(to);
      this.#segments.push(segment);
      this.#open.set(to, segment);
    }
    segment.add(start, size, delivery);
    this.#last = segment;
  }

  #large(to: number, flags: number, payloadType: number, nlmsgSeq: number, body: string): LargeMessage {
    const content = this.#checkSize(body);
    return new LargeMessage(content, this.#fields(to, flags, payloadType, nlmsgSeq), this.#link.maxDatagram);
  }

  /** What the headers of a message carry that leaves by itself. */
  #fields(to: number, flags: number, payloadType: number, nlmsgSeq: number): FrameFields {
    const { port } = this.#link;
    return { flags, nlmsgSeq, port, payloadType, seq: this.#counters.next(to), time: epochMilliseconds() };
  }

  /** Refuses what is too large. Only what may or may not be has to be encoded for that. */
  #checkSize(body: string): string | Uint8Array<ArrayBuffer> {
    const maximum = this.#maxMessageSize;
    if (FRAME_HEADERS_SIZE + UTF8_BYTES_A_UNIT * body.length <= maximum) return body;
    if (FRAME_HEADERS_SIZE + body.length > maximum) {
      throw new MessageTooLargeError(FRAME_HEADERS_SIZE + utf8Length(body), maximum);
    }
    const bytes = encodeBehindHeaders(body);
    if (bytes.length > maximum) throw new MessageTooLargeError(bytes.length, maximum);
    return bytes;
  }

  /** Sends one datagram; where there is no room for it, or others wait for some already, it goes behind them. */
  #sendSegment(segment: Segment): void {
    const { to, size, deliveries } = segment;
    const { bytes } = this.#buffer;
    try {
      if (this.#backlogs.get(to) !== undefined || !this.#link.send(to, segment.datagram(bytes), size)) {
        this.#backlogs.open(to).add(segment.copy(bytes), deliveries);
        return;
      }
      this.#traffic.bytesOut += size;
      for (const delivery of deliveries) this.#outcomes.add(delivery);
    } catch (error) {
      for (const delivery of deliveries) this.#outcomes.add(delivery, error as Error);
    }
  }
}
