/**
 * One netlink socket of the protocol that the kernel leaves to programs, `NETLINK_USERSOCK`.
 *
 * @module
 */
import {
  AF_NETLINK,
  MSG_DONTWAIT,
  MSG_TRUNC,
  NETLINK_USERSOCK,
  SO_DOMAIN,
  SO_PASSCRED,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVLOWAT,
  SO_SNDBUF,
  SOCK_CLOEXEC,
  SOCK_RAW,
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
import type { Syscalls } from "../../ffi/syscalls.ts";
import { sendError, SyscallError } from "../errors.ts";
import { threadMark } from "./leftovers.ts";

/** The largest datagram that is sent or read, in bytes. */
export const MAX_DATAGRAM = 1_048_576;

/**
 * What is asked for as SO_RCVBUF, in bytes; the kernel doubles it, and caps it at `net.core.rmem_max` first.
 *
 * It holds some 2,500 small messages. More would make a flood worse: who waits behind it waits longer.
 */
export const RECEIVE_BUFFER_SIZE = 1_048_576;

/** A datagram may have at most SO_SNDBUF less this many bytes (`netlink_sendmsg` in net/netlink/af_netlink.c). */
const SEND_BUFFER_OVERHEAD = 32;

/** What socket(2) says where a sandbox forbids the address family. */
const SANDBOXED: readonly number[] = [ERRNO.EAFNOSUPPORT, ERRNO.EPROTONOSUPPORT, ERRNO.EPERM, ERRNO.EACCES];
const SANDBOX_HINT =
  "A sandbox forbids netlink sockets here: of systemd, RestrictAddressFamilies= must name AF_NETLINK";

/** How a socket is opened. */
export interface NetlinkSocketOptions {
  /** The port to bind, from 1 to 0xffffffff; the kernel chooses one where it is left out. */
  readonly port?: number | undefined;
  /** A socket that was opened elsewhere, to be taken over; a new one is opened where it is left out. */
  readonly fd?: number | undefined;
}

/** A bound netlink socket that never waits. */
export class NetlinkSocket {
  /** Its file descriptor. */
  readonly fd: number;
  /** The port that it is bound to. */
  readonly port: number;
  /** The largest datagram that it sends, in bytes. */
  readonly maxDatagram: number;

  readonly #syscalls: Syscalls;
  readonly #destination = new Uint8Array(new ArrayBuffer(SOCKADDR_NL_SIZE));
  readonly #destinationView = new DataView(this.#destination.buffer);
  #closed = false;

  /**
   * Opens and binds a socket.
   *
   * @param syscalls The way to the kernel.
   * @param options How it is opened.
   * @throws {SyscallError} If the kernel refuses, such as EADDRINUSE for a port that is taken.
   * @throws {TypeError} If `fd` is not a socket of this protocol, or both a port and a bound `fd` are given.
   */
  constructor(syscalls: Syscalls, options: NetlinkSocketOptions = {}) {
    this.#syscalls = syscalls;
    this.fd = options.fd ??
      this.#check("socket", syscalls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK));
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
      writeSockaddrNl(this.#destinationView, 0, 0);
      // Last of all: a socket that is refused stays its owner's as it was.
      if (options.fd !== undefined) this.#check("fcntl", syscalls.adopt(options.fd));
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
   * @throws {PeerGoneError} If nobody holds the port.
   * @throws {ReceiverFullError} If the receiver's queue is full.
   * @throws {MessageTooLargeError} If the socket cannot send so much at once.
   * @throws {SyscallError} If the kernel refuses for another reason.
   */
  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): void {
    this.#assertOpen("sendto");
    writeSockaddrNlPort(this.#destinationView, 0, to);
    for (;;) {
      if (this.#syscalls.sendto(this.fd, bytes, length, MSG_DONTWAIT, this.#destination) >= 0) return;
      const errno = this.#syscalls.errno();
      if (errno !== ERRNO.EINTR) throw sendError(errno, to, length, this.maxDatagram);
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
    this.#assertOpen("recvmsg");
    for (;;) {
      const length = this.#syscalls.recvmsg(this.fd, slot, MSG_DONTWAIT | MSG_TRUNC);
      if (length >= 0) return length;
      const errno = this.#syscalls.errno();
      if (errno === ERRNO.EAGAIN) return -1;
      if (errno !== ERRNO.EINTR) throw new SyscallError("recvmsg", errno);
    }
  }

  /** Closes the socket, which frees its port. Twice is fine. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#syscalls.close(this.fd);
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
    throw new SyscallError(
      syscall,
      errno,
      syscall === "socket" && SANDBOXED.includes(errno) ? SANDBOX_HINT : undefined,
    );
  }
}
