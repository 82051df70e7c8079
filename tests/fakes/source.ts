/**
 * A socket for the reactor that notes what becomes of it.
 *
 * @module
 */
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import type { ReactorSource, Registration } from "../../src/netlink/registration.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import type { NetlinkSocketOptions } from "../../src/netlink/socket_opening.ts";
import { FakeSyscalls } from "./syscalls.ts";
import { settled } from "./time.ts";

/** Reads its socket, and notes it. */
export class FakeSource implements ReactorSource {
  readonly registration: Registration;
  /** How often it was told to read. */
  turns = 0;
  /** Datagrams that it read. */
  datagrams = 0;
  /** What it failed with. */
  readonly errors: Error[] = [];
  /** The last slot and deadline. */
  slot: ReceiveSlot | undefined;
  deadline = 0;
  /** Datagrams that it reads in one turn. */
  most = Infinity;
  /** Called at the end of each turn. */
  onReadable: () => void = () => {};
  /** Called when it fails. */
  onFailed: () => void = () => {};
  readonly #socket: NetlinkSocket;

  constructor(reactor: Reactor, options: NetlinkSocketOptions = {}, busyPoll = 0) {
    this.#socket = new NetlinkSocket(reactor.syscalls, options);
    this.registration = reactor.register(this, busyPoll);
  }

  get fd(): number {
    return this.#socket.fd;
  }

  get port(): number {
    return this.#socket.port;
  }

  hold(): void {
    this.registration.hold();
  }

  release(): void {
    this.registration.release();
  }

  readable(slot: ReceiveSlot, deadline: number, justOne: boolean): boolean {
    const before = this.datagrams;
    const most = justOne ? 1 : this.most;
    this.turns++;
    this.slot = slot;
    this.deadline = deadline;
    for (let count = 0; count < most && this.#socket.receive(slot) >= 0; count++) this.datagrams++;
    this.onReadable();
    return this.datagrams > before;
  }

  failed(error: Error): void {
    this.errors.push(error);
    this.close();
    this.onFailed();
  }

  close(): void {
    this.registration.close();
    this.#socket.close();
  }
}

/** Sockets of one reactor on a kernel of its own. */
export interface SourceSetup {
  readonly kernel: FakeSyscalls;
  readonly reactor: Reactor;
  readonly sources: FakeSource[];
}

/** Opens sockets, and holds none of them. */
export function openSources(count: number): SourceSetup {
  const kernel = new FakeSyscalls();
  const reactor = new Reactor(kernel);
  return { kernel, reactor, sources: Array.from({ length: count }, () => new FakeSource(reactor)) };
}

/** Closes sockets; then nothing must be open. */
export async function closeSources(kernel: FakeSyscalls, sources: readonly FakeSource[]): Promise<void> {
  for (const source of sources) source.close();
  await settled();
  kernel.assertAllClosed();
}
