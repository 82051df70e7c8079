/**
 * The {@linkcode Link} over a netlink socket.
 *
 * @module
 */
import { MSG_TRUNC } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { SyscallError } from "../errors.ts";
import { isolateReactor } from "../netlink/isolate.ts";
import { closeLeftover, livingDescriptors } from "../netlink/leftovers.ts";
import type { Reactor } from "../netlink/reactor.ts";
import type { ReactorSource, Registration } from "../netlink/registration.ts";
import { NetlinkSocket, type NetlinkSocketOptions } from "../netlink/socket.ts";
import type { Caller, Link, LinkReceiver } from "./link.ts";

/** Datagrams that are read before another socket has its turn. */
const DATAGRAMS_A_TURN = 64;

/** Carries datagrams over a netlink socket. */
export class NetlinkLink implements Link, ReactorSource {
  readonly #socket: NetlinkSocket;
  readonly #registration: Registration;
  #receiver: LinkReceiver | undefined;
  #sender: Caller = { port: 0, uid: 0, gid: 0, pidHint: 0 };
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
  constructor(options: NetlinkSocketOptions = {}, reactor: Reactor = isolateReactor()) {
    this.#socket = openSocket(reactor.syscalls, options);
    livingDescriptors().add(this.#socket.fd);
    this.#registration = reactor.register(this);
  }

  get fd(): number {
    return this.#socket.fd;
  }

  get port(): number {
    return this.#socket.port;
  }

  get maxDatagram(): number {
    return this.#socket.maxDatagram;
  }

  start(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): void {
    this.#socket.send(to, bytes, length);
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

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#registration.close();
    livingDescriptors().delete(this.#socket.fd);
    this.#socket.close();
  }

  failed(error: Error): void {
    this.close();
    this.#receiver?.failed(error);
  }

  readable(slot: ReceiveSlot, deadline: number): void {
    for (let datagrams = 0; datagrams < DATAGRAMS_A_TURN && !this.#closed; datagrams++) {
      // Reading the clock costs a tenth of reading a datagram.
      if ((datagrams & 7) === 7 && performance.now() > deadline) return;
      let length: number;
      try {
        length = this.#socket.receive(slot);
      } catch (error) {
        if (!this.#overrun(error as SyscallError)) return;
        continue;
      }
      if (length < 0) return;
      this.#deliver(slot, length);
    }
  }

  #deliver(slot: ReceiveSlot, length: number): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    const { port } = slot;
    if (!slot.findCredentials()) {
      receiver.trouble("spoofed", "The kernel names no sender: the message has no credentials", port);
    } else if ((slot.flags & MSG_TRUNC) !== 0) {
      receiver.trouble("truncated", `A datagram of ${length} bytes: at most ${slot.data.length} are read`, port);
    } else {
      receiver.receive(slot.data, length, this.#senderOf(slot, port));
    }
  }

  /** One object serves for all messages that come from one sender in a row. */
  #senderOf(slot: ReceiveSlot, port: number): Caller {
    const { uid, gid, pid } = slot;
    const last = this.#sender;
    if (last.port === port && last.uid === uid && last.gid === gid && last.pidHint === pid) return last;
    return this.#sender = Object.freeze({ port, uid, gid, pidHint: pid });
  }

  /** Reports what the kernel dropped; any other error closes the link. Tells whether to read on. */
  #overrun(error: SyscallError): boolean {
    if (error.errno !== ERRNO.ENOBUFS) {
      this.failed(error);
      return false;
    }
    this.#receiver?.trouble("overrun", "The kernel dropped messages that were not read in time");
    return true;
  }
}

/** Opens a socket, also where a dead isolate of this thread still holds its port. */
function openSocket(syscalls: Syscalls, options: NetlinkSocketOptions): NetlinkSocket {
  const { port, fd } = options;
  if (fd !== undefined && livingDescriptors().has(fd)) throw new TypeError(`File descriptor ${fd} is another peer's`);
  try {
    return new NetlinkSocket(syscalls, options);
  } catch (error) {
    const taken = error instanceof SyscallError && error.errno === ERRNO.EADDRINUSE && port !== undefined;
    if (!taken || !closeLeftover(syscalls, port)) throw error;
    return new NetlinkSocket(syscalls, options);
  }
}
