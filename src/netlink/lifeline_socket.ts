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
import { openBeside, type SocketPlace } from "./socket_place.ts";

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
export function openUnixSocket(syscalls: Syscalls, place: SocketPlace): number {
  const type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  return openBeside(syscalls, place, () => syscalls.socket(AF_UNIX, type, 0));
}
