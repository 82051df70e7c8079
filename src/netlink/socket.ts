/**
 * One netlink socket of the protocol that the kernel leaves to programs, `NETLINK_USERSOCK`.
 *
 * @module
 */
import { MSG_DONTWAIT, MSG_TRUNC, SO_RCVBUF, SO_RCVTIMEO, SO_SNDTIMEO, SOL_SOCKET } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import {
  SOCKADDR_NL_SIZE,
  writeSockaddrNl,
  writeSockaddrNlGroup,
  writeSockaddrNlPort,
} from "../../ffi/structs/sockaddr_nl.ts";
import type { SendSlot, Syscalls } from "../../ffi/syscalls.ts";
import { sendError, SyscallError } from "../errors.ts";
import {
  check,
  type NetlinkSocketOptions,
  openBoundSocket,
  optionOf,
  SEND_WAIT_MILLISECONDS,
} from "./socket_opening.ts";

/** How much more is read of a datagram of others, in bytes. It is memory only while such a one is read. */
export const MAX_OVERFLOW = 67_108_864;

// Where a datagram goes. All sockets of the isolate share it: the kernel has read it when the call returns.
const destinationView = new DataView(new ArrayBuffer(SOCKADDR_NL_SIZE));
const destination = new Uint8Array(destinationView.buffer);
writeSockaddrNl(destinationView, 0, 0);
const multicastView = new DataView(new ArrayBuffer(SOCKADDR_NL_SIZE));
const multicastDestination = new Uint8Array(multicastView.buffer);

/** A bound netlink socket. */
export class NetlinkSocket {
  /** Its file descriptor. */
  readonly fd: number;
  /** The port that it is bound to. */
  readonly port: number;
  /** The largest datagram that it sends, in bytes. */
  readonly maxDatagram: number;

  /** Called once the port is free, before anything else can run: both numbers may be another socket's at once. */
  onFree: () => void = () => {};

  readonly #syscalls: Syscalls;
  #closed = false;
  /** Threads that are sending. The descriptor must not be closed meanwhile: its number may be another's at once. */
  #threads = 0;
  #freed: PromiseWithResolvers<void> | undefined;
  #isFree = false;
  /** SO_RCVTIMEO of the socket, in milliseconds; one that was handed in may have any. */
  #receiveTimeout = -1;

  /**
   * Opens and binds a socket.
   *
   * @param syscalls The way to the kernel.
   * @param options How it is opened.
   * @throws {SyscallError} If the kernel refuses, such as EADDRINUSE for a port that is taken, or ENOENT for a namespace.
   * @throws {TypeError} If `fd` is not a socket of this protocol, or both a port and a bound `fd` are given.
   */
  constructor(syscalls: Syscalls, options: NetlinkSocketOptions = {}) {
    this.#syscalls = syscalls;
    ({ fd: this.fd, port: this.port, maxDatagram: this.maxDatagram } = openBoundSocket(syscalls, options));
  }

  /** How much waits to be read at most, in bytes as the kernel counts them. */
  get receiveBuffer(): number {
    this.#assertOpen("getsockopt");
    return optionOf(this.#syscalls, this.fd, SO_RCVBUF);
  }

  /**
   * Sends a datagram without waiting.
   *
   * @param to Port of the receiver.
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   * @returns Whether the receiver's queue took it; false where it is full.
   * @throws {PeerGoneError} If nobody holds the port.
   * @throws {MessageTooLargeError} If the socket cannot send so much at once.
   * @throws {SyscallError} If the kernel refuses for another reason.
   */
  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): boolean {
    return this.#send(to, bytes, length, MSG_DONTWAIT);
  }

  /**
   * Sends a datagram to all who hear a multicast group of the kernel.
   *
   * @param group The group, from 1 to 32.
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   * @throws {SyscallError} If the kernel refuses, such as ENOBUFS for one that is too large for it.
   */
  multicast(group: number, bytes: Uint8Array<ArrayBuffer>, length: number): void {
    this.#assertOpen("sendto");
    writeSockaddrNlGroup(multicastView, 0, group);
    while (this.#syscalls.sendto(this.fd, bytes, length, MSG_DONTWAIT, multicastDestination) === -1) {
      const errno = this.#syscalls.errno();
      // The kernel sends it to port 0 too, once all have it: nobody is there (`netlink_sendmsg` in net/netlink/af_netlink.c).
      if (errno === ERRNO.ECONNREFUSED) return;
      if (errno !== ERRNO.EINTR) throw new SyscallError("sendto", errno);
    }
  }

  /**
   * Sends a datagram, and waits for room in the receiver's queue. The whole thread stands still meanwhile.
   *
   * @param to Port of the receiver.
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   * @param milliseconds How long to wait at most, from 1 on.
   * @returns As {@linkcode NetlinkSocket.send}, which throws the same.
   */
  sendWaiting(to: number, bytes: Uint8Array<ArrayBuffer>, length: number, milliseconds: number): boolean {
    this.#assertOpen("sendto");
    this.#setTime(SO_SNDTIMEO, milliseconds);
    try {
      return this.#send(to, bytes, length, 0);
    } finally {
      this.#setTime(SO_SNDTIMEO, SEND_WAIT_MILLISECONDS);
    }
  }

  /**
   * Sends a datagram in a thread, which waits for room for {@linkcode SEND_WAIT_MILLISECONDS} at most.
   *
   * @param slot The datagram.
   * @returns Whether it was sent. Why not, {@linkcode NetlinkSocket.send} tells: errno of a thread is not to be had.
   */
  async sendInThread(slot: SendSlot): Promise<boolean> {
    this.#assertOpen("sendto");
    this.#threads++;
    try {
      return await this.#syscalls.sendtoInThread(this.fd, slot) >= 0;
    } finally {
      this.#threads--;
      if (this.#closed) this.#free();
    }
  }

  /**
   * Reads a datagram without waiting.
   *
   * @param slot Where it arrives.
   * @returns Its true length in bytes, also where the slot is smaller; -1 where none is there.
   * @throws {SyscallError} If the kernel refuses, such as ENOBUFS where it has dropped messages.
   */
  receive(slot: ReceiveSlot): number {
    return this.#receive(slot, MSG_DONTWAIT | MSG_TRUNC);
  }

  /**
   * Reads a datagram, and waits for it. The whole thread stands still meanwhile.
   *
   * @param slot Where it arrives.
   * @param milliseconds How long to wait at most, from 1 on; Infinity without end.
   * @returns As {@linkcode NetlinkSocket.receive}, which throws the same.
   */
  receiveWaiting(slot: ReceiveSlot, milliseconds: number): number {
    this.#assertOpen("recvmsg");
    const timeout = milliseconds === Infinity ? 0 : Math.ceil(milliseconds);
    if (timeout !== this.#receiveTimeout) this.#setTime(SO_RCVTIMEO, timeout);
    this.#receiveTimeout = timeout;
    return this.#receive(slot, MSG_TRUNC);
  }

  /**
   * Closes the socket, which frees its port. Twice is fine.
   *
   * @returns Resolves when the port is free. That is at once, unless a thread is sending.
   */
  close(): Promise<void> | undefined {
    if (!this.#closed) {
      this.#closed = true;
      this.#free();
    }
    return this.#freed?.promise;
  }

  /** Takes it that no thread sends any more, since the isolate ends: after such a time each has left. */
  threadsHaveLeft(): void {
    this.#threads = 0;
    if (this.#closed) this.#free();
  }

  #free(): void {
    if (this.#isFree) return;
    if (this.#threads > 0) return void (this.#freed ??= Promise.withResolvers());
    this.#isFree = true;
    this.#syscalls.close(this.fd);
    this.onFree();
    this.#freed?.resolve();
  }

  #send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number, flags: number): boolean {
    this.#assertOpen("sendto");
    writeSockaddrNlPort(destinationView, 0, to);
    for (;;) {
      if (this.#syscalls.sendto(this.fd, bytes, length, flags, destination) >= 0) return true;
      const errno = this.#syscalls.errno();
      // A wait that a signal ends is over: begun anew each time, it might never be.
      if (errno === ERRNO.EAGAIN || (errno === ERRNO.EINTR && flags === 0)) return false;
      if (errno !== ERRNO.EINTR) throw sendError(errno, to, length, this.maxDatagram);
    }
  }

  #receive(slot: ReceiveSlot, flags: number): number {
    this.#assertOpen("recvmsg");
    for (;;) {
      const length = this.#syscalls.recvmsg(this.fd, slot, flags);
      if (length >= 0) return length;
      const errno = this.#syscalls.errno();
      const waited = (flags & MSG_DONTWAIT) === 0;
      if (errno === ERRNO.EAGAIN || (errno === ERRNO.EINTR && waited)) return -1;
      if (errno !== ERRNO.EINTR) throw new SyscallError("recvmsg", errno);
    }
  }

  #setTime(option: number, milliseconds: number): void {
    check(this.#syscalls, "setsockopt", this.#syscalls.setsockoptTime(this.fd, SOL_SOCKET, option, milliseconds));
  }

  /** The number of a closed descriptor may be another's by now. */
  #assertOpen(syscall: string): void {
    if (this.#closed) throw new SyscallError(syscall, ERRNO.EBADF);
  }
}
