/**
 * Sends to all who hear a multicast group.
 *
 * @module
 */
import { nlmsgAlign } from "../wire/align.ts";
import { epochMilliseconds } from "../wire/clock.ts";
import { FRAME_HEADERS_SIZE, writeFrameHeaders } from "../wire/frame.ts";
import { NLM_F_REQUEST } from "../wire/nlmsghdr.ts";
import { PAYLOAD_JSONRPC_REQUEST } from "../wire/procslinkhdr.ts";
import { viewOf } from "../wire/view.ts";
import type { Link } from "./link.ts";
import { COALESCED_DATAGRAM_SIZE } from "./segment.ts";
import type { Traffic } from "./traffic.ts";

/** Sends messages that are encoded already, joined in as few datagrams as the outbox makes of them. */
export class MulticastSender {
  readonly #link: Link;
  readonly #traffic: Traffic;
  readonly #maxJoined: number;
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #seq = 0;

  /**
   * @param link Where they leave.
   * @param traffic Counts what is sent.
   */
  constructor(link: Link, traffic: Traffic) {
    this.#link = link;
    this.#traffic = traffic;
    this.#maxJoined = Math.min(COALESCED_DATAGRAM_SIZE, link.maxDatagram);
  }

  /**
   * Sends requests, now.
   *
   * @param group Number of the group.
   * @param bodies JSON texts in UTF-8, each of which fits one datagram.
   * @throws {Error} If one could not be sent. Those before it may have been.
   */
  send(group: number, bodies: readonly Uint8Array[]): void {
    const buffer = this.#buffer ??= new Uint8Array(this.#link.maxDatagram);
    const view = viewOf(buffer);
    const fields = { flags: NLM_F_REQUEST, nlmsgSeq: 0, port: this.#link.port, payloadType: PAYLOAD_JSONRPC_REQUEST };
    const time = epochMilliseconds();
    let length = 0;
    let messages = 0;
    const leave = () => {
      this.#link.multicast!(group, buffer, length);
      this.#traffic.bytesOut += length;
      this.#traffic.messagesOut += messages;
      length = messages = 0;
    };
    for (const body of bodies) {
      const size = FRAME_HEADERS_SIZE + body.length;
      if (messages > 0 && nlmsgAlign(length) + size > this.#maxJoined) leave();
      const start = nlmsgAlign(length);
      buffer.fill(0, length, start);
      this.#seq = (this.#seq + 1) >>> 0;
      writeFrameHeaders(view, start, body.length, { ...fields, nlmsgSeq: this.#seq, seq: this.#seq, time });
      buffer.set(body, start + FRAME_HEADERS_SIZE);
      length = start + size;
      messages++;
    }
    if (messages > 0) leave();
  }
}
