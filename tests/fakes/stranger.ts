import { NetlinkMessage, NetlinkMessageHeader, ProcslinkMessage, ProcslinkMessageHeader } from "../../mod.ts";
import type { NlmsghdrFields, ProcslinkhdrFields } from "../../mod.ts";
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
  const payload = body instanceof Uint8Array
    ? body
    : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  const inner = new ProcslinkMessage(new ProcslinkMessageHeader(procslink), payload).toBytes();
  const outer = new NetlinkMessage(new NetlinkMessageHeader({ nlmsgPid: port, ...netlink }), inner).toBytes();
  const view = new DataView(outer.buffer);
  if (netlink.nlmsgLen !== undefined) view.setUint32(0, netlink.nlmsgLen, true);
  if (procslink.length !== undefined) view.setUint32(20, procslink.length, true);
  return outer;
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
  readonly #received: Received[] = [];
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

  /** What has been received and not been asked for. */
  get unread(): readonly Received[] {
    return this.#received;
  }

  /** The next message. */
  next(): Promise<Received> {
    const message = this.#received.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#waiting = resolve);
  }

  #receive(bytes: Uint8Array, length: number): void {
    for (const { header, payload } of NetlinkMessage.iterate(bytes.slice(0, length))) {
      const message = ProcslinkMessage.fromBytes(payload);
      const received = {
        nlmsgSeq: header.nlmsgSeq,
        payloadType: message.header.payloadType,
        body: JSON.parse(new TextDecoder().decode(message.payload)),
      };
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) this.#received.push(received);
      else waiting(received);
    }
  }
}

/** Lets everything happen that is on its way in memory. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
