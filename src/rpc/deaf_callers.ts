/**
 * Callers of other users that do not read what they are told.
 *
 * @module
 */

/** Time between requests of a deaf caller that are read, in milliseconds. */
const DEAF_MILLISECONDS = 10;

/** Callers that are remembered at most. */
const REMEMBERED_CALLERS = 1_024;

/**
 * Remembers callers that had no room for a refusal. Their requests are not even parsed, but for one now and then, until they have
 * room again: whoever floods a peer, and does not read, must not cost it more than that.
 */
export class DeafCallers {
  readonly #until = new Map<number, number>();

  /**
   * Notes that a caller had no room for a refusal.
   *
   * @param port Its port.
   */
  add(port: number): void {
    if (this.#until.size >= REMEMBERED_CALLERS) this.#until.clear();
    this.#until.set(port, performance.now() + DEAF_MILLISECONDS);
  }

  /**
   * Notes that a caller has had room for an answer, or that its request is not refused.
   *
   * @param port Its port.
   */
  delete(port: number): void {
    if (this.#until.size > 0) this.#until.delete(port);
  }

  /**
   * Tells whether a request is to be dropped: its caller is deaf, and it is not the one now and then.
   *
   * @param port Port of the caller.
   * @returns Whether.
   */
  drops(port: number): boolean {
    if (this.#until.size === 0) return false;
    const until = this.#until.get(port);
    if (until === undefined) return false;
    const now = performance.now();
    if (now < until) return true;
    // What becomes of this one tells whether the caller hears again.
    this.#until.set(port, now + DEAF_MILLISECONDS);
    return false;
  }
}
