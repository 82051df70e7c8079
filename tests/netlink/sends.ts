/**
 * Datagrams for receivers that do not read, and what becomes of them.
 *
 * @module
 */
import { readSockaddrNlPort } from "../../ffi/structs/sockaddr_nl.ts";
import { type Patience, RETRY_MILLISECONDS, SendThreads } from "../../src/netlink/send_threads.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import type { FakeTime } from "../fakes/time.ts";

/** How a datagram waits whose receiver has only just fallen behind. */
export const FRESH: Patience = { stalled: false, ref: true };
/** How it waits where the receiver has let a whole wait pass in vain. */
export const STALLED: Patience = { stalled: true, ref: true };
/** How it waits where it must not keep the process running. */
export const UNREF: Patience = { stalled: false, ref: false };

/** Sends on a kernel where each queue holds one datagram. */
export class Sends {
  readonly kernel = new FakeSyscalls();
  readonly threads = new SendThreads(this.kernel);
  /** What sends, where nothing else is said. */
  readonly socket: NetlinkSocket;
  /** What became of each datagram, in the order in which it was told: `"3 true"` for one to port 3. */
  readonly told: string[] = [];
  /** The destination of each `sendto(2)` that does not wait. */
  readonly tried: number[] = [];
  readonly #receivers = new Map<number, number>();

  constructor() {
    const { kernel } = this;
    kernel.queueLimit = 1;
    this.socket = new NetlinkSocket(kernel);
    const sendto = kernel.sendto.bind(kernel);
    kernel.sendto = (fd, data, length, flags, address) => {
      this.tried.push(readSockaddrNlPort(new DataView(address.buffer), 0));
      return sendto(fd, data, length, flags, address);
    };
  }

  /** Opens receivers, from one port on, whose queues are full. */
  stop(count: number, first = 1): void {
    for (let port = first; port < first + count; port++) {
      this.#receivers.set(port, this.kernel.openElsewhere({ port }));
      this.kernel.arrive(port);
    }
  }

  /** Ends a receiver. */
  end(port: number): void {
    this.kernel.close(this.#receivers.get(port)!);
    this.#receivers.delete(port);
  }

  /** Sends a datagram of one byte, which is the port of its receiver; returns what gives it up. */
  send(to: number, patience: Patience = FRESH, socket: NetlinkSocket = this.socket): () => void {
    const { sent, cancel } = this.threads.send(socket, to, new Uint8Array([to, 0]), 1, patience);
    sent.then(
      (sent) => void this.told.push(`${to} ${sent}`),
      (error: Error) => void this.told.push(`${to} ${error.name}: ${error.message}`),
    );
    return cancel;
  }

  /** Sends to receivers whose queues are full, from one port on. */
  sendToStopped(count: number, patience: Patience = FRESH, first = 1): void {
    this.stop(count, first);
    for (let port = first; port < first + count; port++) this.send(port, patience);
  }

  /** What is in the ledger besides sockets. */
  get memory(): string[] {
    return this.kernel.ledger.open.filter((what) => !what.endsWith("(socket)"));
  }

  /** Closes everything, and fails where something is left open. */
  async finish(time: FakeTime): Promise<void> {
    for (const port of [...this.#receivers.keys()]) this.end(port);
    this.socket.close();
    // What waits without a thread learns it by timer.
    for (let ticks = 0; ticks < 100 && this.memory.length > 0; ticks++) await time.pass(RETRY_MILLISECONDS);
    this.kernel.assertAllClosed();
  }
}
