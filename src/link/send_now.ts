/**
 * Requests that do not wait for the end of the turn: their thread waits for the answer.
 *
 * @module
 */
import { FRAME_HEADERS_SIZE, writeFrameHeaders } from "../wire/frame.ts";
import { NLM_F_REQUEST } from "../wire/nlmsghdr.ts";
import { PAYLOAD_JSONRPC_REQUEST } from "../wire/procslinkhdr.ts";
import { viewOf } from "../wire/view.ts";
import type { Framer } from "./framer.ts";
import type { LargeMessage } from "./large_message.ts";
import type { Link } from "./link.ts";
import { encodeBehindHeaders } from "./pieces.ts";
import type { Traffic } from "./traffic.ts";

/** Sends one datagram; tells whether it did. Where not, the rest is not sent either. */
export type SendDatagram = (bytes: Uint8Array<ArrayBuffer>, length: number) => boolean;

/** What such a request needs of its outbox. */
export interface SendNowParts {
  /** What carries it. */
  readonly link: Link;
  /** Gives it its headers. */
  readonly framer: Framer;
  /** Counts it. */
  readonly traffic: Traffic;
  /** The largest message, in bytes, both headers included. */
  readonly maxMessageSize: number;
  /** Tells the receiver that the rest of a message will not come. */
  abandon(message: LargeMessage): void;
}

/**
 * Sends a request, datagram by datagram.
 *
 * @param parts What it needs of its outbox.
 * @param to Port of the receiver.
 * @param nlmsgSeq Number that the response will carry.
 * @param body JSON text.
 * @param send Sends one datagram.
 * @throws {MessageTooLargeError} If it is larger than what is sent. Nothing of it is sent.
 */
export function sendNow(parts: SendNowParts, to: number, nlmsgSeq: number, body: string, send: SendDatagram): void {
  const { link: { maxDatagram }, framer, traffic, maxMessageSize } = parts;
  if (FRAME_HEADERS_SIZE + body.length <= maxDatagram) {
    const bytes = encodeBehindHeaders([body]);
    const { length } = bytes;
    if (length <= maxDatagram && length <= maxMessageSize) {
      const fields = framer.fields(to, NLM_F_REQUEST, PAYLOAD_JSONRPC_REQUEST, nlmsgSeq);
      writeFrameHeaders(viewOf(bytes), 0, length - FRAME_HEADERS_SIZE, fields);
      if (!send(bytes, length)) return;
      traffic.bytesOut += length;
      traffic.messagesOut++;
      return;
    }
  }
  const message = framer.large(to, NLM_F_REQUEST, PAYLOAD_JSONRPC_REQUEST, nlmsgSeq, [body]);
  try {
    while (!message.isSent) {
      const { bytes, length } = message.next();
      if (!send(bytes, length)) break;
      message.advance();
      traffic.bytesOut += length;
    }
    if (message.isSent) traffic.messagesOut++;
  } finally {
    if (message.isUnderWay) parts.abandon(message);
  }
}

/**
 * Sends a request in the legacy dialect, likewise.
 *
 * @param parts What it needs of its outbox.
 * @param body JSON text.
 * @param send Sends one datagram.
 * @throws {MessageTooLargeError} If it is larger than the receiver reads. Nothing of it is sent.
 */
export function sendLegacyNow({ framer, traffic }: SendNowParts, body: string, send: SendDatagram): void {
  framer.checkLegacySize(body);
  const bytes = encodeBehindHeaders([body]);
  const { length } = bytes;
  framer.writeLegacyHeaders(viewOf(bytes), 0, length - FRAME_HEADERS_SIZE, PAYLOAD_JSONRPC_REQUEST);
  if (!send(bytes, length)) return;
  traffic.bytesOut += length;
  traffic.messagesOut++;
}
