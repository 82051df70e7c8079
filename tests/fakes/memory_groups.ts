/**
 * Multicast groups of a network in memory.
 *
 * @module
 */
import type { Caller, GroupEar, LinkReceiver } from "../../src/link/link.ts";

/** A datagram that was sent to a group. */
export interface MemoryMulticast {
  /** The group. */
  readonly group: number;
  /** The datagram. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Who has sent it, in the words of the kernel. */
  readonly sender: Caller;
}

/** Who hears which group of a {@linkcode MemoryNetwork}; as with the real ones, all may send to any. */
export class MemoryGroups {
  /** All that hear something. */
  readonly ears = new Set<MemoryEar>();
  /** What was sent, in order. */
  readonly sent: MemoryMulticast[] = [];
  /** What the next sends fail with. */
  readonly failures: Error[] = [];

  /** Sends a datagram to all who hear a group. */
  send(multicast: MemoryMulticast): void {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.sent.push(multicast);
    for (const ear of [...this.ears]) if (ear.group === multicast.group) ear.arrive(multicast);
  }
}

/** Hears a group for one link. What it hears arrives in a later microtask, and only while it is held. */
export class MemoryEar implements GroupEar {
  capacity = 1_000_000;
  /** The group. */
  readonly group: number;
  /** Port of the link that hears it. */
  readonly port: number;
  /** The only port that counts. */
  readonly from: number;
  /** Told of what comes from there. */
  readonly receiver: LinkReceiver;
  /** Tells what is lost on its way here: in silence, as where another filters it. */
  loses: (multicast: MemoryMulticast) => boolean = () => false;
  /** Whether nothing is read by itself: it waits for {@linkcode MemoryEar.drain}. */
  isSlow = false;
  /** How often it is held. */
  holds = 0;
  isRef = true;
  closed = false;
  /** How often all that was sent was asked for. */
  drains = 0;
  /** What was sent and not been read. */
  readonly queue: MemoryMulticast[] = [];
  readonly #groups: MemoryGroups;

  constructor(groups: MemoryGroups, group: number, port: number, from: number, receiver: LinkReceiver) {
    this.#groups = groups;
    this.group = group;
    this.port = port;
    this.from = from;
    this.receiver = receiver;
    groups.ears.add(this);
  }

  /** A datagram arrives. */
  arrive(multicast: MemoryMulticast): void {
    if (this.loses(multicast)) return;
    this.queue.push(multicast);
    queueMicrotask(() => this.isSlow || this.holds === 0 || this.read());
  }

  /** Reads what waits. */
  read(): void {
    for (const { bytes, sender } of this.queue.splice(0)) {
      if (this.closed) return;
      if (sender.port !== this.from) continue;
      const memory = bytes.slice();
      this.receiver.receive(memory, bytes.length, sender);
      memory.fill(0xff);
    }
  }

  drain(): void {
    this.drains++;
    this.read();
  }

  /** The queue was full: what waits is lost, and so is told. */
  overrun(): void {
    this.queue.length = 0;
    this.receiver.trouble("overrun", "Messages were lost");
  }

  /** Its socket fails. */
  fail(error: Error): void {
    this.close();
    this.receiver.failed(error);
  }

  hold(): void {
    this.holds++;
    queueMicrotask(() => this.isSlow || this.read());
  }

  release(): void {
    this.holds--;
  }

  ref(): void {
    this.isRef = true;
  }

  unref(): void {
    this.isRef = false;
  }

  close(): undefined {
    this.closed = true;
    this.#groups.ears.delete(this);
  }
}
