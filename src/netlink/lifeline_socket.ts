/**
 * The unix sockets of lifelines.
 *
 * A peer listens at an abstract unix socket as long as it has its port. Whoever connects learns from the kernel whose process
 * that is, before anything is sent to it (SO_PEERCRED, unix(7)), and gets a descriptor that tells when the process ends.
 *
 * @module
 */
import { AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM } from "../../ffi/constants.ts";
import { abstractAddress } from "../../ffi/structs/sockaddr_un.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { inNetworkNamespace, namespaceOf, type NetworkNamespace } from "./namespaces.ts";

/** The netlink socket that a lifeline belongs to. */
export interface LifelinePlace {
  /** Its file descriptor. */
  readonly fd: number;
  /** The network namespace that it was opened in, where that is not the one of this thread. */
  readonly netns: NetworkNamespace | undefined;
}

/**
 * The address of the lifeline of a port. Like a port, it belongs to a network namespace.
 *
 * @param port The port.
 * @returns The address.
 */
export function lifelineAddress(port: number): Uint8Array<ArrayBuffer> {
  return abstractAddress(`procslink/${port}`);
}

/**
 * Opens a unix socket in the network namespace of a netlink socket.
 *
 * @param syscalls The way to the kernel.
 * @param place The netlink socket.
 * @returns The file descriptor, or -1 where there is none to be had.
 */
export function openUnixSocket(syscalls: Syscalls, { fd: beside, netns }: LifelinePlace): number {
  const open = () => syscalls.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
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
