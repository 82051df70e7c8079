import { PeerGoneError } from "../../src/errors.ts";
import type { Caller, Link, LinkReceiver } from "../../src/link/link.ts";

/** A network in memory: links by port. Datagrams arrive in a later microtask, and only while the receiver is held. */
export class MemoryNetwork {
  readonly #links = new Map<number, MemoryLink>();

  /** Opens a link; its sender is what the kernel would attest. */
  open(port: number, credentials: Partial<Caller> = {}): MemoryLink {
    const link = new MemoryLink(this.#links, { port, uid: 1000, gid: 1000, pidHint: port, ...credentials });
    this.#links.set(port, link);
    return link;
  }
}

/** One side of a {@linkcode MemoryNetwork}. */
export class MemoryLink implements Link {
  readonly maxDatagram = 100_000;
  /** What the kernel says of this side. */
  readonly self: Caller;
  /** Every datagram that was sent, with its destination. */
  readonly sent: { to: number; bytes: Uint8Array }[] = [];
  /** How often the link is held. */
  holds = 0;
  /** Whether holds keep the process running. */
  isRef = true;
  closed = false;
  /** What the next sends fail with. */
  readonly failures: Error[] = [];
  /** What the next holds fail with. */
  readonly holdFailures: Error[] = [];
  readonly #links: Map<number, MemoryLink>;
  readonly #queue: { bytes: Uint8Array; sender: Caller }[] = [];
  #receiver: LinkReceiver | undefined;
  #keepAlive: ReturnType<typeof setInterval> | undefined;

  constructor(links: Map<number, MemoryLink>, self: Caller) {
    this.#links = links;
    this.self = self;
  }

  get port(): number {
    return this.self.port;
  }

  get receiver(): LinkReceiver {
    if (this.#receiver === undefined) throw new Error("The link was not started");
    return this.#receiver;
  }

  start(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): void {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const copy = bytes.slice(0, length);
    this.sent.push({ to, bytes: copy });
    const target = this.#links.get(to);
    if (target === undefined || target.closed) throw new PeerGoneError(to);
    target.arrive(copy, this.self);
  }

  /** A datagram arrives, from whoever the kernel says. */
  arrive(bytes: Uint8Array, sender: Caller): void {
    this.#queue.push({ bytes, sender });
    queueMicrotask(() => this.#read());
  }

  hold(): void {
    const failure = this.holdFailures.shift();
    if (failure !== undefined) throw failure;
    this.holds++;
    // Keeps the process running, as the wait of a real link does.
    this.#keepAlive ??= setInterval(() => {}, 1_000_000);
    queueMicrotask(() => this.#read());
  }

  release(): void {
    this.holds--;
    if (this.holds === 0) this.#letGo();
  }

  ref(): void {
    this.isRef = true;
  }

  unref(): void {
    this.isRef = false;
  }

  close(): void {
    this.closed = true;
    this.#letGo();
    this.#links.delete(this.port);
  }

  #letGo(): void {
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
  }

  #read(): void {
    while (this.holds > 0 && !this.closed) {
      const datagram = this.#queue.shift();
      if (datagram === undefined) return;
      // As with the real receive buffer, the memory is used again at once.
      const memory = new Uint8Array(datagram.bytes.length + 64);
      memory.set(datagram.bytes);
      this.receiver.receive(memory, datagram.bytes.length, datagram.sender);
      memory.fill(0xff);
    }
  }
}
