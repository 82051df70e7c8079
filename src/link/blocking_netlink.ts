/**
 * What a netlink link can do while the event loop stands still.
 *
 * @module
 */
import { ERRNO } from "../../ffi/errno.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import type { SyscallError } from "../errors.ts";
import type { BusyPoll } from "../netlink/busy_poll.ts";
import { livingAt } from "../netlink/leftovers.ts";
import { NetlinkLifeline } from "../netlink/lifeline.ts";
import { namespaceOf } from "../netlink/namespaces.ts";
import { MAX_OVERFLOW, type NetlinkSocket } from "../netlink/socket.ts";
import { MAX_DATAGRAM } from "../netlink/socket_opening.ts";
import { ForeignQueue } from "./foreign_queue.ts";
import type { BlockingLink, Lifeline } from "./link.ts";
import { type DatagramReceiver, SlotReader } from "./slot_reader.ts";

// Memory of its own: that of the reactor may still hold the datagram whose handler waits here; and where a listener is told of
// trouble and waits itself, that of the outer wait is in use as well.
const freeSlots = new WeakMap<Syscalls, ReceiveSlot[]>();

/** The longest time that poll(2) can be given, in milliseconds. */
const LONGEST_POLL_MILLISECONDS = 0x7fff_ffff;

/**
 * Where others had the processor for so long while it was searched, the wait is as much shorter, in milliseconds. For less it is
 * not worth another timeout of the socket.
 */
const WORTH_MILLISECONDS = 1;

/** Sends and receives on a netlink socket, with the whole thread waiting. */
export class BlockingNetlink implements BlockingLink {
  readonly #socket: NetlinkSocket;
  readonly #syscalls: Syscalls;
  readonly #reader = new SlotReader();
  readonly #foreign: ForeignQueue;
  readonly #busyPoll: BusyPoll | undefined;

  /**
   * @param socket The socket.
   * @param syscalls The way to the kernel.
   * @param foreign What has been read of other users, and comes before what has not.
   * @param busyPoll Decides whether to search before a wait; it never does where this is left out.
   */
  constructor(
    socket: NetlinkSocket,
    syscalls: Syscalls,
    foreign: ForeignQueue = new ForeignQueue(),
    busyPoll?: BusyPoll,
  ) {
    this.#foreign = foreign;
    this.#busyPoll = busyPoll;
    this.#socket = socket;
    this.#syscalls = syscalls;
  }

  isOwn(port: number): boolean {
    const descriptors = livingAt(port);
    if (descriptors.size === 0) return false;
    // The same port in another network namespace is somebody else's.
    const namespace = namespaceOf(this.#syscalls, this.#socket.fd);
    return descriptors.values().some((fd) => namespaceOf(this.#syscalls, fd) === namespace);
  }

  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number, milliseconds: number): boolean {
    return this.#socket.send(to, bytes, length) || this.#socket.sendWaiting(to, bytes, length, milliseconds);
  }

  receive(receiver: DatagramReceiver, milliseconds: number, lifeline?: Lifeline): boolean {
    if (this.#foreign.deliver(receiver)) return true;
    const free = this.#freeSlots();
    const slot = free.pop() ?? this.#syscalls.createReceiveSlot(MAX_DATAGRAM, MAX_OVERFLOW);
    try {
      return this.#receive(slot, receiver, milliseconds, lifeline);
    } finally {
      free.push(slot);
    }
  }

  #receive(
    slot: ReceiveSlot,
    receiver: DatagramReceiver,
    milliseconds: number,
    lifeline: Lifeline | undefined,
  ): boolean {
    let length: number;
    try {
      const searches = milliseconds > 0 && this.#busyPoll?.isOn === true;
      length = searches && !this.#busyPoll!.looksFirst() ? -1 : this.#socket.receive(slot);
      if (length >= 0 && searches) this.#busyPoll!.found(true);
      if (length < 0 && searches) {
        const begun = performance.now();
        length = this.#search(slot, this.#busyPoll!, begun + milliseconds);
        const spent = performance.now() - begun;
        if (spent >= WORTH_MILLISECONDS) milliseconds -= spent;
      }
      if (length < 0 && milliseconds > 0) length = this.#receiveWaiting(slot, milliseconds, lifeline);
    } catch (error) {
      if (!this.#reader.overrun(error as SyscallError, receiver)) throw error;
      return true;
    }
    if (length < 0) return false;
    this.#reader.deliver(slot, length, receiver);
    return true;
  }

  /** Looks again and again for a moment: on an idle processor that is heard of sooner than the end of a wait. */
  #search(slot: ReceiveSlot, busyPoll: BusyPoll, end: number): number {
    let now = performance.now();
    busyPoll.begin();
    while (busyPoll.goesOn && now < end) {
      this.#syscalls.schedYield();
      const after = performance.now();
      busyPoll.yielded(after - now, after);
      now = after;
      const length = this.#socket.receive(slot);
      if (length < 0) continue;
      busyPoll.found(false);
      return length;
    }
    busyPoll.foundNothing();
    return -1;
  }

  #receiveWaiting(slot: ReceiveSlot, milliseconds: number, lifeline: Lifeline | undefined): number {
    const begun = performance.now();
    const length = this.#receiveAtLast(slot, milliseconds, lifeline);
    if (length >= 0) this.#busyPoll?.waited(performance.now() - begun);
    return length;
  }

  #receiveAtLast(slot: ReceiveSlot, milliseconds: number, lifeline: Lifeline | undefined): number {
    const pidfd = lifeline instanceof NetlinkLifeline ? lifeline.fd : -1;
    if (pidfd < 0) return this.#socket.receiveWaiting(slot, milliseconds);
    const longest = Math.min(Math.ceil(milliseconds), LONGEST_POLL_MILLISECONDS);
    const ready = this.#syscalls.poll([this.#socket.fd, pidfd], longest);
    if (ready > 0) return this.#socket.receive(slot);
    // Without poll the socket alone is waited for, and the other side looked at in between.
    if (ready < 0 && this.#syscalls.errno() !== ERRNO.EINTR) {
      return this.#socket.receiveWaiting(slot, Math.min(milliseconds, 200));
    }
    return -1;
  }

  #freeSlots(): ReceiveSlot[] {
    let free = freeSlots.get(this.#syscalls);
    if (free === undefined) freeSlots.set(this.#syscalls, free = []);
    return free;
  }
}
