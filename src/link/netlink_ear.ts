/**
 * Hears a multicast group of the kernel, on a socket of its own.
 *
 * A socket that has lost something takes nothing more until its whole queue was read, not even from those who would wait; and
 * anybody may send to a group. So it is never the socket that serves calls. All peers of an isolate that hear the same group share
 * one: the kernel copies a message for each socket.
 *
 * @module
 */
import { ERRNO } from "../../ffi/errno.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { SyscallError } from "../errors.ts";
import type { NetworkNamespace } from "../netlink/namespaces.ts";
import type { Reactor } from "../netlink/reactor.ts";
import type { ReactorSource, Registration } from "../netlink/registration.ts";
import { MAX_OVERFLOW, NetlinkSocket } from "../netlink/socket.ts";
import { MAX_DATAGRAM } from "../netlink/socket_opening.ts";
import type { Caller, GroupEar, LinkReceiver } from "./link.ts";
import { SlotReader } from "./slot_reader.ts";

/** Datagrams that are read before another socket has its turn. */
const DATAGRAMS_A_TURN = 64;
/** What the kernel counts for a datagram at least, in bytes: its own notes of it have more. */
const LEAST_CHARGE = 512;
/** Turns in which all is read that a queue can hold, although others go on sending. */
const DRAIN_TURNS = 128;

/** Hears a multicast group of the kernel. */
export class NetlinkEar implements ReactorSource {
  /** How much waits to be read at most, in bytes. */
  readonly capacity: number;
  /** Told once when nobody listens any more. */
  readonly #ended: () => void;
  readonly #reactor: Reactor;
  readonly #socket: NetlinkSocket;
  readonly #registration: Registration;
  readonly #reader = new SlotReader();
  readonly #listeners = new Set<Listener>();
  /** How many datagrams wait to be read at most. */
  readonly #mostQueued: number;
  /** An overrun that is not told yet, and how many datagrams may have been in the queue then that are not read yet. */
  #overrun: SyscallError | undefined;
  #unread = 0;
  /** The memory where datagrams arrive that are asked for. */
  #slot: ReceiveSlot | undefined;
  #isHeld = false;
  #isReading = false;
  #isClosed = false;

  /**
   * Opens a socket.
   *
   * @param reactor What waits for it.
   * @param group Number of the group.
   * @param netns The network namespace; that of this thread where it is undefined.
   * @param ended Told once when nobody listens any more.
   * @throws {SyscallError} If the kernel refuses: with EPERM where this process may not.
   */
  constructor(reactor: Reactor, group: number, netns: NetworkNamespace | undefined, ended: () => void) {
    this.#reactor = reactor;
    this.#ended = ended;
    this.#socket = new NetlinkSocket(reactor.syscalls, { group, netns });
    this.capacity = this.#socket.receiveBuffer;
    this.#mostQueued = Math.ceil(this.capacity / LEAST_CHARGE) + 1;
    this.#registration = reactor.register(this);
  }

  get fd(): number {
    return this.#socket.fd;
  }

  /**
   * Lets somebody listen.
   *
   * @param from The only port that counts.
   * @param receiver Told of what comes from there, and of what is lost.
   * @returns What is held while something is to be heard.
   */
  listen(from: number, receiver: LinkReceiver): GroupEar {
    const listener = new Listener(this, from, receiver);
    this.#listeners.add(listener);
    return listener;
  }

  /**
   * Lets somebody listen no longer.
   *
   * @param listener Who.
   */
  leave(listener: Listener): void {
    if (!this.#listeners.delete(listener)) return;
    if (this.#listeners.size === 0) this.close();
    else this.update();
  }

  /** Has the socket read while one of the listeners is held; and the process running, where one of those wants that. */
  update(): void {
    if (this.#isClosed) return;
    const held = [...this.#listeners].filter(({ holds }) => holds > 0);
    this.#registration.setRef(held.some(({ isRef }) => isRef));
    if (held.length > 0 === this.#isHeld) return;
    if (held.length > 0) this.#registration.hold();
    else this.#registration.release();
    this.#isHeld = held.length > 0;
  }

  /** Reads all that has been sent so far; nothing where somebody asks for it who is being told of what was read: the rest follows. */
  drain(): void {
    if (this.#isReading) return;
    const slot = this.#slot ??= this.#reactor.syscalls.createReceiveSlot(MAX_DATAGRAM, MAX_OVERFLOW);
    for (let turns = 0; turns < DRAIN_TURNS && this.readable(slot, Infinity); turns++);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#registration.close();
    this.#socket.close();
    this.#ended();
  }

  failed(error: Error): void {
    const listeners = [...this.#listeners];
    this.close();
    for (const { receiver } of listeners) receiver.failed(error);
  }

  readable(slot: ReceiveSlot, deadline: number): boolean {
    this.#isReading = true;
    try {
      return this.#read(slot, deadline);
    } finally {
      this.#isReading = false;
    }
  }

  #read(slot: ReceiveSlot, deadline: number): boolean {
    let found = false;
    for (let datagrams = 0; !this.#isClosed && this.#goesOn(datagrams, deadline); datagrams++) {
      let length: number;
      try {
        length = this.#socket.receive(slot);
      } catch (error) {
        found = true;
        this.#refused(error as SyscallError);
        continue;
      }
      if (length < 0) {
        if (this.#overrun !== undefined) this.#lost(this.#overrun);
        this.#overrun = undefined;
        return found;
      }
      found = true;
      this.#deliver(slot, length);
      if (this.#overrun === undefined || --this.#unread > 0) continue;
      this.#lost(this.#overrun);
      this.#overrun = undefined;
    }
    // Where the queue has become empty just now, nobody comes again to tell it; where not, more may be lost.
    if (this.#overrun !== undefined) this.#lost(this.#overrun);
    return found;
  }

  #goesOn(datagrams: number, deadline: number): boolean {
    if (this.#overrun !== undefined) return datagrams < this.#mostQueued;
    return datagrams < DATAGRAMS_A_TURN && ((datagrams & 7) !== 7 || performance.now() <= deadline);
  }

  /**
   * Notes an overrun, which the kernel tells before what is still in the queue. From then on all is lost until that was read, and is
   * told no more: whoever asked for what was lost before would miss what is lost behind it.
   */
  #refused(error: SyscallError): void {
    if (error.errno !== ERRNO.ENOBUFS) return this.#lost(error);
    this.#overrun = error;
    this.#unread = this.#mostQueued;
  }

  #deliver(slot: ReceiveSlot, length: number): void {
    const { port } = slot;
    let sender: Caller | undefined;
    // Others have groups of the same number: what they send is no trouble, but nothing for us.
    for (const { from, receiver } of this.#listeners) {
      if (from !== port) continue;
      sender ??= this.#reader.senderOf(slot, length, receiver);
      if (sender === undefined) return;
      receiver.receive(slot.whole(length), length, sender);
    }
  }

  #lost(error: SyscallError): void {
    for (const { receiver } of this.#listeners) {
      if (!this.#reader.overrun(error, receiver)) return this.failed(error);
    }
  }
}

/** One of those who listen. */
class Listener implements GroupEar {
  /** The only port that counts. */
  readonly from: number;
  /** Told of what comes from there. */
  readonly receiver: LinkReceiver;
  /** How many have it listen. */
  holds = 0;
  /** Whether that keeps the process running. */
  isRef = true;
  readonly #ear: NetlinkEar;

  /**
   * @param ear What hears.
   * @param from The only port that counts.
   * @param receiver Told of what comes from there.
   */
  constructor(ear: NetlinkEar, from: number, receiver: LinkReceiver) {
    this.#ear = ear;
    this.from = from;
    this.receiver = receiver;
  }

  get capacity(): number {
    return this.#ear.capacity;
  }

  drain(): void {
    this.#ear.drain();
  }

  hold(): void {
    this.#change(1);
  }

  release(): void {
    this.#change(-1);
  }

  ref(): void {
    this.isRef = true;
    this.#ear.update();
  }

  unref(): void {
    this.isRef = false;
    this.#ear.update();
  }

  close(): undefined {
    this.#ear.leave(this);
  }

  #change(by: 1 | -1): void {
    this.holds += by;
    try {
      this.#ear.update();
    } catch (error) {
      this.holds -= by;
      throw error;
    }
  }
}
