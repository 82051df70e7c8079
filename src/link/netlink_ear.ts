/**
 * Hears a multicast group of the kernel, on a socket of its own.
 *
 * A socket that has lost something takes nothing more until its whole queue was read, not even from those who would wait; and
 * anybody may send to a group. So it is never the socket that serves calls.
 *
 * @module
 */
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { SyscallError } from "../errors.ts";
import type { NetworkNamespace } from "../netlink/namespaces.ts";
import type { Reactor } from "../netlink/reactor.ts";
import type { ReactorSource, Registration } from "../netlink/registration.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import type { GroupEar, LinkReceiver } from "./link.ts";
import { SlotReader } from "./slot_reader.ts";

/** Datagrams that are read before another socket has its turn. */
const DATAGRAMS_A_TURN = 64;

/** What is heard. */
export interface NetlinkEarOptions {
  /** Number of the group. */
  readonly group: number;
  /** The only port that counts. */
  readonly from: number;
  /** The network namespace; that of this thread where it is undefined. */
  readonly netns: NetworkNamespace | undefined;
}

/** Hears a multicast group of the kernel. */
export class NetlinkEar implements GroupEar, ReactorSource {
  readonly #socket: NetlinkSocket;
  readonly #registration: Registration;
  readonly #receiver: LinkReceiver;
  readonly #reader = new SlotReader();
  readonly #from: number;
  #isClosed = false;

  /**
   * Opens a socket.
   *
   * @param reactor What waits for it.
   * @param options What is heard.
   * @param receiver Told of what arrives.
   * @throws {SyscallError} If the kernel refuses: with EPERM where this process may not.
   */
  constructor(reactor: Reactor, { group, from, netns }: NetlinkEarOptions, receiver: LinkReceiver) {
    this.#socket = new NetlinkSocket(reactor.syscalls, { group, netns });
    this.#from = from;
    this.#receiver = receiver;
    this.#registration = reactor.register(this);
  }

  get fd(): number {
    return this.#socket.fd;
  }

  hold(): void {
    this.#registration.hold();
  }

  release(): void {
    this.#registration.release();
  }

  ref(): void {
    this.#registration.setRef(true);
  }

  unref(): void {
    this.#registration.setRef(false);
  }

  close(): Promise<void> | undefined {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#registration.close();
    }
    return this.#socket.close();
  }

  failed(error: Error): void {
    this.#receiver.failed(error);
    this.close();
  }

  readable(slot: ReceiveSlot, deadline: number): boolean {
    let found = false;
    for (let datagrams = 0; datagrams < DATAGRAMS_A_TURN && !this.#isClosed; datagrams++) {
      if ((datagrams & 7) === 7 && performance.now() > deadline) break;
      let length: number;
      try {
        length = this.#socket.receive(slot);
      } catch (error) {
        if (!this.#reader.overrun(error as SyscallError, this.#receiver)) this.failed(error as SyscallError);
        found = true;
        continue;
      }
      if (length < 0) break;
      found = true;
      // Others have groups of the same number: what they send is no trouble, but nothing for us.
      if (slot.port === this.#from) this.#reader.deliver(slot, length, this.#receiver);
    }
    return found;
  }
}
