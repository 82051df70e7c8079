/**
 * One timer for the deadlines of all calls of the isolate.
 *
 * @module
 */

import { inRootContext } from "../netlink/root_context.ts";
import { DeadlineQueue, type Waiting } from "./deadline_queue.ts";

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

/** Queues that are kept although nobody stands in them. */
const KEPT_QUEUES = 8;

/**
 * A binary heap by deadline, so that adding and deleting cost little however many wait. Calls wait equally long, most often: these
 * stand in queues, which cost them next to nothing, and of which the heap has only one each.
 */
export class Deadlines {
  readonly #heap: Timed[] = [];
  readonly #queues = new Map<number, DeadlineQueue>();
  #lastQueue: DeadlineQueue | undefined;
  /** How many stand in queues. */
  #queued = 0;
  /** Those that have come after another one in this turn: reading the clock would cost each as much as all else here. */
  #fresh: Waiting[] = [];
  #isTurnBegun = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerDeadline = Infinity;

  /** How many wait. */
  get size(): number {
    let size = this.#heap.length + this.#queued;
    for (const { heapIndex } of this.#queues.values()) if (heapIndex >= 0) size--;
    return size;
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
   * Adds something that ends after a while, counted from this turn of the event loop.
   *
   * @param waiting What it is.
   * @param timeout How long it waits, in milliseconds.
   */
  wait(waiting: Waiting, timeout: number): void {
    let queue = this.#lastQueue;
    if (queue?.timeout !== timeout) this.#lastQueue = queue = this.#queueOf(timeout);
    queue.add(waiting);
    this.#queued++;
    if (this.#isTurnBegun) return void this.#fresh.push(waiting);
    this.#isTurnBegun = true;
    this.#begin(waiting, queue, performance.now());
    queueMicrotask(this.#turnEnds);
  }

  /**
   * Deletes what has not ended yet; nothing happens where it is not there. The timer stays as it is.
   *
   * @param waiting What it is.
   */
  leave(waiting: Waiting): void {
    const { queue } = waiting;
    if (queue === undefined) return;
    queue.delete(waiting);
    this.#queued--;
    if (queue.first === undefined && this.#queues.size > KEPT_QUEUES) this.#drop(queue);
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
    if (this.size > 0) return;
    for (const queue of [...this.#queues.values()]) this.#drop(queue);
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDeadline = Infinity;
  }

  #queueOf(timeout: number): DeadlineQueue {
    let queue = this.#queues.get(timeout);
    if (queue === undefined) this.#queues.set(timeout, queue = new DeadlineQueue(timeout, this.#look));
    return queue;
  }

  #drop(queue: DeadlineQueue): void {
    this.#queues.delete(queue.timeout);
    if (this.#lastQueue === queue) this.#lastQueue = undefined;
    this.delete(queue);
  }

  #begin(waiting: Waiting, queue: DeadlineQueue, now: number): void {
    waiting.deadline = now + queue.timeout;
    if (queue.heapIndex >= 0) return;
    queue.deadline = waiting.deadline;
    this.add(queue);
  }

  readonly #turnEnds = (): void => {
    this.#isTurnBegun = false;
    if (this.#fresh.length === 0) return;
    const now = performance.now();
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const waiting of fresh) if (waiting.queue !== undefined) this.#begin(waiting, waiting.queue, now);
  };

  /** Ends the first of a queue, where its time has come, and says when the next one is due. */
  readonly #look = (queue: DeadlineQueue): void => {
    const { first, deadline } = queue;
    if (first !== undefined && first.deadline <= deadline) {
      this.leave(first);
      first.expire();
    }
    if (queue.heapIndex >= 0 || this.#queues.get(queue.timeout) !== queue) return;
    if (queue.first === undefined) return this.#drop(queue);
    // One that has come in this very turn is not counted from yet, and adds its queue then.
    if (queue.first.deadline === Infinity) return;
    queue.deadline = queue.first.deadline;
    this.add(queue);
  };

  #arm(): void {
    const next = this.#heap[0]?.deadline ?? Infinity;
    if (next >= this.#timerDeadline || next === Infinity) return;
    clearTimeout(this.#timer);
    this.#timerDeadline = next;
    const wait = Math.min(Math.max(next - performance.now(), 0), LONGEST_TIMER);
    // After a busy stretch the timer comes before what has arrived meanwhile: an immediate lets that be read first.
    // What it ends are everybody's calls and requests, not only those of whoever sets it.
    this.#timer = inRootContext(() => setTimeout(this.#fired, wait));
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
