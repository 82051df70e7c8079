/**
 * Everything that was opened and must be closed: the sanitizers of Deno see neither file descriptors nor memory.
 *
 * @module
 */
import { AssertionError } from "@std/assert";

/** Keeps account of what is open. */
export class Ledger {
  readonly #open = new Map<string, string>();
  readonly #closed = new Map<string, string>();

  /** Notes that something was opened: `key` names it, `what` describes it. */
  opened(key: string, what: string): void {
    if (this.#open.has(key)) throw new AssertionError(`${key} was opened twice`);
    this.#closed.delete(key);
    this.#open.set(key, what);
  }

  /** Notes that it was closed. Twice, or without having been opened, is an error. */
  closed(key: string): void {
    const what = this.#open.get(key);
    if (what === undefined) {
      const before = this.#closed.get(key);
      throw new AssertionError(before === undefined ? `${key} was never open` : `${key} (${before}) was closed twice`);
    }
    this.#open.delete(key);
    this.#closed.set(key, what);
  }

  /** What is open, such as `["fd 3 (socket)"]`. */
  get open(): string[] {
    return [...this.#open].map(([key, what]) => `${key} (${what})`);
  }

  /** What was closed since, and not opened again. */
  get closedCount(): number {
    return this.#closed.size;
  }

  /** Fails, and names what is still open. */
  assertAllClosed(): void {
    if (this.#open.size > 0) throw new AssertionError(`Still open: ${this.open.join(", ")}`);
  }
}
