import type { Caller } from "../../src/link/link.ts";
import type { MemoryLink, MemoryNetwork } from "./memory_network.ts";
import type { Received } from "./stranger.ts";

/** What a legacy message says, with lies where they are wanted. */
export interface LegacyFrame {
  /** JSON text, a value to be written as JSON, or bytes. */
  body: unknown;
  /** Left out where it is a request. */
  payloadType?: number;
  version?: number;
  nlmsgPid?: number;
}

const HEADERS_SIZE = 40;
/** All that such a peer reads. */
const LIMIT = 4_096;
const [REQUEST, RESPONSE] = [1, 2];

/** Makes the bytes of a legacy message. It is written here anew: a mistake of the real one must not be made twice. */
export function legacyFrame(port: number, frame: LegacyFrame): Uint8Array<ArrayBuffer> {
  const { body, payloadType = REQUEST, version = 1, nlmsgPid = port } = frame;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const payload = body instanceof Uint8Array ? body : new TextEncoder().encode(text);
  const bytes = new Uint8Array(HEADERS_SIZE + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - 16);
  view.setUint32(12, nlmsgPid);
  view.setUint16(16, version);
  view.setUint32(20, payload.length);
  view.setUint16(24, payloadType);
  bytes.set(payload, HEADERS_SIZE);
  return bytes;
}

/** Tells whether a datagram is to be a legacy message: no other has this type. */
export function isLegacyFrame(bytes: Uint8Array): boolean {
  return bytes[4] === 0 && bytes[5] === 0;
}

/** Reads the one legacy message that a datagram must be; throws where it is anything else. */
export function readLegacy(bytes: Uint8Array, port: number): Received {
  const shown = () => `Not one whole legacy message, but ${bytes.toHex()}`;
  if (bytes.length < HEADERS_SIZE || bytes.length > LIMIT) throw new Error(`${bytes.length} bytes: ${shown()}`);
  const expected = legacyFrame(port, { body: bytes.subarray(HEADERS_SIZE), payloadType: bytes[25]! });
  if (expected.some((byte, offset) => byte !== bytes[offset])) throw new Error(shown());
  const payloadType = bytes[25]!;
  if (payloadType !== REQUEST && payloadType !== RESPONSE) throw new Error(shown());
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(HEADERS_SIZE));
  return { nlmsgSeq: 0, payloadType, body: JSON.parse(text) };
}

/**
 * A peer of ProcsLink 0.1 for Python. It fails where a datagram is anything but one whole legacy message: a probe, a second message
 * in it, or a message in another dialect.
 */
export class LegacyStranger {
  readonly link: MemoryLink;
  /** Whether it passes over what it does not understand, as the server of that package does. */
  isTolerant = false;
  readonly #received: Received[] = [];
  #waiting: ((message: Received) => void) | undefined;

  constructor(link: MemoryLink) {
    this.link = link;
    // Nobody of that package listens beside its port.
    link.hasLifeline = false;
    link.start({
      receive: (bytes, length, sender) => this.#receive(bytes.slice(0, length), sender.port),
      trouble() {},
      failed() {},
    });
    link.hold();
  }

  /** Sends raw bytes as one datagram. */
  sendBytes(to: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.link.send(to, bytes, bytes.length);
  }

  /** Sends a message, with lies where they are wanted. */
  send(to: number, message: LegacyFrame): void {
    this.sendBytes(to, legacyFrame(this.link.port, message));
  }

  /** Sends a request. */
  request(to: number, id: unknown, method: string, params?: unknown): void {
    this.send(to, { body: { jsonrpc: "2.0", method, id, params } });
  }

  /** Calls a method, and takes whatever arrives next for its answer; fails where that is none. */
  async call(to: number, method: string, params?: unknown, id: unknown = 1): Promise<Received["body"]> {
    this.request(to, id, method, params);
    return await this.answer();
  }

  /** Takes whatever arrives next for an answer; fails where that is none. */
  async answer(): Promise<Received["body"]> {
    const { payloadType, body } = await this.next();
    if (payloadType !== RESPONSE) throw new Error(`Taken for the answer: ${JSON.stringify(body)}`);
    return body;
  }

  /** Sends a response. */
  respond(to: number, body: unknown): void {
    this.send(to, { body, payloadType: RESPONSE });
  }

  /** Answers a request with a result. */
  result(to: number, { body }: Received, result: unknown): void {
    this.respond(to, { jsonrpc: "2.0", id: (body as { id: unknown }).id, result });
  }

  /** Sends the error that such a peer answers a notification with that fails. */
  failedNotification(to: number, data = "boom"): void {
    this.respond(to, { jsonrpc: "2.0", id: null, error: { code: -32603, message: "Internal error", data } });
  }

  /** What has been received and not been asked for. */
  get unread(): readonly Received[] {
    return this.#received;
  }

  /** The methods and first parameters of what has been received and not been asked for. */
  get heard(): unknown[] {
    return this.#received.map(({ body }) => {
      const { method, params } = body as { method?: string; params?: unknown[] };
      return Array.isArray(params) ? [method, ...params] : method;
    });
  }

  /** Reads now, held or not, as a process of its own; returns all that has been received and not been asked for. */
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

  #receive(bytes: Uint8Array, port: number): void {
    try {
      this.#take(readLegacy(bytes, port));
    } catch (error) {
      if (!this.isTolerant) throw error;
    }
  }

  #take(message: Received): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#received.push(message);
    else waiting(message);
  }
}

/** Opens a legacy peer, of the clients' own user where nothing else is said. */
export function openLegacy(
  { network }: { network: MemoryNetwork },
  port = 600,
  who: Partial<Caller> = {},
): LegacyStranger {
  return new LegacyStranger(network.open(port, { uid: 10, ...who }));
}
