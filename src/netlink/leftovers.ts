/**
 * Sockets that an isolate has left behind in this process.
 *
 * `deno run --watch` begins a new isolate on the same thread after each edit. Where the old one ended by an uncaught error, it
 * had no `unload` event, and its sockets are still open with nobody to read them. So each socket carries the thread that it
 * belongs to, in SO_RCVLOWAT, which means nothing to a netlink socket. An isolate that finds its port taken looks whether a
 * socket of its own thread has it which it does not know: nobody can, but the dead isolate before it.
 *
 * @module
 */
import {
  AF_NETLINK,
  AF_UNIX,
  NETLINK_USERSOCK,
  SO_DOMAIN,
  SO_PROTOCOL,
  SO_RCVLOWAT,
  SOL_SOCKET,
} from "../../ffi/constants.ts";
import { readSockaddrNlPort, SOCKADDR_NL_SIZE } from "../../ffi/structs/sockaddr_nl.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { lifelineAddress } from "./lifeline_socket.ts";
import { namespaceOf } from "./namespaces.ts";

/** File descriptors that are looked at: a process has 1,024 where nobody has raised its limit. */
const LOOKED_AT = 4_096;

// On the realm and not in this module: of two copies of this project in one isolate, neither may take the other's for dead.
const LIVING = Symbol.for("procslink.living-sockets");

/**
 * The sockets of all peers of this isolate: file descriptors by port, of one port in several network namespaces several. They
 * end with the isolate, whatever way it ends.
 *
 * @returns The sockets.
 */
function livingSockets(): Map<number, Set<number>> {
  const realm = globalThis as { [LIVING]?: Map<number, Set<number>> };
  return realm[LIVING] ??= new Map();
}

/**
 * Notes that a socket lives.
 *
 * @param port Its port.
 * @param fd Its file descriptor.
 */
export function noteLiving(port: number, fd: number): void {
  const living = livingSockets();
  const descriptors = living.get(port);
  if (descriptors === undefined) living.set(port, new Set([fd]));
  else descriptors.add(fd);
}

/**
 * Takes that back, before it is closed.
 *
 * @param port Its port.
 * @param fd Its file descriptor.
 */
export function forgetLiving(port: number, fd: number): void {
  const living = livingSockets();
  const descriptors = living.get(port);
  if (descriptors?.delete(fd) && descriptors.size === 0) living.delete(port);
}

/**
 * The sockets of this isolate that hold a port, each in another network namespace.
 *
 * @param port The port.
 * @returns Their file descriptors.
 */
export function livingAt(port: number): ReadonlySet<number> {
  return livingSockets().get(port) ?? new Set();
}

/**
 * Tells whether a file descriptor is a socket of this isolate.
 *
 * @param fd The file descriptor.
 * @returns Whether it is.
 */
export function isLiving(fd: number): boolean {
  return livingSockets().values().some((descriptors) => descriptors.has(fd));
}

/**
 * The mark that a socket carries for its thread.
 *
 * @param syscalls The way to the kernel.
 * @returns A number that SO_RCVLOWAT never has by itself; by default it is 1, and so is the thread of a container's first process.
 */
export function threadMark(syscalls: Syscalls): number {
  return 0x4000_0000 | syscalls.gettid();
}

/**
 * Closes the socket of a dead isolate of this thread that holds a port, and the lifeline beside it.
 *
 * @param syscalls The way to the kernel.
 * @param port The port.
 * @returns Whether there was one.
 */
export function closeLeftover(syscalls: Syscalls, port: number): boolean {
  const living = livingAt(port);
  const mark = threadMark(syscalls);
  const value = new Int32Array(new ArrayBuffer(4));
  const address = new Uint8Array(new ArrayBuffer(SOCKADDR_NL_SIZE));
  const view = new DataView(address.buffer);
  const has = (fd: number, option: number, wanted: number) =>
    syscalls.getsockopt(fd, SOL_SOCKET, option, value) === 0 && value[0] === wanted;
  const holders: number[] = [];
  for (let fd = 0; fd < LOOKED_AT; fd++) {
    if (!has(fd, SO_DOMAIN, AF_NETLINK) || !has(fd, SO_PROTOCOL, NETLINK_USERSOCK)) continue;
    if (syscalls.getsockname(fd, address) === 0 && readSockaddrNlPort(view, 0) === port) holders.push(fd);
  }
  // The mark belongs to the socket, of which a descriptor may be a duplicate: one that lives makes all of them live.
  if (holders.length === 0 || holders.some((fd) => living.has(fd) || !has(fd, SO_RCVLOWAT, mark))) return false;
  closeLifelines(syscalls, port, new Set(holders.map((fd) => namespaceOf(syscalls, fd))));
  for (const fd of holders) syscalls.close(fd);
  return true;
}

/** Closes what this process listens at beside a port, in each of these network namespaces. */
function closeLifelines(syscalls: Syscalls, port: number, namespaces: ReadonlySet<string>): void {
  const wanted = lifelineAddress(port);
  const value = new Int32Array(new ArrayBuffer(4));
  for (let fd = 0; fd < LOOKED_AT; fd++) {
    if (syscalls.getsockopt(fd, SOL_SOCKET, SO_DOMAIN, value) !== 0 || value[0] !== AF_UNIX) continue;
    const address = new Uint8Array(new ArrayBuffer(wanted.length + 1));
    if (syscalls.getsockname(fd, address) !== 0 || address.at(-1) !== 0) continue;
    // Behind the name there is nothing: else it would be another port's.
    if (wanted.every((byte, offset) => address[offset] === byte) && namespaces.has(namespaceOf(syscalls, fd))) {
      syscalls.close(fd);
    }
  }
}
