/**
 * One timer for the deadlines of all calls of the isolate.
 *
 * @module
 */

/** Something with a deadline. */
export interface Timed {
  /** When it ends, as `performance.now()` counts. */
  readonly deadline: number;
  /** Its place in the heap, or -1; kept by {@linkcode Deadlines}. */
  heapIndex: number;
  /** Told when the deadline has come. May not throw. */
  expire(): void;
}

/** The longest that a timer can be set for, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A binary heap by deadline, so that adding and deleting cost little however many calls wait. */
export class Deadlines {
  readonly #heap: Timed[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerDeadline = Infinity;

  /** How many wait. */
  get size(): number {
    return this.#heap.length;
  }

  /**
   * Adds something that has a deadline.
   *
   * @param timed What it is.
   */
  add(timed: Timed): void {
    this.#heap.push(timed);
    this.#up(timed, this.#heap.length - 1);
    this.#arm();
  }

  /**
   * Deletes something before its deadline; nothing happens where it is not there. The timer stays as it is: calls come and go more often than timers should.
   *
   * @param timed What it is.
   */
  delete(timed: Timed): void {
    const index = timed.heapIndex;
    if (index < 0) return;
    timed.heapIndex = -1;
    const last = this.#heap.pop()!;
    if (last === timed) return;
    this.#up(last, index);
    this.#down(last, last.heapIndex);
  }

  /** Stops the timer where nothing waits any more. */
  rest(): void {
    if (this.#heap.length > 0 || this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDeadline = Infinity;
  }

  #arm(): void {
    const next = this.#heap[0]?.deadline ?? Infinity;
    if (next >= this.#timerDeadline || next === Infinity) return;
    clearTimeout(this.#timer);
    this.#timerDeadline = next;
    const wait = Math.min(Math.max(next - performance.now(), 0), LONGEST_TIMER);
    // After a busy stretch the timer comes before what has arrived meanwhile: an immediate lets that be read first.
    this.#timer = setTimeout(this.#fired, wait);
    // A call keeps the process running by its link, where it does; its deadline alone must not.
    Deno.unrefTimer(this.#timer);
  }

  readonly #fired = (): void => {
    // What is added between now and then has its own time.
    const now = performance.now();
    // In a program's first turn immediates come before what has arrived; in the second they do not.
    setImmediate(() => setImmediate(() => this.#expire(now)));
  };

  #expire(now: number): void {
    this.#timer = undefined;
    this.#timerDeadline = Infinity;
    for (let first = this.#heap[0]; first !== undefined && first.deadline <= now; first = this.#heap[0]) {
      this.delete(first);
      first.expire();
    }
    this.#arm();
  }

  #up(timed: Timed, index: number): void {
    const heap = this.#heap;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex]!;
      if (parent.deadline <= timed.deadline) break;
      heap[index] = parent;
      parent.heapIndex = index;
      index = parentIndex;
    }
    heap[index] = timed;
    timed.heapIndex = index;
  }

  #down(timed: Timed, index: number): void {
    const heap = this.#heap;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.deadline < heap[child]!.deadline) child++;
      const least = heap[child]!;
      if (timed.deadline <= least.deadline) break;
      heap[index] = least;
      least.heapIndex = index;
      index = child;
    }
    heap[index] = timed;
    timed.heapIndex = index;
  }
}
