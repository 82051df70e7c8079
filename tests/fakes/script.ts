/**
 * Scripted failures of system calls, and errno as strict as it can be: asked at once, or not at all.
 *
 * @module
 */
import { AssertionError } from "@std/assert";
import { ERRNO, type ErrnoName } from "../../ffi/errno.ts";

/** A system call that can be made to fail, under the name that it has in libc. */
export type SyscallName =
  | "socket"
  | "fcntl"
  | "bind"
  | "getsockname"
  | "setsockopt"
  | "getsockopt"
  | "sendto"
  | "recvmsg"
  | "close"
  | "eventfd"
  | "eventfd_write"
  | "eventfd_read"
  | "epoll_create1"
  | "epoll_ctl"
  | "epoll_wait"
  | "sendto_in_thread"
  | "listen"
  | "connect"
  | "accept4"
  | "peer_pidfd"
  | "poll"
  | "open"
  | "read"
  | "setns";

/** Thrown inside the fake kernel where a system call returns -1. */
export class Failure {
  readonly errno: number;

  constructor(errno: ErrnoName) {
    this.errno = ERRNO[errno];
  }
}

interface Plan {
  readonly errno: ErrnoName;
  times: number;
  after: number;
}

/** What fails when, and how often each system call was made. */
export class Script {
  readonly #plans = new Map<SyscallName, Plan[]>();
  readonly #counts = new Map<SyscallName, number>();
  #errno: number | undefined;

  /** Makes the next `times` calls of one system call fail, after `after` that do not. */
  fail(syscall: SyscallName, errno: ErrnoName, times: number, after: number): void {
    const plans = this.#plans.get(syscall) ?? [];
    plans.push({ errno, times, after });
    this.#plans.set(syscall, plans);
  }

  /** Makes a system call work again. */
  heal(syscall: SyscallName): void {
    this.#plans.delete(syscall);
  }

  /** How often a system call was made, failures included. */
  count(syscall: SyscallName): number {
    return this.#counts.get(syscall) ?? 0;
  }

  /** errno of the call that has just failed. */
  get errno(): number {
    if (this.#errno === undefined) throw new AssertionError("errno was asked after a call that did not fail");
    return this.#errno;
  }

  /** Uses up one call of the plan: the errno that it fails with, or undefined where it does not. */
  due(syscall: SyscallName): ErrnoName | undefined {
    const plan = this.#plans.get(syscall)?.[0];
    if (plan === undefined) return undefined;
    if (plan.after > 0) {
      plan.after--;
      return undefined;
    }
    plan.times--;
    if (plan.times === 0) this.#plans.get(syscall)!.shift();
    return plan.errno;
  }

  /** Makes a system call: its result, or -1 and errno where it fails. */
  run(syscall: SyscallName, call: () => number): number {
    this.#counts.set(syscall, this.count(syscall) + 1);
    this.#errno = undefined;
    try {
      const errno = this.due(syscall);
      if (errno !== undefined) throw new Failure(errno);
      return call();
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      this.#errno = failure.errno;
      return -1;
    }
  }

  /** Notes a call whose errno is not to be had: it may have changed that of this thread. */
  forgetErrno(): void {
    this.#errno = undefined;
  }
}
