/**
 * The {@linkcode Link} over a netlink socket.
 *
 * @module
 */
import { ERRNO } from "../../ffi/errno.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { SyscallError } from "../errors.ts";
import { isolateReactor } from "../netlink/isolate.ts";
import { closeLeftover, forgetLiving, isLiving, noteLiving } from "../netlink/leftovers.ts";
import { NetlinkLifeline } from "../netlink/lifeline.ts";
import { LifelineListener } from "../netlink/lifeline_listener.ts";
import type { SocketPlace } from "../netlink/socket_place.ts";
import { namespaceOf } from "../netlink/namespaces.ts";
import type { Reactor } from "../netlink/reactor.ts";
import type { ReactorSource, Registration } from "../netlink/registration.ts";
import { listSockets, socketAt } from "../netlink/sock_diag.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { MAX_DATAGRAM, type NetlinkSocketOptions } from "../netlink/socket_opening.ts";
import { unmappedIds } from "../netlink/user_namespace.ts";
import { BlockingNetlink } from "./blocking_netlink.ts";
import { hear } from "./ears.ts";
import { ForeignQueue } from "./foreign_queue.ts";
import type {
  BlockingLink,
  Caller,
  GroupEar,
  Lifeline,
  Link,
  LinkReceiver,
  ListedSocket,
  PatientSend,
  SoonOutcome,
  UnmappedIds,
} from "./link.ts";
import { type DatagramReceiver, SlotReader } from "./slot_reader.ts";

/** Datagrams that are read before another socket has its turn. */
const DATAGRAMS_A_TURN = 64;

/** Datagrams that a queue can hold: of what was in it, all has been read after so many. */
const DATAGRAMS_A_QUEUE = 8_192;

/** How long datagrams of other users are handed on before the rest of the program has its turn, in milliseconds. */
const FOREIGN_TURN_MILLISECONDS = 2;

/** Nobody is told of what arrives before the start. */
const NOBODY: DatagramReceiver = { receive() {}, trouble() {} };

const MICROSECONDS_A_MILLISECOND = 1_000;

/** How a link is opened. */
export interface NetlinkLinkOptions extends NetlinkSocketOptions {
  /** For how long to look for what arrives before a thread is sent to wait for it, in microseconds; 0 where it is left out. */
  readonly busyPoll?: number;
}

/** Carries datagrams over a netlink socket. */
export class NetlinkLink implements Link, ReactorSource {
  readonly uid: number;
  readonly #reactor: Reactor;
  readonly #busyPoll: number;
  readonly #socket: NetlinkSocket;
  readonly #registration: Registration;
  readonly #reader = new SlotReader();
  readonly #foreign = new ForeignQueue();
  #foreignTurn: ReturnType<typeof setImmediate> | undefined;
  readonly #place: SocketPlace;
  readonly #listener: LifelineListener | undefined;
  #blocking: BlockingLink | undefined;
  /** Those of the ports that are called; none until the first. */
  #lifelines: Set<NetlinkLifeline> | undefined;
  #receiver: LinkReceiver | undefined;
  #unmapped: UnmappedIds | undefined;
  #ref = true;
  #closed = false;

  /**
   * Opens a socket.
   *
   * @param options How it is opened.
   * @param reactor What waits for it.
   * @throws {LibcUnavailableError} If libc cannot be called here.
   * @throws {SyscallError} If the kernel refuses.
   * @throws {TypeError} If the options contradict each other.
   */
  constructor(options: NetlinkLinkOptions = {}, reactor: Reactor = isolateReactor()) {
    const { busyPoll = 0 } = options;
    this.#busyPoll = busyPoll;
    this.uid = reactor.syscalls.getuid();
    this.#socket = openSocket(reactor.syscalls, options);
    const { port, fd } = this.#socket;
    noteLiving(port, fd);
    this.#socket.onFree = () => forgetLiving(port, fd);
    this.#reactor = reactor;
    this.#registration = reactor.register(this, busyPoll / MICROSECONDS_A_MILLISECOND);
    // The kernel closes the descriptors of a process that ends from the last one opened to the first: the lifeline before the port.
    this.#place = { fd, netns: options.netns };
    this.#listener = LifelineListener.open(reactor, this.#place, port);
  }

  get fd(): number {
    return this.#socket.fd;
  }

  get port(): number {
    return this.#socket.port;
  }

  get unmapped(): UnmappedIds {
    return unmappedIds(this.#reactor.syscalls);
  }

  get blocking(): BlockingLink {
    const { syscalls, blockingBusyPoll } = this.#reactor;
    return this.#blocking ??= new BlockingNetlink(this.#socket, syscalls, this.#foreign, blockingBusyPoll);
  }

  get maxDatagram(): number {
    return this.#socket.maxDatagram;
  }

  start(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): boolean {
    const isSent = this.#socket.send(to, bytes, length);
    this.#reactor.expectAnswers(length);
    return isSent;
  }

  sendSoon(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): SoonOutcome {
    return this.#reactor.sendThreads.sendSoon(this.#socket, to, bytes, length);
  }

  sendPatiently(to: number, bytes: Uint8Array<ArrayBuffer>, length: number, stalled: boolean): PatientSend {
    return this.#reactor.sendThreads.send(this.#socket, to, bytes, length, {
      stalled,
      ref: this.#ref && this.#registration.isHeld,
    });
  }

  openLifeline(port: number, broken: () => void): Lifeline | null | undefined {
    const lifeline = NetlinkLifeline.open(this.#reactor, this.#place, port, {
      broken: (slot) => {
        // An answer may have come before the end of who sent it: it is read first, where anybody has it read.
        if (this.#registration.isHeld) this.#read(slot, DATAGRAMS_A_QUEUE, Infinity);
        if (!this.#closed && !lifeline!.isClosed) broken();
      },
      ended: () => this.#lifelines!.delete(lifeline!),
    });
    if (lifeline) (this.#lifelines ??= new Set()).add(lifeline);
    return lifeline;
  }

  beside(port: number): NetlinkLink {
    const { netns } = this.#place;
    const link = new NetlinkLink({ port, netns, busyPoll: this.#busyPoll }, this.#reactor);
    const { syscalls } = this.#reactor;
    if (namespaceOf(syscalls, link.fd) === namespaceOf(syscalls, this.fd)) return link;
    link.close();
    throw new TypeError(
      "The socket of this peer was handed in from another network namespace: nothing is opened beside it",
    );
  }

  multicast(group: number, bytes: Uint8Array<ArrayBuffer>, length: number): void {
    this.#socket.multicast(group, bytes, length);
  }

  hear(group: number, from: number, receiver: LinkReceiver): GroupEar | undefined {
    return hear(this.#reactor, this.#place, group, from, receiver);
  }

  sockets(withQueues: boolean = false): ListedSocket[] | undefined {
    return listSockets(this.#reactor.syscalls, this.#place, withQueues);
  }

  socketAt(port: number): bigint | null | undefined {
    return socketAt(this.#reactor.syscalls, this.#place, port);
  }

  hold(): void {
    this.#registration.hold();
  }

  release(): void {
    this.#registration.release();
  }

  ref(): void {
    this.#ref = true;
    this.#registration.setRef(true);
  }

  unref(): void {
    this.#ref = false;
    this.#registration.setRef(false);
  }

  close(): Promise<void> | undefined {
    if (!this.#closed) {
      this.#closed = true;
      clearImmediate(this.#foreignTurn);
      this.#listener?.close();
      for (const lifeline of this.#lifelines ?? []) lifeline.close();
      this.#registration.close();
    }
    return this.#socket.close();
  }

  failed(error: Error): void {
    // First of all: what is in hand can still be answered.
    this.#receiver?.failed(error);
    this.close();
  }

  readable(slot: ReceiveSlot, deadline: number, justOne: boolean): boolean {
    return this.#read(slot, DATAGRAMS_A_TURN, deadline, justOne);
  }

  /**
   * Reads what is there; tells whether anything was. Other users' datagrams have their turn when there is nothing of our own, or no
   * room for more of them.
   */
  #read(slot: ReceiveSlot, maximum: number, deadline: number, justOne = false): boolean {
    const receiver = this.#receiver ?? NOBODY;
    const foreign = this.#foreign;
    let found = false;
    for (let datagrams = 0; datagrams < maximum && !this.#closed; datagrams++) {
      // Reading the clock costs a tenth of reading a datagram.
      if ((datagrams & 7) === 7 && performance.now() > deadline) break;
      let length: number;
      try {
        length = this.#socket.receive(slot);
      } catch (error) {
        found = true;
        if (this.#reader.overrun(error as SyscallError, receiver)) continue;
        this.failed(error as SyscallError);
        break;
      }
      if (length >= 0) {
        found = true;
        const sender = this.#reader.senderOf(slot, length, receiver);
        if (sender === undefined) continue;
        // Root, whom nobody can keep out anyway, has its turn with our own.
        if (sender.uid === this.uid || sender.uid === 0) {
          receiver.receive(slot.whole(length), length, sender);
          if (justOne) break;
        } else this.#addForeign(slot, length, sender);
      }
      if (length >= 0 && !foreign.isFull) continue;
      if (foreign.deliver(receiver)) found = true;
      if (length < 0 && foreign.isEmpty) return found;
      if (performance.now() > deadline) break;
    }
    this.#deliverForeignLater();
    return found;
  }

  /** A peer sends none that is larger: what another user sends is not worth its memory. */
  #addForeign(slot: ReceiveSlot, length: number, sender: Caller): void {
    if (length <= MAX_DATAGRAM) return this.#foreign.add(slot.data, length, sender);
    slot.drop();
    const reason = `A datagram of ${length} bytes of another user: at most ${MAX_DATAGRAM} are read`;
    this.#receiver?.trouble("refused", reason, sender.port);
  }

  /** Goes on with datagrams of other users once the rest of the program, and what comes of our own, has had its turn. */
  #deliverForeignLater(): void {
    if (this.#foreign.isEmpty || this.#closed) return;
    this.#foreignTurn ??= setImmediate(() => {
      this.#foreignTurn = undefined;
      const deadline = performance.now() + FOREIGN_TURN_MILLISECONDS;
      while (!this.#closed && this.#foreign.deliver(this.#receiver ?? NOBODY) && performance.now() < deadline);
      this.#deliverForeignLater();
    });
  }
}

/** Opens a socket, also where a dead isolate of this thread still holds its port. */
function openSocket(syscalls: Syscalls, options: NetlinkSocketOptions): NetlinkSocket {
  const { port, fd } = options;
  if (fd !== undefined && isLiving(fd)) throw new TypeError(`File descriptor ${fd} is another peer's`);
  try {
    return new NetlinkSocket(syscalls, options);
  } catch (error) {
    const taken = error instanceof SyscallError && error.errno === ERRNO.EADDRINUSE && port !== undefined;
    if (!taken || !closeLeftover(syscalls, port)) throw error;
    return new NetlinkSocket(syscalls, options);
  }
}
