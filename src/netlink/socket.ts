/**
 * One netlink socket of the protocol that the kernel leaves to programs, `NETLINK_USERSOCK`.
 *
 * @module
 */
import {
  AF_NETLINK,
  MSG_DONTWAIT,
  MSG_TRUNC,
  NETLINK_CAP_ACK,
  NETLINK_USERSOCK,
  SO_DOMAIN,
  SO_PASSCRED,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVLOWAT,
  SO_RCVTIMEO,
  SO_SNDBUF,
  SO_SNDTIMEO,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_NETLINK,
  SOL_SOCKET,
} from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import {
  readSockaddrNlPort,
  SOCKADDR_NL_SIZE,
  writeSockaddrNl,
  writeSockaddrNlPort,
} from "../../ffi/structs/sockaddr_nl.ts";
import type { SendSlot, Syscalls } from "../../ffi/syscalls.ts";
import { sendError, SyscallError } from "../errors.ts";
import { threadMark } from "./leftovers.ts";
import { inNetworkNamespace, type NetworkNamespace } from "./namespaces.ts";

/**
 * The largest datagram that is sent, in bytes: 128 KiB with what the kernel adds to it.
 *
 * A larger one costs no less for each byte, and a receiver whose queue is small holds only a few: of these, three where
 * `net.core.rmem_max` is 212,992.
 */
export const MAX_DATAGRAM = 130_560;

/** How much more is read of a datagram of others, in bytes. It is memory only while such a one is read. */
export const MAX_OVERFLOW = 67_108_864;

/** How long a thread waits for room in the receiver's queue, in milliseconds. Nothing else ends its wait, not even `close(2)`. */
export const SEND_WAIT_MILLISECONDS = 50;

/**
 * What is asked for as SO_RCVBUF, in bytes; the kernel doubles it, and caps it at `net.core.rmem_max` first.
 *
 * It holds some 500 small messages, or three of the largest datagrams. More would make a flood worse: the kernel lets nobody in who
 * waits for room until the whole queue was read.
 */
export const RECEIVE_BUFFER_SIZE = 212_992;

/** A datagram may have at most SO_SNDBUF less this many bytes (`netlink_sendmsg` in net/netlink/af_netlink.c). */
const SEND_BUFFER_OVERHEAD = 32;

/** What socket(2) says where a sandbox forbids the address family. */
const SANDBOXED: readonly number[] = [ERRNO.EAFNOSUPPORT, ERRNO.EPROTONOSUPPORT, ERRNO.EPERM, ERRNO.EACCES];
const SANDBOX_HINT =
  "A sandbox forbids netlink sockets here: of systemd, RestrictAddressFamilies= must name AF_NETLINK";

// Where a datagram goes. All sockets of the isolate share it: the kernel has read it when the call returns.
const destinationView = new DataView(new ArrayBuffer(SOCKADDR_NL_SIZE));
const destination = new Uint8Array(destinationView.buffer);
writeSockaddrNl(destinationView, 0, 0);

/** How a socket is opened. */
export interface NetlinkSocketOptions {
  /** The port to bind, from 1 to 0xffffffff; the kernel chooses one where it is left out. */
  readonly port?: number | undefined;
  /** A socket that was opened elsewhere, to be taken over; a new one is opened where it is left out. */
  readonly fd?: number | undefined;
  /** The network namespace to open it in; that of this thread where it is left out. */
  readonly netns?: NetworkNamespace | undefined;
}

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
    this.fd = options.fd ??
      (options.netns === undefined ? this.#open() : inNetworkNamespace(syscalls, options.netns, () => this.#open()));
    try {
      if (options.fd !== undefined) this.#checkKind(options.fd);
      this.port = this.#bind(options.port ?? 0);
      this.#check("setsockopt", syscalls.setsockopt(this.fd, SOL_SOCKET, SO_PASSCRED, 1));
      if (options.fd === undefined) {
        this.#check("setsockopt", syscalls.setsockopt(this.fd, SOL_SOCKET, SO_RCVLOWAT, threadMark(syscalls)));
      }
      this.#check("setsockopt", syscalls.setsockopt(this.fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_SIZE));
      this.#check("setsockopt", syscalls.setsockopt(this.fd, SOL_SOCKET, SO_SNDBUF, MAX_DATAGRAM));
      this.maxDatagram = Math.min(MAX_DATAGRAM, this.#option(SO_SNDBUF) - SEND_BUFFER_OVERHEAD);
      this.#setTime(SO_SNDTIMEO, SEND_WAIT_MILLISECONDS);
      // Last of all: a socket that is refused stays its owner's as it was.
      if (options.fd !== undefined) this.#check("fcntl", syscalls.adopt(options.fd));
      // By this flag others tell a peer from any other socket. Where the kernel does not have it, they cannot.
      syscalls.setsockopt(this.fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    } catch (error) {
      if (options.fd === undefined) syscalls.close(this.fd);
      throw error;
    }
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

  #open(): number {
    return this.#check("socket", this.#syscalls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK));
  }

  #setTime(option: number, milliseconds: number): void {
    this.#check("setsockopt", this.#syscalls.setsockoptTime(this.fd, SOL_SOCKET, option, milliseconds));
  }

  #checkKind(fd: number): void {
    if (this.#option(SO_DOMAIN) !== AF_NETLINK || this.#option(SO_PROTOCOL) !== NETLINK_USERSOCK) {
      throw new TypeError(`File descriptor ${fd} is not a NETLINK_USERSOCK socket`);
    }
  }

  /** Binds the socket where it is not bound yet; returns its port. */
  #bind(wanted: number): number {
    const address = new Uint8Array(new ArrayBuffer(SOCKADDR_NL_SIZE));
    const view = new DataView(address.buffer);
    this.#check("getsockname", this.#syscalls.getsockname(this.fd, address));
    const bound = readSockaddrNlPort(view, 0);
    if (bound !== 0) {
      if (wanted === 0 || wanted === bound) return bound;
      throw new TypeError(`File descriptor ${this.fd} is bound to port ${bound} already, not to ${wanted}`);
    }
    writeSockaddrNl(view, 0, wanted);
    if (this.#syscalls.bind(this.fd, address) === -1) {
      const errno = this.#syscalls.errno();
      const hint = errno === ERRNO.EADDRINUSE
        ? `Another socket holds port ${wanted}: choose another, or none to get a free one`
        : undefined;
      throw new SyscallError("bind", errno, hint);
    }
    this.#check("getsockname", this.#syscalls.getsockname(this.fd, address));
    return readSockaddrNlPort(view, 0);
  }

  /** The number of a closed descriptor may be another's by now. */
  #assertOpen(syscall: string): void {
    if (this.#closed) throw new SyscallError(syscall, ERRNO.EBADF);
  }

  #option(option: number): number {
    const value = new Int32Array(new ArrayBuffer(4));
    this.#check("getsockopt", this.#syscalls.getsockopt(this.fd, SOL_SOCKET, option, value));
    return value[0]!;
  }

  #check(syscall: string, result: number): number {
    if (result !== -1) return result;
    const errno = this.#syscalls.errno();
    const hint = syscall === "socket" && SANDBOXED.includes(errno) ? SANDBOX_HINT : undefined;
    throw new SyscallError(syscall, errno, hint);
  }
}
