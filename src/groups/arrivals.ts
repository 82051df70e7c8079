/**
 * Messages of a group on their way to the loop of a member.
 *
 * @module
 */
import { GroupGap } from "./group_gap.ts";
import type { Taken } from "./taken.ts";

/** What a message takes up beside its text, in bytes. */
const OVERHEAD = 256;
/** Messages that were taken are cut off at times: shift() moves every element of a long array. */
const CUT = 1_024;

/** A message of a stream. */
export interface Message {
  /** Its number. */
  readonly number: number;
  /** Its value. */
  readonly value: unknown;
  /** Length of its text in bytes. */
  readonly bytes: number;
  /** Told of what becomes of it. */
  readonly taken: Taken;
}

/** Stands where something was: nothing of it is kept. */
const NOTHING = new GroupGap(0);

/** A queue of bounded size. Where it is full, the oldest messages go, and a gap stands for them. */
export class Arrivals {
  readonly #maximum: number;
  #items: (Message | GroupGap)[] = [];
  #start = 0;
  #bytes = 0;
  /** What is missing in front of all that waits. */
  #missed = 0;
  #isRestart = false;
  #waiting: PromiseWithResolvers<IteratorResult<unknown, undefined>>[] = [];
  #end: Promise<IteratorResult<unknown, undefined>> | undefined;

  /**
   * @param maximum How many bytes may wait. A message of any size may where nothing else waits.
   */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** How many messages and gaps wait. */
  get size(): number {
    return this.#items.length - this.#start + (this.#hasGap ? 1 : 0);
  }

  /**
   * Adds a message.
   *
   * @param message The message.
   */
  push(message: Message): void {
    if (this.#end !== undefined) return;
    const loop = this.#waiting.shift();
    if (loop === undefined) return this.#add(message);
    message.taken.note(message.number, true);
    loop.resolve({ done: false, value: message.value });
  }

  /**
   * Notes that messages are missing behind those that wait.
   *
   * @param missed How many.
   * @param isRestart Whether the owner was restarted.
   */
  miss(missed: number, isRestart: boolean): void {
    if (this.#end !== undefined) return;
    const gap = new GroupGap(missed, isRestart);
    const loop = this.#waiting.shift();
    if (loop !== undefined) return loop.resolve({ done: false, value: gap });
    if (this.#start < this.#items.length) return this.#add(gap);
    this.#missed += missed;
    this.#isRestart ||= isRestart;
  }

  /**
   * Takes what is next, or waits for it.
   *
   * @returns A value, a gap, or the end.
   */
  take(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#hasGap) return Promise.resolve({ done: false, value: this.#takeGap() });
    if (this.#start < this.#items.length) {
      const item = this.#shift();
      if (item instanceof GroupGap) return Promise.resolve({ done: false, value: item });
      item.taken.note(item.number, true);
      return Promise.resolve({ done: false, value: item.value });
    }
    if (this.#end !== undefined) return this.#end;
    const waiting = Promise.withResolvers<IteratorResult<unknown, undefined>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /**
   * Takes nothing more. What waits can still be taken.
   *
   * @param failure Makes the loops throw it, where there is one.
   */
  end(failure?: { readonly reason: unknown }): void {
    if (this.#end !== undefined) return;
    const end = failure === undefined
      ? Promise.resolve({ done: true as const, value: undefined })
      : Promise.reject(failure.reason);
    // Where no loop asks for it, it is told elsewhere.
    end.catch(() => {});
    this.#end = end;
    for (const { resolve } of this.#waiting.splice(0)) resolve(end);
  }

  /** Drops all that waits. */
  clear(): void {
    this.#items = [];
    this.#start = this.#bytes = this.#missed = 0;
    this.#isRestart = false;
  }

  get #hasGap(): boolean {
    return this.#missed > 0 || this.#isRestart;
  }

  #add(item: Message | GroupGap): void {
    this.#items.push(item);
    this.#bytes += sizeOf(item);
    while (this.#bytes > this.#maximum && this.#start < this.#items.length - 1) this.#drop();
  }

  #drop(): void {
    const item = this.#shift();
    if (item instanceof GroupGap) {
      this.#missed += item.missed;
      this.#isRestart ||= item.isRestart;
    } else {
      this.#missed++;
      item.taken.note(item.number, false);
    }
  }

  #takeGap(): GroupGap {
    const gap = new GroupGap(this.#missed, this.#isRestart);
    this.#missed = 0;
    this.#isRestart = false;
    return gap;
  }

  #shift(): Message | GroupGap {
    const item = this.#items[this.#start]!;
    this.#items[this.#start++] = NOTHING;
    this.#bytes -= sizeOf(item);
    if (this.#start === this.#items.length || this.#start === CUT) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
    return item;
  }
}

function sizeOf(item: Message | GroupGap): number {
  return OVERHEAD + (item instanceof GroupGap ? 0 : item.bytes);
}
