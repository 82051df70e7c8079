/**
 * A link that keeps what was sent, and what was asked of it.
 *
 * @module
 */
import type { Link, LinkReceiver } from "../../src/link/link.ts";
import { NetlinkMessage } from "../../src/wire/netlink_message.ts";
import { ProcslinkMessage } from "../../src/wire/procslink_message.ts";

/** A message of a datagram, decoded. */
export interface SentMessage {
  readonly flags: number;
  readonly nlmsgSeq: number;
  readonly port: number;
  readonly payloadType: number;
  readonly seq: number;
  readonly timestamp: bigint;
  readonly body: string;
}

/** A datagram that was sent. */
export interface SentDatagram {
  readonly to: number;
  readonly bytes: Uint8Array;
  /** The memory that it was sent from. */
  readonly memory: ArrayBuffer;
}

/** Sends nothing, and keeps a copy. */
export class RecordingLink implements Link {
  readonly port: number;
  maxDatagram: number;
  /** What was sent, in order; what could not be sent is not here. */
  readonly sent: SentDatagram[] = [];
  /** What sending to a port fails with. */
  readonly failures: Map<number, Error> = new Map();
  receiver: LinkReceiver | undefined;
  holds = 0;
  refs = true;
  closed = false;

  constructor(port = 4242, maxDatagram = 1_048_576) {
    this.port = port;
    this.maxDatagram = maxDatagram;
  }

  start(receiver: LinkReceiver): void {
    this.receiver = receiver;
  }

  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): void {
    const failure = this.failures.get(to);
    if (failure !== undefined) throw failure;
    this.sent.push({ to, bytes: bytes.slice(0, length), memory: bytes.buffer });
  }

  hold(): void {
    this.holds++;
  }

  release(): void {
    this.holds--;
  }

  ref(): void {
    this.refs = true;
  }

  unref(): void {
    this.refs = false;
  }

  close(): void {
    this.closed = true;
  }

  /** Each datagram as its destination and the bodies of its messages. */
  get bodies(): [to: number, ...bodies: string[]][] {
    return this.sent.map((datagram) => [datagram.to, ...decode(datagram).map(({ body }) => body)]);
  }
}

/** Decodes the messages of a datagram; throws where a length or a version is wrong. */
export function decode({ bytes }: SentDatagram): SentMessage[] {
  return [...NetlinkMessage.iterate(bytes)].map(({ header, payload }) => {
    const message = ProcslinkMessage.fromBytes(payload);
    return {
      flags: header.nlmsgFlags,
      nlmsgSeq: header.nlmsgSeq,
      port: header.nlmsgPid,
      payloadType: message.header.payloadType,
      seq: message.header.seq,
      timestamp: message.header.timestamp,
      body: new TextDecoder().decode(message.payload),
    };
  });
}
