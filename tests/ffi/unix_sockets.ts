/**
 * Real unix sockets at abstract addresses that no other run of the tests has.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import { abstractAddress } from "../../ffi/structs/sockaddr_un.ts";
import { syscalls, using } from "./sockets.ts";

/** A name that nobody else has. */
export function uniqueName(): string {
  return `procslink-test/${crypto.randomUUID()}`;
}

/** Opens a unix socket. */
export function openUnixSocket(): number {
  return syscalls.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/** Runs something with a socket that listens. */
export async function withListener(
  run: (fd: number, address: Uint8Array<ArrayBuffer>) => void | Promise<void>,
): Promise<void> {
  const address = abstractAddress(uniqueName());
  await using(openUnixSocket(), async (fd) => {
    assertEquals([syscalls.bind(fd, address), syscalls.listen(fd)], [0, 0]);
    await run(fd, address);
  });
}

/** Runs something with a socket that is connected to an address. */
export async function withConnection(
  address: Uint8Array<ArrayBuffer>,
  run: (fd: number) => void | Promise<void>,
): Promise<void> {
  await using(openUnixSocket(), async (fd) => {
    assert(syscalls.connect(fd, address) === 0, `connect failed with errno ${syscalls.errno()}`);
    await run(fd);
  });
}

/** The flags of an open file, as fcntl(2) and `/proc` have them, without O_LARGEFILE, which is the kernel's own. */
export function flagsOf(fd: number): number {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${Deno.pid}/fdinfo/${fd}`] }).outputSync();
  const flags = /^flags:\s*([0-7]+)$/m.exec(new TextDecoder().decode(stdout))?.[1];
  return Number.parseInt(flags ?? "", 8) & ~0o100000;
}

/** Why there is no descriptor of the process on the other side, or undefined where there is one. */
export async function reasonAgainstPidfd(): Promise<string | undefined> {
  let reason: string | undefined;
  await withListener(async (_, address) => {
    await withConnection(address, (fd) => {
      const pidfd = syscalls.peerPidfd(fd);
      if (pidfd >= 0) syscalls.close(pidfd);
      else if (syscalls.errno() === ERRNO.ENOPROTOOPT) reason = "a kernel before Linux 6.5";
    });
  });
  return reason;
}
