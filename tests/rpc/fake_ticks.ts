/**
 * Intervals that come only when a test says so.
 *
 * @module
 */
import { mock } from "node:test";
import { settled } from "../fakes/time.ts";

/** The intervals of one test. */
export interface FakeTicks extends Disposable {
  /** How many intervals are running. */
  readonly running: number;
  /** How many of them do not keep the process running. */
  readonly unref: number;
  /** How many were ever started. */
  readonly started: number;
  /** How far apart they come, in milliseconds. */
  readonly periods: number[];
  /** Lets each of them come so many times, and whatever they lead to in the turns after. */
  tick(times?: number): Promise<void>;
}

/** Takes over `setInterval`, `clearInterval` and `Deno.unrefTimer` until it is disposed of. */
export function fakeTicks(): FakeTicks {
  const intervals = new Map<number, () => void>();
  const unref = new Set<number>();
  const periods: number[] = [];
  const real = { setInterval, clearInterval };
  Object.assign(globalThis, {
    setInterval: (callback: () => void, period: number) => {
      intervals.set(periods.push(period), callback);
      return periods.length;
    },
    clearInterval: (id: number) => void intervals.delete(id),
  });
  const unrefTimer = mock.method(Deno, "unrefTimer", (id: number) => void unref.add(id));
  return {
    periods,
    get running() {
      return intervals.size;
    },
    get unref() {
      return [...intervals.keys()].filter((id) => unref.has(id)).length;
    },
    get started() {
      return periods.length;
    },
    async tick(times = 1) {
      for (let count = 0; count < times; count++) {
        for (const callback of [...intervals.values()]) callback();
        await settled(3);
      }
    },
    [Symbol.dispose]() {
      Object.assign(globalThis, real);
      unrefTimer.mock.restore();
    },
  };
}
