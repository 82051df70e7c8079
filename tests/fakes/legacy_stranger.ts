import { NetlinkMessage, NetlinkMessageHeader, ProcslinkMessage, ProcslinkMessageHeader } from "../../mod.ts";
import { LEGACY } from "../../src/wire/dialect.ts";
import type { MemoryLink } from "./memory_network.ts";

/** A process that speaks the legacy dialect, as ProcsLink 0.1 for Python does. It has no lifeline. */
export class LegacyStranger {
  readonly link: MemoryLink;
  /** The bodies of what it was sent, in order; undefined for what is not of its dialect. */
  readonly received: unknown[] = [];

  constructor(link: MemoryLink) {
    this.link = link;
    link.hasLifeline = false;
    link.start({
      receive: (bytes, length) => this.received.push(bodyOf(bytes.slice(0, length))),
      trouble() {},
      failed() {},
    });
    link.hold();
  }

  /** The methods that it was asked for, in order. */
  get methods(): unknown[] {
    return this.received.map((body) => (body as { method?: unknown } | undefined)?.method);
  }

  /** Sends a request, or a notification. */
  request(to: number, body: object): void {
    this.#send(to, 1, { jsonrpc: "2.0", ...body });
  }

  /** Answers a request. */
  answer(to: number, body: object): void {
    this.#send(to, 2, { jsonrpc: "2.0", ...body });
  }

  #send(to: number, payloadType: number, body: object): void {
    const payload = new TextEncoder().encode(JSON.stringify(body));
    const inner = new ProcslinkMessage(new ProcslinkMessageHeader({ payloadType }), payload).toBytes(LEGACY);
    const header = new NetlinkMessageHeader({ nlmsgPid: this.link.port, nlmsgFlags: 0 });
    const bytes = new NetlinkMessage(header, inner).toBytes(LEGACY);
    this.link.send(to, bytes, bytes.length);
  }
}

function bodyOf(bytes: Uint8Array): unknown {
  try {
    const { payload } = ProcslinkMessage.fromBytes(NetlinkMessage.fromBytes(bytes, LEGACY).payload, LEGACY);
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}
