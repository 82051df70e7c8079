/**
 * The epoll set of the isolate, with the descriptor that ends a wait.
 *
 * @module
 */
import { EFD_CLOEXEC, EFD_NONBLOCK, EPOLL_CLOEXEC, EPOLLIN } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import type { EventList, Syscalls } from "../../ffi/syscalls.ts";
import { SyscallError } from "../errors.ts";

/** Sockets that one look reports at most; the rest follows with the next. */
const MAXIMUM_EVENTS = 64;

/** Sockets that are watched together. */
export class EpollSet {
  /** What a thread that waits has found. */
  readonly waited: EventList;
  readonly #syscalls: Syscalls;
  readonly #fd: number;
  readonly #wake: number;
  #looked: EventList | undefined;
  #isPoked = false;

  /**
   * Opens one.
   *
   * @param syscalls The way to the kernel.
   * @throws {SyscallError} If the kernel refuses.
   */
  constructor(syscalls: Syscalls) {
    this.#syscalls = syscalls;
    const fd = this.#check("epoll_create1", syscalls.epollCreate(EPOLL_CLOEXEC));
    let wake = -1;
    try {
      wake = this.#check("eventfd", syscalls.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      this.#check("epoll_ctl", syscalls.epollAdd(fd, wake, EPOLLIN));
      this.waited = syscalls.createEventList(MAXIMUM_EVENTS);
    } catch (error) {
      if (wake >= 0) syscalls.close(wake);
      syscalls.close(fd);
      throw error;
    }
    this.#fd = fd;
    this.#wake = wake;
  }

  /** What a look without waiting has found: a thread may be waiting meanwhile, and fill the other. */
  get looked(): EventList {
    return this.#looked ??= this.#syscalls.createEventList(MAXIMUM_EVENTS);
  }

  /**
   * Watches a descriptor.
   *
   * @param fd The descriptor.
   * @throws {SyscallError} If the kernel does not take it.
   */
  add(fd: number): void {
    this.#check("epoll_ctl", this.#syscalls.epollAdd(this.#fd, fd, EPOLLIN));
  }

  /**
   * Watches a descriptor no longer.
   *
   * @param fd The descriptor.
   */
  delete(fd: number): void {
    this.#syscalls.epollDelete(this.#fd, fd);
  }

  /**
   * Has a thread wait until something is there.
   *
   * @returns How many descriptors are ready, in {@linkcode EpollSet.waited}; -1 where the wait failed: why, only another look tells.
   */
  wait(): Promise<number> {
    this.waited.clear();
    return this.#syscalls.epollWait(this.#fd, this.waited, MAXIMUM_EVENTS);
  }

  /**
   * Looks what is there, without waiting.
   *
   * @returns How many descriptors are ready, in {@linkcode EpollSet.looked}; a signal that came between is as if none were.
   * @throws {SyscallError} If the kernel refuses.
   */
  look(): number {
    const count = this.#syscalls.epollPoll(this.#fd, this.looked, MAXIMUM_EVENTS);
    if (count >= 0) return count;
    const errno = this.#syscalls.errno();
    if (errno === ERRNO.EINTR) return 0;
    throw new SyscallError("epoll_wait", errno);
  }

  /** Ends the wait of the thread. */
  poke(): void {
    while (!this.#isPoked) {
      if (this.#syscalls.eventfdWrite(this.#wake) === 0) this.#isPoked = true;
      else if (this.#syscalls.errno() !== ERRNO.EINTR) return;
    }
  }

  /**
   * Tells whether a descriptor is the one that ends a wait, and makes it ready for the next.
   *
   * @param fd A descriptor that is ready.
   * @returns Whether it is.
   */
  takesPoke(fd: number): boolean {
    if (fd !== this.#wake) return false;
    this.#syscalls.eventfdRead(fd);
    this.#isPoked = false;
    return true;
  }

  /** Closes it; no thread may be waiting. */
  close(): void {
    this.#syscalls.close(this.#fd);
    this.#syscalls.close(this.#wake);
    this.waited.free();
    this.#looked?.free();
  }

  #check(syscall: string, result: number): number {
    if (result >= 0) return result;
    throw new SyscallError(syscall, this.#syscalls.errno());
  }
}
