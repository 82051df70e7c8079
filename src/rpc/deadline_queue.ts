/**
 * Those that wait for equally long, in the order in which they have begun: that of their deadlines.
 *
 * @module
 */

/** Something that waits for as long as others do. What is kept here, {@linkcode DeadlineQueue} and its owner keep. */
export interface Waiting {
  /** When it ends, as `performance.now()` counts; Infinity until that is known. */
  deadline: number;
  /** The queue that it is in. */
  queue: DeadlineQueue | undefined;
  /** Who stands before it. */
  previous: Waiting | undefined;
  /** Who stands behind it. */
  next: Waiting | undefined;
  /** Told when the deadline has come. May not throw. */
  expire(): void;
}

/** A queue. A call comes and goes in it at once, however many there are. */
export class DeadlineQueue {
  /** How long each of them waits, in milliseconds. */
  readonly timeout: number;
  /** When it is to be looked at: not after the deadline of the first, but maybe before. */
  deadline = Infinity;
  heapIndex = -1;
  /** The first of them. */
  first: Waiting | undefined;
  #last: Waiting | undefined;
  readonly #expire: (queue: DeadlineQueue) => void;

  /**
   * @param timeout How long each of them waits, in milliseconds.
   * @param expire Told when it is to be looked at.
   */
  constructor(timeout: number, expire: (queue: DeadlineQueue) => void) {
    this.timeout = timeout;
    this.#expire = expire;
  }

  /** Tells that it is to be looked at. */
  expire(): void {
    this.#expire(this);
  }

  /**
   * Adds somebody behind all others.
   *
   * @param waiting Who.
   */
  add(waiting: Waiting): void {
    waiting.queue = this;
    waiting.previous = this.#last;
    if (this.#last === undefined) this.first = waiting;
    else this.#last.next = waiting;
    this.#last = waiting;
  }

  /**
   * Deletes somebody, who is here.
   *
   * @param waiting Who.
   */
  delete(waiting: Waiting): void {
    const { previous, next } = waiting;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    // What has gone must not keep those alive that were beside it.
    waiting.queue = waiting.previous = waiting.next = undefined;
  }
}
