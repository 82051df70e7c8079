/**
 * The words of the fault table: which system call fails, with what, and what is seen of it.
 *
 * @module
 */
import { ERRNO, type ErrnoName } from "../../ffi/errno.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";

/** Errors of man pages that `ffi/errno.ts` does not name: whoever meets one sees its number alone. */
const UNNAMED = {
  ENXIO: 6,
  ENOTTY: 25,
  EDOM: 33,
  ENAMETOOLONG: 36,
  ELOOP: 40,
  EPROTO: 71,
  EPROTOTYPE: 91,
  ECONNABORTED: 103,
  EINPROGRESS: 115,
} as const;

/** Name of an error, as errno(3) has it. */
export type Errno = ErrnoName | keyof typeof UNNAMED;

/** The number of an error. */
export function numberOf(errno: Errno): number {
  return errno in UNNAMED ? UNNAMED[errno as keyof typeof UNNAMED] : ERRNO[errno as ErrnoName];
}

/** Calls that always succeed, as their man pages say; `errno` is no call. */
export const INFALLIBLE = ["errno", "schedYield", "getuid", "getgid", "gettid"] as const;

/** Calls that only fail where there is no memory, with what `ffi/malloc.ts` throws then. */
export const ALLOCATING = ["createReceiveSlot", "createSendSlot", "createEventList"] as const;

/** A call that can fail, by its name in the {@linkcode Syscalls} interface. */
export type Call = Exclude<keyof Syscalls, typeof INFALLIBLE[number]>;

/** The name in libc of each call that can fail: what a `SyscallError` is to say. */
export const LIBC: Readonly<Record<Call, string>> = {
  socket: "socket",
  adopt: "fcntl",
  bind: "bind",
  listen: "listen",
  connect: "connect",
  accept: "accept4",
  peerPidfd: "getsockopt",
  getsockname: "getsockname",
  setsockopt: "setsockopt",
  setsockoptTime: "setsockopt",
  getsockopt: "getsockopt",
  sendto: "sendto",
  sendtoInThread: "sendto",
  recvmsg: "recvmsg",
  close: "close",
  open: "open",
  read: "read",
  poll: "poll",
  setns: "setns",
  eventfd: "eventfd",
  eventfdWrite: "eventfd_write",
  eventfdRead: "eventfd_read",
  epollCreate: "epoll_create1",
  epollAdd: "epoll_ctl",
  epollDelete: "epoll_ctl",
  epollWait: "epoll_wait",
  epollPoll: "epoll_wait",
  createReceiveSlot: "calloc",
  createSendSlot: "calloc",
  createEventList: "calloc",
};

/** Stands for every error of the call's man page that no other row of the same call and scene names. */
export const ANY_OTHER = "any other";

/** What is seen where nobody notices: the same as without the failure. */
export const NOTHING = "nothing";

/** One row of the table, or several where it names several errors. */
export interface Fault {
  /** The call that fails. */
  readonly call: Call;
  /**
   * What the call is about: the option, the path, the name of a peer whose socket it is, or the kind of its descriptor. Left out,
   * the first such call fails, whatever it is about.
   */
  readonly of?: string;
  /** How it fails. */
  readonly errno: Errno | readonly Errno[] | typeof ANY_OTHER;
  /** How many such calls succeed before. */
  readonly after?: number;
  /** How many fail; once where it is left out. */
  readonly times?: number;
  /**
   * What is seen, in order. `{error}` stands for the error as it is to be worded, without a hint, and `{reason}` for that without the
   * name of its class. {@linkcode NOTHING} where nobody notices.
   */
  readonly seen: typeof NOTHING | readonly string[];
}

/** The rows of one phase in the life of a peer, by what goes on there. */
export type FaultTable<Scene extends string = string> = Readonly<Record<Scene, readonly Fault[]>>;
