/**
 * How a netlink socket is opened, with what every one is set up with.
 *
 * @module
 */
import {
  AF_NETLINK,
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_CAP_ACK,
  NETLINK_USERSOCK,
  SO_DOMAIN,
  SO_PASSCRED,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVLOWAT,
  SO_SNDBUF,
  SO_SNDTIMEO,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_NETLINK,
  SOL_SOCKET,
} from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import { readSockaddrNlPort, SOCKADDR_NL_SIZE, writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { SyscallError } from "../errors.ts";
import { threadMark } from "./leftovers.ts";
import { inNetworkNamespace, type NetworkNamespace } from "./namespaces.ts";

/**
 * The largest datagram that is sent, in bytes: 128 KiB with what the kernel adds to it.
 *
 * A larger one costs no less for each byte, and a receiver whose queue is small holds only a few: of these, three where
 * `net.core.rmem_max` is 212,992.
 */
export const MAX_DATAGRAM = 130_560;

/** How long a thread waits for room in the receiver's queue, in milliseconds. Nothing else ends its wait, not even `close(2)`. */
export const SEND_WAIT_MILLISECONDS = 50;

/**
 * What is asked for as SO_RCVBUF, in bytes; the kernel doubles it, and caps it at `net.core.rmem_max` first.
 *
 * It holds some 500 small messages, or three of the largest datagrams. More would make a flood worse: the kernel lets nobody in who
 * waits for room until the whole queue was read.
 */
export const RECEIVE_BUFFER_SIZE = 212_992;

/**
 * What is asked for as SO_RCVBUF of a socket that hears a multicast group, in bytes. Nobody waits for room in its queue: what does not
 * fit is lost.
 */
const MULTICAST_BUFFER_SIZE = 1_048_576;

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
  /** The network namespace to open it in; that of this thread where it is left out. */
  readonly netns?: NetworkNamespace | undefined;
  /** The multicast group of the kernel that it hears, from 1 to 32; then it is no peer's. None where it is left out. */
  readonly group?: number | undefined;
}

/** A socket that is open. */
export interface OpenedSocket {
  /** Its file descriptor. */
  readonly fd: number;
  /** The port that it is bound to. */
  readonly port: number;
  /** The largest datagram that it sends, in bytes. */
  readonly maxDatagram: number;
}

/**
 * Opens and binds a socket.
 *
 * @param syscalls The way to the kernel.
 * @param options How it is opened.
 * @returns The socket.
 * @throws {SyscallError} If the kernel refuses, such as EADDRINUSE for a port that is taken, or ENOENT for a namespace.
 * @throws {TypeError} If `fd` is not a socket of this protocol, or both a port and a bound `fd` are given.
 */
export function openBoundSocket(syscalls: Syscalls, options: NetlinkSocketOptions): OpenedSocket {
  const { netns } = options;
  const open = () => check(syscalls, "socket", syscalls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK));
  const fd = options.fd ?? (netns === undefined ? open() : inNetworkNamespace(syscalls, netns, open));
  try {
    return setUp(syscalls, fd, options);
  } catch (error) {
    if (options.fd === undefined) syscalls.close(fd);
    throw error;
  }
}

/**
 * Makes an error of what a system call has returned, where that is one.
 *
 * @param syscalls The way to the kernel.
 * @param syscall Name of the system call.
 * @param result What it has returned.
 * @returns The same.
 * @throws {SyscallError} If it has failed.
 */
export function check(syscalls: Syscalls, syscall: string, result: number): number {
  if (result !== -1) return result;
  const errno = syscalls.errno();
  const hint = syscall === "socket" && SANDBOXED.includes(errno) ? SANDBOX_HINT : undefined;
  throw new SyscallError(syscall, errno, hint);
}

function setUp(
  syscalls: Syscalls,
  fd: number,
  { fd: given, port: wanted = 0, group }: NetlinkSocketOptions,
): OpenedSocket {
  const isOwn = given === undefined;
  const set = (level: number, option: number, value: number) => {
    check(syscalls, "setsockopt", syscalls.setsockopt(fd, level, option, value));
  };
  if (!isOwn) checkKind(syscalls, fd);
  const port = bind(syscalls, fd, wanted);
  set(SOL_SOCKET, SO_PASSCRED, 1);
  if (isOwn) set(SOL_SOCKET, SO_RCVLOWAT, threadMark(syscalls));
  set(SOL_SOCKET, SO_RCVBUF, group === undefined ? RECEIVE_BUFFER_SIZE : MULTICAST_BUFFER_SIZE);
  set(SOL_SOCKET, SO_SNDBUF, MAX_DATAGRAM);
  const maxDatagram = Math.min(MAX_DATAGRAM, optionOf(syscalls, fd, SO_SNDBUF) - SEND_BUFFER_OVERHEAD);
  check(syscalls, "setsockopt", syscalls.setsockoptTime(fd, SOL_SOCKET, SO_SNDTIMEO, SEND_WAIT_MILLISECONDS));
  // Last of all: a socket that is refused stays its owner's as it was.
  if (!isOwn) check(syscalls, "fcntl", syscalls.adopt(fd));
  // By this flag others tell a peer from any other socket. Where the kernel does not have it, they cannot.
  if (group === undefined) syscalls.setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
  else set(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
  return { fd, port, maxDatagram };
}

function checkKind(syscalls: Syscalls, fd: number): void {
  if (
    optionOf(syscalls, fd, SO_DOMAIN) !== AF_NETLINK || optionOf(syscalls, fd, SO_PROTOCOL) !== NETLINK_USERSOCK
  ) throw new TypeError(`File descriptor ${fd} is not a NETLINK_USERSOCK socket`);
}

/** Binds a socket where it is not bound yet; returns its port. */
function bind(syscalls: Syscalls, fd: number, wanted: number): number {
  const address = new Uint8Array(new ArrayBuffer(SOCKADDR_NL_SIZE));
  const view = new DataView(address.buffer);
  check(syscalls, "getsockname", syscalls.getsockname(fd, address));
  const bound = readSockaddrNlPort(view, 0);
  if (bound !== 0) {
    if (wanted === 0 || wanted === bound) return bound;
    throw new TypeError(`File descriptor ${fd} is bound to port ${bound} already, not to ${wanted}`);
  }
  writeSockaddrNl(view, 0, wanted);
  if (syscalls.bind(fd, address) === -1) {
    const errno = syscalls.errno();
    const hint = errno === ERRNO.EADDRINUSE
      ? `Another socket holds port ${wanted}: choose another, or none to get a free one`
      : undefined;
    throw new SyscallError("bind", errno, hint);
  }
  check(syscalls, "getsockname", syscalls.getsockname(fd, address));
  return readSockaddrNlPort(view, 0);
}

/**
 * Reads an option of a socket.
 *
 * @param syscalls The way to the kernel.
 * @param fd Its file descriptor.
 * @param option The option, of SOL_SOCKET.
 * @returns Its value.
 * @throws {SyscallError} If the kernel refuses.
 */
export function optionOf(syscalls: Syscalls, fd: number, option: number): number {
  const value = new Int32Array(new ArrayBuffer(4));
  check(syscalls, "getsockopt", syscalls.getsockopt(fd, SOL_SOCKET, option, value));
  return value[0]!;
}
