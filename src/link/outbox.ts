/**
 * What a peer sends: everything for one destination in one turn of the event loop leaves in one datagram, and what is too large
 * for one in several.
 *
 * @module
 */
import type { Phrase } from "../jsonrpc/phrases.ts";
import { FRAME_HEADERS_SIZE } from "../wire/frame.ts";
import { NLM_F_REQUEST } from "../wire/nlmsghdr.ts";
import { PAYLOAD_JSONRPC_REQUEST, PAYLOAD_JSONRPC_RESPONSE } from "../wire/procslinkhdr.ts";
import { Backlogs } from "./backlogs.ts";
import type { Delivery } from "./delivery.ts";
import { FanOut } from "./fan_out.ts";
import { Framer } from "./framer.ts";
import type { LargeMessage } from "./large_message.ts";
import type { Link } from "./link.ts";
import { Outcomes } from "./outcomes.ts";
import { type Pieces, piecesOf, unitsOf } from "./pieces.ts";
import { COALESCED_DATAGRAM_SIZE, type Segment, Turn } from "./segment.ts";
import type { SendBuffer, SendBufferUser } from "./send_buffer.ts";
import { type SendDatagram, sendLegacyNow, sendNow, type SendNowParts } from "./send_now.ts";
import { Traffic } from "./traffic.ts";

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
  readonly #traffic: Traffic;
  readonly #outcomes: Outcomes;
  readonly #backlogs: Backlogs;
  readonly #framer: Framer;

  /** Told when nothing waits any more. */
  idle: () => void = () => {};

  readonly #datagrams: Turn;
  #fanOut: FanOut | undefined;
  #flushing = false;
  #flushScheduled = false;
  #turn = 1;
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
    this.#framer = new Framer(link, buffer, maxMessageSize);
    const maxJoined = Math.min(COALESCED_DATAGRAM_SIZE, link.maxDatagram);
    this.#datagrams = new Turn(maxJoined);
    this.#traffic = traffic;
    this.#outcomes = new Outcomes(traffic);
    const bounds = { maxQueuedBytes, maxMessageSize, maxJoined };
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
    this.#post(to, NLM_F_REQUEST, PAYLOAD_JSONRPC_REQUEST, nlmsgSeq, [body], delivery);
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
    this.#post(to, 0, PAYLOAD_JSONRPC_RESPONSE, nlmsgSeq, [body], delivery);
  }

  /**
   * Sends a request, or a notification, in the legacy dialect, in a datagram of its own, at the end of this turn.
   *
   * @param to Port of the receiver.
   * @param body JSON text.
   * @param delivery Learns what became of it.
   * @throws {MessageTooLargeError} If it is larger than the receiver reads. Nothing of it is sent.
   */
  legacyRequest(to: number, body: string, delivery: Delivery): void {
    this.#postLegacy(to, PAYLOAD_JSONRPC_REQUEST, body, delivery);
  }

  /** Sends a response likewise. */
  legacyResponse(to: number, body: string, delivery: Delivery): void {
    this.#postLegacy(to, PAYLOAD_JSONRPC_RESPONSE, body, delivery);
  }

  /** Throws a {@linkcode MessageTooLargeError} where a message is larger than a legacy peer reads. */
  checkLegacySize(body: string): void {
    this.#framer.checkLegacySize(body);
  }

  /**
   * Sends a request as {@linkcode Outbox.request} does, whose id is the number of its message. Where it is short, that costs less.
   *
   * @param to Port of the receiver.
   * @param id The id.
   * @param middle What stands behind the id.
   * @param value What stands behind that: JSON text.
   * @param end What stands behind that.
   * @param delivery Learns what became of it.
   * @throws {Error} As {@linkcode Outbox.request}.
   */
  requestOf(to: number, id: number, middle: Phrase, value: string, end: Phrase, delivery: Delivery): void {
    this.#postParts(to, NLM_F_REQUEST, PAYLOAD_JSONRPC_REQUEST, id, middle, value, end, delivery);
  }

  /** Sends a response likewise. */
  responseOf(to: number, id: number, middle: Phrase, value: string, end: Phrase, delivery: Delivery): void {
    this.#postParts(to, 0, PAYLOAD_JSONRPC_RESPONSE, id, middle, value, end, delivery);
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
  requestNow(to: number, nlmsgSeq: number, body: string, send: SendDatagram): void {
    this.flush();
    sendNow(this.#nowParts(to), to, nlmsgSeq, body, send);
  }

  /** Sends a request in the legacy dialect likewise. */
  legacyRequestNow(to: number, body: string, send: SendDatagram): void {
    this.flush();
    sendLegacyNow(this.#nowParts(to), body, send);
  }

  /** Sends messages to several receivers, at once. */
  get fanOut(): FanOut {
    return this.#fanOut ??= new FanOut({
      ...{ link: this.#link, framer: this.#framer, backlogs: this.#backlogs, traffic: this.#traffic },
      flushLater: () => this.#scheduleFlush(),
    });
  }

  /** Whether nothing waits: neither for the end of the turn nor for room. */
  get isEmpty(): boolean {
    return this.#datagrams.isEmpty && this.#backlogs.isEmpty;
  }

  /** What waits for room in its receiver's queue, in bytes. */
  get queuedBytes(): number {
    return this.#backlogs.queuedBytes;
  }

  /** Which turn this is, where something waits for its end: all that leaves then has the same one. Else 0. */
  get turn(): number {
    return this.#flushScheduled ? this.#turn : 0;
  }

  /** Sends all that waits for the end of the turn, now. */
  flush(): void {
    if (this.#flushing) return;
    this.#turn++;
    this.#flushing = true;
    for (const segment of this.#datagrams.take()) this.#sendSegment(segment);
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

  #nowParts(to: number): SendNowParts {
    return {
      link: this.#link,
      framer: this.#framer,
      traffic: this.#traffic,
      maxMessageSize: this.#maxMessageSize,
      abandon: (message) => this.#abandon(to, message),
    };
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

  #post(to: number, flags: number, payloadType: number, nlmsgSeq: number, body: Pieces, delivery: Delivery): void {
    const { maxDatagram } = this.#link;
    // Every UTF-16 unit takes at least one byte: what cannot fit is not even tried.
    const bodyLength = FRAME_HEADERS_SIZE + unitsOf(body) <= maxDatagram
      ? this.#buffer.encodeBehind(body, FRAME_HEADERS_SIZE)
      : -1;
    const size = FRAME_HEADERS_SIZE + bodyLength;
    if (bodyLength < 0 || size > maxDatagram || size > this.#maxMessageSize) {
      const message = this.#framer.large(to, flags, payloadType, nlmsgSeq, body);
      this.#backlogs.open(to).addLarge(message, delivery);
      this.#buffer.use(this);
      return this.#scheduleFlush();
    }
    this.#put(to, flags, payloadType, nlmsgSeq, bodyLength, delivery);
  }

  #postLegacy(to: number, payloadType: number, body: string, delivery: Delivery): void {
    this.#framer.checkLegacySize(body);
    const length = this.#buffer.encodeBehind([body], FRAME_HEADERS_SIZE);
    const start = this.#begin();
    this.#datagrams.addAlone(to, start, this.#framer.completeLegacy(payloadType, length), delivery);
  }

  /** Sends a message of parts: what is short and ASCII is written as it is, where there is room for it. */
  #postParts(
    to: number,
    flags: number,
    payloadType: number,
    id: number,
    middle: Phrase,
    value: string,
    end: Phrase,
    delivery: Delivery,
  ): void {
    const buffer = this.#buffer;
    const length = buffer.write(buffer.end + FRAME_HEADERS_SIZE, id, middle, value, end);
    const size = FRAME_HEADERS_SIZE + length;
    if (length < 0 || size > this.#maxMessageSize || size > this.#link.maxDatagram) {
      return this.#post(to, flags, payloadType, id, piecesOf(id, middle, value, end), delivery);
    }
    this.#put(to, flags, payloadType, id, length, delivery);
  }

  /** Completes the message whose body is in the buffer. */
  #put(to: number, flags: number, payloadType: number, nlmsgSeq: number, length: number, delivery: Delivery): void {
    const start = this.#begin();
    this.#datagrams.add(to, start, this.#framer.complete(to, flags, payloadType, nlmsgSeq, length), delivery);
  }

  /** Has a message leave at the end of this turn. Returns where it begins in the buffer. */
  #begin(): number {
    const buffer = this.#buffer;
    if (this.#datagrams.isEmpty) buffer.use(this);
    this.#scheduleFlush();
    return buffer.end;
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(this.#flushLater);
  }

  /** Sends one datagram; where there is no room for it, or others wait for some already, it goes behind them. */
  #sendSegment(segment: Segment): void {
    const { to, size, deliveries, isAlone } = segment;
    try {
      if (this.#backlogs.get(to) !== undefined || !this.#link.send(to, segment.datagram(this.#buffer.bytes), size)) {
        const copy = segment.copy(this.#buffer.bytes);
        if (isAlone) return this.#backlogs.open(to).addAlone(copy, deliveries[0]!);
        return this.#backlogs.open(to).add(copy, deliveries);
      }
      this.#traffic.bytesOut += size;
      for (const delivery of deliveries) this.#outcomes.add(delivery);
    } catch (error) {
      for (const delivery of deliveries) this.#outcomes.add(delivery, error as Error);
    }
  }
}
