/**
 * Real netlink sockets. Every file descriptor is closed again.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { AF_NETLINK, MSG_DONTWAIT, NETLINK_USERSOCK, SOCK_CLOEXEC, SOCK_RAW } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { readSockaddrNlPort, SOCKADDR_NL_SIZE, writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";

/** The kernel. */
export const syscalls = new LinuxSyscalls();

/**
 * Runs something with a file descriptor, and closes it.
 *
 * @param fd The file descriptor, just opened; -1 fails.
 * @param run What is run.
 */
export async function using(fd: number, run: (fd: number) => void | Promise<void>): Promise<void> {
  assert(fd >= 0, `The system call failed with errno ${syscalls.errno()}`);
  try {
    await run(fd);
  } finally {
    assertEquals(syscalls.close(fd), 0);
  }
}

/** Opens a netlink socket. */
export function openSocket(): number {
  return syscalls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
}

/** Binds a socket to a port that the kernel chooses; returns the socket's address. */
export function bind(fd: number): Uint8Array<ArrayBuffer> {
  const address = new Uint8Array(SOCKADDR_NL_SIZE);
  writeSockaddrNl(new DataView(address.buffer), 0, 0);
  assertEquals(syscalls.bind(fd, address), 0);
  assertEquals(syscalls.getsockname(fd, address), 0);
  return address;
}

/** The port of an address. */
export function portOf(address: Uint8Array<ArrayBuffer>): number {
  return readSockaddrNlPort(new DataView(address.buffer), 0);
}

/** Sends small datagrams to an address until its queue is full; returns how many. */
export function fillQueue(fd: number, address: Uint8Array<ArrayBuffer>): number {
  for (let count = 0;; count++) {
    if (syscalls.sendto(fd, new Uint8Array(4), 4, MSG_DONTWAIT, address) >= 0) continue;
    assertEquals(syscalls.errno(), ERRNO.EAGAIN);
    return count;
  }
}
