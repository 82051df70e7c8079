import { NetlinkMessage, NetlinkMessageHeader, ProcslinkMessage, ProcslinkMessageHeader } from "../../mod.ts";
import type { NlmsghdrFields, ProcslinkhdrFields } from "../../mod.ts";
import { isLegacyFrame, readLegacy } from "./legacy_stranger.ts";
import type { MemoryLink } from "./memory_network.ts";

/** What a message says, with lies where they are wanted. */
export interface Frame {
  /** JSON text, a value to be written as JSON, or bytes. */
  body: unknown;
  netlink?: Partial<NlmsghdrFields>;
  procslink?: Partial<ProcslinkhdrFields>;
}

/** Makes the bytes of a message; fields that are given win over the true ones. */
export function frame(port: number, { body, netlink = {}, procslink = {} }: Frame): Uint8Array<ArrayBuffer> {
  const payload = bytesOf(body);
  const inner = new ProcslinkMessage(new ProcslinkMessageHeader(procslink), payload).toBytes();
  const outer = new NetlinkMessage(new NetlinkMessageHeader({ nlmsgPid: port, ...netlink }), inner).toBytes();
  const view = new DataView(outer.buffer);
  if (netlink.nlmsgLen !== undefined) view.setUint32(0, netlink.nlmsgLen, true);
  if (procslink.length !== undefined) view.setUint32(20, procslink.length, true);
  return outer;
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

/** Makes the fragments of a message, each with so many bytes of its body at most. Lies are in every one of them. */
export function fragments(
  port: number,
  { body, netlink = {}, procslink = {} }: Frame,
  part: number,
): Uint8Array<ArrayBuffer>[] {
  const whole = bytesOf(body);
  const count = Math.max(Math.ceil(whole.length / part), 1);
  return Array.from({ length: count }, (_, index) =>
    frame(port, {
      body: whole.subarray(index * part, (index + 1) * part),
      netlink: { nlmsgFlags: 2, nlmsgType: index === count - 1 ? 3 : 0x10, ...netlink },
      procslink: { length: 24 + whole.length, ...procslink },
    }));
}

/** A last fragment with nothing in it: its sender has taken the message back. */
export function farewell(port: number, { netlink = {}, procslink = {} }: Omit<Frame, "body">): Uint8Array<ArrayBuffer> {
  return frame(port, {
    body: "",
    netlink: { nlmsgFlags: 2, nlmsgType: 3, ...netlink },
    procslink: { length: 1_000, ...procslink },
  });
}

/** What is sent as one datagram: messages, each at a multiple of 4 bytes. */
export function joined(...messages: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(messages.flatMap((bytes) => [...bytes, ...new Uint8Array((4 - bytes.length % 4) % 4)]));
}

/** A message as it was received. */
export interface Received {
  nlmsgSeq: number;
  payloadType: number;
  body: unknown;
}

/** A process that speaks netlink, and sends whatever bytes it likes. */
export class Stranger {
  readonly link: MemoryLink;
  /** `nlmsg_seq` of messages that were taken back on their way here. */
  readonly farewells: number[] = [];
  /** How many NOOPs have come. */
  noops = 0;
  /** How many fragments have come. */
  fragments = 0;
  readonly #received: Received[] = [];
  /** Parts of messages that are on their way, by `seq`. */
  readonly #parts = new Map<number, Uint8Array[]>();
  #waiting: ((message: Received) => void) | undefined;

  constructor(link: MemoryLink) {
    this.link = link;
    link.start({ receive: (bytes, length) => this.#receive(bytes, length), trouble() {}, failed() {} });
    link.hold();
  }

  /** Sends raw bytes as one datagram. */
  sendBytes(to: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.link.send(to, bytes, bytes.length);
  }

  /** Sends a message, with lies where they are wanted. */
  send(to: number, message: Frame): void {
    this.sendBytes(to, frame(this.link.port, message));
  }

  /** Sends a message in fragments, with so many bytes of its body in each at most. */
  sendFragments(to: number, message: Frame, part: number): void {
    for (const fragment of fragments(this.link.port, message, part)) this.sendBytes(to, fragment);
  }

  /** Answers a request with a result, in fragments where a size is given. */
  answer(to: number, { nlmsgSeq, body }: Received, result: unknown, part?: number): void {
    const { id } = body as { id: number };
    const message = { body: { jsonrpc: "2.0", id, result }, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } };
    if (part === undefined) this.send(to, message);
    else this.sendFragments(to, message, part);
  }

  /** What has been received and not been asked for. */
  get unread(): readonly Received[] {
    return this.#received;
  }

  /** Reads now, held or not, as a thread of its own; returns all that has been received and not been asked for. */
  readNow(): Received[] {
    this.link.hold();
    this.link.read();
    this.link.release();
    return this.#received.splice(0);
  }

  /** The next message. */
  next(): Promise<Received> {
    const message = this.#received.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#waiting = resolve);
  }

  #receive(bytes: Uint8Array, length: number): void {
    if (isLegacyFrame(bytes)) return this.#deliver(readLegacy(bytes.slice(0, length), portOf(bytes)));
    for (const { header, payload } of NetlinkMessage.iterate(bytes.slice(0, length))) {
      if (header.nlmsgType === 1) this.noops++;
      else if ((header.nlmsgFlags & 2) !== 0) this.#takeFragment(header, payload);
      else this.#take(header.nlmsgSeq, ProcslinkMessage.fromBytes(payload));
    }
  }

  #takeFragment({ nlmsgSeq, nlmsgType }: NetlinkMessageHeader, payload: Uint8Array): void {
    this.fragments++;
    const header = ProcslinkMessageHeader.fromBytes(payload);
    const part = payload.subarray(ProcslinkMessageHeader.SIZE);
    const parts = this.#parts.get(header.seq) ?? [];
    this.#parts.set(header.seq, parts);
    parts.push(part);
    if (nlmsgType !== 3) return;
    this.#parts.delete(header.seq);
    if (part.length === 0) this.farewells.push(nlmsgSeq);
    else this.#take(nlmsgSeq, new ProcslinkMessage(header, new Uint8Array(parts.flatMap((part) => [...part]))));
  }

  #take(nlmsgSeq: number, { header, payload }: ProcslinkMessage): void {
    this.#deliver({
      nlmsgSeq,
      payloadType: header.payloadType,
      body: JSON.parse(new TextDecoder().decode(payload)),
    });
  }

  #deliver(received: Received): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#received.push(received);
    else waiting(received);
  }
}

/** The port that a legacy message states. */
function portOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(12);
}

/** Lets everything happen that is on its way in memory. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
