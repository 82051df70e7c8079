/**
 * Sockets in other network namespaces.
 *
 * A socket stays in the network namespace that its thread was in when it was opened. So this thread goes there, opens the
 * socket, and comes back, in one go: nothing else runs on it meanwhile, and other threads stay where they are.
 *
 * @module
 */
import { SO_NETNS_COOKIE, SOL_SOCKET } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { SyscallError } from "../errors.ts";

/** A network namespace: the path of its file, such as `/run/netns/blue`, or the id of a process that is in it. */
export type NetworkNamespace = string | number;

const OWN_NAMESPACE = "/proc/thread-self/ns/net";
const NO_WAY_BACK =
  "To go to another network namespace and come back, CAP_SYS_ADMIN is needed in the user namespace of this one: run as root";

/**
 * Ends this program: a thread that is in the wrong network namespace must not go on.
 *
 * @param error Why it cannot come back.
 */
export type Abandon = (error: SyscallError) => never;

/**
 * Does something in another network namespace, and comes back.
 *
 * @param syscalls The way to the kernel.
 * @param netns The namespace.
 * @param action What is done there, synchronously.
 * @param abandon Ends the program where there is no way back.
 * @returns What the action returns.
 * @throws {SyscallError} If there is no such namespace, or this process may not enter it. The message says what is missing.
 */
export function inNetworkNamespace<Result>(
  syscalls: Syscalls,
  netns: NetworkNamespace,
  action: () => Result,
  abandon: Abandon = exit,
): Result {
  if (typeof netns === "number") checkProc(syscalls);
  const path = typeof netns === "number" ? `/proc/${netns}/ns/net` : netns;
  const own = open(
    syscalls,
    OWN_NAMESPACE,
    (errno) => errno === ERRNO.ENOENT ? "The way back is there: /proc must be mounted" : undefined,
  );
  try {
    // Who may not come back must not go: root of a user namespace, to whom its own network namespace does not belong.
    enter(syscalls, own, (errno) => errno === ERRNO.EPERM ? NO_WAY_BACK : undefined);
    const there = open(syscalls, path, (errno) => openHint(errno, netns));
    try {
      enter(syscalls, there, (errno) => enterHint(errno, path));
    } finally {
      syscalls.close(there);
    }
    try {
      return action();
    } finally {
      comeBack(syscalls, own, abandon);
    }
  } finally {
    syscalls.close(own);
  }
}

/**
 * Tells which network namespace a socket is in.
 *
 * @param syscalls The way to the kernel.
 * @param fd The socket.
 * @returns A text that is the same for sockets of the same namespace; of a kernel before Linux 5.14, the same for all.
 */
export function namespaceOf(syscalls: Syscalls, fd: number): string {
  const cookie = new Int32Array(new ArrayBuffer(8));
  return syscalls.getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie) === -1 ? "" : cookie.join();
}

function open(syscalls: Syscalls, path: string, hint: (errno: number) => string | undefined): number {
  const fd = syscalls.open(path);
  if (fd >= 0) return fd;
  const errno = syscalls.errno();
  throw new SyscallError("open", errno, hint(errno));
}

/** Where /proc is that of another pid namespace, a process id means somebody else there. */
function checkProc(syscalls: Syscalls): void {
  const hint = "/proc is that of another pid namespace, or not mounted: pass the path of a network namespace";
  syscalls.close(
    open(syscalls, `/proc/self/task/${syscalls.gettid()}/ns/net`, (errno) => errno === ERRNO.ENOENT ? hint : undefined),
  );
}

function enter(syscalls: Syscalls, fd: number, hint: (errno: number) => string | undefined): void {
  if (syscalls.setns(fd) !== -1) return;
  const errno = syscalls.errno();
  throw new SyscallError("setns", errno, hint(errno));
}

function comeBack(syscalls: Syscalls, own: number, abandon: Abandon): void {
  try {
    enter(syscalls, own, () => "This thread cannot come back from another network namespace, and must not go on in it");
  } catch (error) {
    abandon(error as SyscallError);
  }
}

/** In a Worker this ends the Worker: only its thread is in the wrong namespace. */
function exit(error: SyscallError): never {
  console.error(`error: ${error.message}`);
  Deno.exit(71); // EX_OSERR of <sysexits.h>
}

function openHint(errno: number, netns: NetworkNamespace): string | undefined {
  if (typeof netns === "string") {
    if (errno === ERRNO.ENOENT) {
      return `There is no ${netns}${netns.includes("/") ? "" : `: of "ip netns" it would be /run/netns/${netns}`}`;
    }
    return errno === ERRNO.EACCES ? `This user may not open ${netns}: run as root, with CAP_SYS_PTRACE` : undefined;
  }
  if (errno === ERRNO.ENOENT) return `There is no process ${netns}`;
  return errno === ERRNO.EACCES || errno === ERRNO.EPERM
    ? `Process ${netns} is another user's: run as root, with CAP_SYS_PTRACE`
    : undefined;
}

function enterHint(errno: number, path: string): string | undefined {
  if (errno === ERRNO.EINVAL) return `${path} is not a network namespace`;
  return errno === ERRNO.EPERM
    ? "To enter a network namespace, CAP_SYS_ADMIN is needed in its user namespace and in this process's own: run as root"
    : undefined;
}
