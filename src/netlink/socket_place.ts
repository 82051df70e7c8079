/**
 * Where a netlink socket is: others are opened beside it, in the same network namespace.
 *
 * @module
 */
import type { Syscalls } from "../../ffi/syscalls.ts";
import { inNetworkNamespace, namespaceOf, type NetworkNamespace } from "./namespaces.ts";

/** A netlink socket. */
export interface SocketPlace {
  /** Its file descriptor. */
  readonly fd: number;
  /** The network namespace that it was opened in, where that is not the one of this thread. */
  readonly netns: NetworkNamespace | undefined;
}

/**
 * Opens a socket in the network namespace of a netlink socket.
 *
 * @param syscalls The way to the kernel.
 * @param place The netlink socket.
 * @param open Opens the socket; returns its file descriptor, or -1.
 * @returns The file descriptor, or -1 where there is none to be had.
 */
export function openBeside(syscalls: Syscalls, { fd: beside, netns }: SocketPlace, open: () => number): number {
  let fd: number;
  try {
    fd = netns === undefined ? open() : inNetworkNamespace(syscalls, netns, open);
  } catch {
    return -1; // What the name means may have changed since, or what this process may do.
  }
  if (fd < 0 || namespaceOf(syscalls, fd) === namespaceOf(syscalls, beside)) return fd;
  syscalls.close(fd);
  return -1;
}
