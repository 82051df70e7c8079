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
import { AF_NETLINK, NETLINK_USERSOCK, SO_DOMAIN, SO_PROTOCOL, SO_RCVLOWAT, SOL_SOCKET } from "../../ffi/constants.ts";
import { readSockaddrNlPort, SOCKADDR_NL_SIZE } from "../../ffi/structs/sockaddr_nl.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";

/** File descriptors that are looked at: a process has 1,024 where nobody has raised its limit. */
const LOOKED_AT = 4_096;

/**
 * Closes the socket of a dead isolate of this thread that holds a port.
 *
 * @param syscalls The way to the kernel.
 * @param port The port.
 * @param isKnown Tells whether a file descriptor belongs to this isolate.
 * @returns Whether there was one.
 */
export function closeLeftover(syscalls: Syscalls, port: number, isKnown: (fd: number) => boolean): boolean {
  const thread = syscalls.gettid();
  const value = new Int32Array(new ArrayBuffer(4));
  const address = new Uint8Array(new ArrayBuffer(SOCKADDR_NL_SIZE));
  const view = new DataView(address.buffer);
  const has = (fd: number, option: number, wanted: number) =>
    syscalls.getsockopt(fd, SOL_SOCKET, option, value) === 0 && value[0] === wanted;
  for (let fd = 0; fd < LOOKED_AT; fd++) {
    if (!has(fd, SO_DOMAIN, AF_NETLINK) || !has(fd, SO_PROTOCOL, NETLINK_USERSOCK) || isKnown(fd)) continue;
    if (!has(fd, SO_RCVLOWAT, thread) || syscalls.getsockname(fd, address) !== 0) continue;
    if (readSockaddrNlPort(view, 0) !== port) continue;
    syscalls.close(fd);
    return true;
  }
  return false;
}
