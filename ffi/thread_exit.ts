/**
 * Closes file descriptors when the thread that opened them ends.
 *
 * `worker.terminate()` runs no JavaScript any more, so nothing there can close a socket, and its port would stay bound
 * until the whole process ends. But the Worker's thread ends, and libc then calls the destructors that were registered for it:
 * with `close` itself as the destructor and the file descriptor as its argument, libc closes it.
 *
 * A destructor cannot be taken back. So a number that was registered is kept until then: where its descriptor is closed, a
 * placeholder takes its place, and the next descriptor gets the number.
 *
 * @module
 */
import { EFD_CLOEXEC, O_CLOEXEC } from "./constants.ts";
import type { LibcSymbols, SeldomLibcSymbols } from "./libc.ts";

/** The symbols that this needs. */
export type ThreadExitSymbols =
  & Pick<LibcSymbols, "close" | "eventfd">
  & Pick<SeldomLibcSymbols, "__cxa_thread_atexit_impl" | "dlsym" | "dup3">;

/** Closes file descriptors when this thread ends. */
export class ThreadExitCloser {
  readonly #symbols: ThreadExitSymbols;
  readonly #close: Deno.PointerValue;
  readonly #registered = new Set<number>();
  /** Numbers that are registered, and where the placeholder is. */
  readonly #kept: number[] = [];
  readonly #placeholder: number;

  /**
   * @param symbols The symbols of libc.
   */
  constructor(symbols: ThreadExitSymbols) {
    this.#symbols = symbols;
    this.#close = symbols.dlsym(null, new TextEncoder().encode("close\0"));
    // Now, and not when it is needed: then there may be no number left for it.
    this.#placeholder = symbols.eventfd(0, EFD_CLOEXEC);
    this.#register(this.#placeholder);
  }

  /**
   * Has a file descriptor closed when this thread ends. Where libc cannot do that, as musl's, it stays open until the process ends.
   *
   * @param fd The file descriptor, just opened.
   * @returns Its number from now on, which may be another.
   */
  own(fd: number): number {
    const kept = this.#kept.pop();
    if (kept === undefined) return this.keep(fd);
    if (this.#symbols.dup3(fd, kept, O_CLOEXEC) === -1) {
      this.#kept.push(kept);
      return this.keep(fd);
    }
    this.#symbols.close(fd);
    return kept;
  }

  /**
   * Has a file descriptor closed when this thread ends, and leaves it its number.
   *
   * @param fd The file descriptor.
   * @returns The same number.
   */
  keep(fd: number): number {
    // Without a placeholder a number could not be kept: rather leave the descriptor open than close another's later.
    if (this.#registered.has(this.#placeholder)) this.#register(fd);
    return fd;
  }

  #register(fd: number): void {
    const register = this.#symbols.__cxa_thread_atexit_impl;
    if (fd < 0 || this.#registered.has(fd) || register === null) return;
    // The last argument names the library that must stay loaded until then: any address in it does.
    if (register(this.#close, Deno.UnsafePointer.create(BigInt(fd)), this.#close) === 0) this.#registered.add(fd);
  }

  /**
   * Closes a file descriptor now.
   *
   * @param fd The file descriptor.
   * @returns 0, or -1 where it fails.
   */
  close(fd: number): number {
    if (!this.#registered.has(fd)) return this.#symbols.close(fd);
    if (this.#kept.includes(fd)) return -1;
    if (this.#symbols.dup3(this.#placeholder, fd, O_CLOEXEC) === -1) return -1;
    this.#kept.push(fd);
    return 0;
  }
}
