/**
 * Closes file descriptors when the thread that opened them ends.
 *
 * `worker.terminate()` runs no JavaScript any more, so nothing there can close a socket, and its port would stay bound
 * until the whole process ends. But the Worker's thread ends, and libc then calls the destructors of its thread-specific
 * data (pthread_key_create(3)): with `close` itself as the destructor and the file descriptor as the value, libc closes it.
 *
 * @module
 */
import type { LibcSymbols } from "./libc.ts";

// A process has 1,024 keys (PTHREAD_KEYS_MAX), given from 0 upwards; V8 and others need some, so the last quarter is left to them.
const LARGEST_KEY = 767;

/** Closes file descriptors when this thread ends. */
export class ThreadExitCloser {
  readonly #symbols: LibcSymbols;
  readonly #close: Deno.PointerValue;
  readonly #keys = new Map<number, number>();
  readonly #key = new Uint32Array(1);

  /**
   * @param symbols The symbols of libc.
   */
  constructor(symbols: LibcSymbols) {
    this.#symbols = symbols;
    this.#close = symbols.dlsym(null, new TextEncoder().encode("close\0"));
  }

  /**
   * Has a file descriptor closed when this thread ends. Where the process has no key left it is not, and stays open until
   * the process ends, as it would without this class.
   *
   * @param fd The file descriptor.
   */
  add(fd: number): void {
    if (this.#symbols.pthread_key_create(this.#key, this.#close) !== 0) return;
    const key = this.#key[0]!;
    if (key > LARGEST_KEY) {
      this.#symbols.pthread_key_delete(key);
      return;
    }
    this.#symbols.pthread_setspecific(key, Deno.UnsafePointer.create(BigInt(fd)));
    this.#keys.set(fd, key);
  }

  /**
   * Takes that back, since the file descriptor is closed now and its number may come again.
   *
   * @param fd The file descriptor.
   */
  delete(fd: number): void {
    const key = this.#keys.get(fd);
    if (key === undefined) return;
    this.#keys.delete(fd);
    this.#symbols.pthread_key_delete(key);
  }
}
