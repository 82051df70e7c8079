/**
 * A link that keeps what was sent, and what was asked of it.
 *
 * @module
 */
import { AssertionError } from "@std/assert";
import type { Link, LinkReceiver, PatientSend } from "../../src/link/link.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { LEGACY } from "../../src/wire/dialect.ts";
import { NetlinkMessage } from "../../src/wire/netlink_message.ts";
import { ProcslinkMessage } from "../../src/wire/procslink_message.ts";
import { settled } from "./time.ts";

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

/** A datagram that waits for room. */
export interface WaitingDatagram {
  readonly to: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
  readonly stalled: boolean;
  readonly outcome: PromiseWithResolvers<boolean>;
  /** The datagram as it was: it must be left alone until it is told what became of it. */
  readonly copy: Uint8Array;
}

/**
 * Sends nothing, and keeps a copy.
 *
 * It is stricter than a real one: a second datagram that waits for the same receiver, and one that was changed while it waits,
 * throw.
 */
export class RecordingLink implements Link {
  readonly port: number;
  maxDatagram: number;
  /** What was sent, in order; what could not be sent is not here. */
  readonly sent: SentDatagram[] = [];
  /** What sending to a port fails with. */
  readonly failures: Map<number, Error> = new Map();
  /** Ports whose queue is full. */
  readonly full: Set<number> = new Set();
  /** Called with the port before each send that does not wait. */
  onSend: (to: number) => void = () => {};
  /** What holding fails with. */
  holdFailure: Error | undefined;
  /** What waits for room, in order. */
  readonly patient: WaitingDatagram[] = [];
  /** Whether what waits can be given up: no thread has it yet. */
  cancellable = false;
  /** How often it was asked for. */
  cancels = 0;
  readonly uid = 1_000;
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

  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): boolean {
    this.onSend(to);
    const failure = this.failures.get(to);
    if (failure !== undefined) throw failure;
    if (this.full.has(to)) return false;
    this.sent.push({ to, bytes: bytes.slice(0, length), memory: bytes.buffer });
    return true;
  }

  sendPatiently(to: number, bytes: Uint8Array<ArrayBuffer>, length: number, stalled: boolean): PatientSend {
    if (this.patient.some((patient) => patient.to === to)) {
      throw new AssertionError(`Two datagrams wait for ${to} at once`);
    }
    const outcome = Promise.withResolvers<boolean>();
    const failure = this.failures.get(to);
    if (failure !== undefined) outcome.reject(failure);
    const waiting = { to, bytes, length, stalled, outcome, copy: bytes.slice(0, length) };
    if (failure === undefined) this.patient.push(waiting);
    const cancel = () => {
      this.cancels++;
      const given = this.cancellable && this.patient.includes(waiting);
      if (given) this.#end(waiting, false);
      return given;
    };
    return { sent: outcome.promise, cancel };
  }

  /** Ends the oldest patient send to a port: it is sent, or there was no room in time, or it fails. */
  async endPatient(to: number, how: boolean | Error): Promise<void> {
    const waiting = this.patient.find((patient) => patient.to === to);
    if (waiting === undefined) throw new Error(`Nothing is sent patiently to ${to}`);
    this.#end(waiting, how);
    await settled();
  }

  hold(): void {
    if (this.holdFailure !== undefined) throw this.holdFailure;
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

  close(): undefined {
    this.closed = true;
  }

  /**
   * Each datagram as its destination and the bodies of its messages. A fragment is its first character and its length, as
   * "a*60", with a "." behind the last one; one that takes message 5 back is "farewell 5". A legacy message is "legacy a".
   */
  get bodies(): [to: number, ...bodies: string[]][] {
    return this.sent.map((datagram) => [datagram.to, ...bodiesOf(datagram)]);
  }

  /** What waits for room, likewise. */
  get waiting(): [to: number, ...bodies: string[]][] {
    return this.patient.map(({ to, copy }) => [to, ...bodiesOf({ to, bytes: copy, memory: new ArrayBuffer() })]);
  }

  /** Fails where something still waits, or the link is held. */
  assertIdle(): void {
    if (this.patient.length > 0) throw new AssertionError(`Still waits: ${JSON.stringify(this.waiting)}`);
    if (this.holds !== 0) throw new AssertionError(`The link is held ${this.holds} times`);
  }

  #end(waiting: WaitingDatagram, how: boolean | Error): void {
    const { to, bytes, length, outcome, copy } = waiting;
    this.patient.splice(this.patient.indexOf(waiting), 1);
    if (copy.some((byte, offset) => bytes[offset] !== byte)) {
      throw new AssertionError("A datagram that waits was changed");
    }
    if (how === true) this.sent.push({ to, bytes: bytes.slice(0, length), memory: bytes.buffer });
    if (how instanceof Error) outcome.reject(how);
    else outcome.resolve(how);
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

function bodiesOf(datagram: SentDatagram): string[] {
  const { bytes } = datagram;
  const reader = new DatagramReader();
  reader.start(bytes, bytes.length);
  const isMessage = reader.next() && reader.problem === undefined;
  const { bodyStart, bodyEnd, last, nlmsgSeq, dialect } = reader;
  if (isMessage && dialect === LEGACY) {
    return [`legacy ${new TextDecoder().decode(bytes.subarray(bodyStart, bodyEnd))}`];
  }
  if (isMessage && reader.fragment) {
    if (reader.next()) throw new AssertionError("Something follows a fragment in its datagram");
    const length = bodyEnd - bodyStart;
    if (length === 0 && last) return [`farewell ${nlmsgSeq}`];
    return [`${String.fromCharCode(bytes[bodyStart]!)}*${length}${last ? "." : ""}`];
  }
  return decode(datagram).map(({ body }) => body);
}
