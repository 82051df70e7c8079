/**
 * Time that passes only when a test says so.
 *
 * @module
 */
import { mock } from "node:test";

/** Timers and `performance.now()` of one test. */
export interface FakeTime extends Disposable {
  /** Lets time pass, runs the timers that are due, and whatever promises they lead to. */
  pass(milliseconds: number): Promise<void>;
  /** Lets the clock go on without running a timer, as while the program is busy. */
  busy(milliseconds: number): void;
  /** What was made to not keep the process running. */
  readonly unrefTimers: unknown[];
}

/** Takes over `setTimeout`, `clearTimeout`, `Deno.unrefTimer` and `performance.now()` until it is disposed of. */
export function fakeTime(): FakeTime {
  let now = 1_000;
  const unrefTimers: unknown[] = [];
  mock.timers.enable({ apis: ["setTimeout"] });
  const clock = mock.method(performance, "now", () => now);
  const unref = mock.method(Deno, "unrefTimer", (timer: unknown) => void unrefTimers.push(timer));
  return {
    unrefTimers,
    async pass(milliseconds) {
      for (let step = 0; step < milliseconds; step++) {
        now++;
        mock.timers.tick(1);
        await settled();
      }
    },
    busy(milliseconds) {
      now += milliseconds;
    },
    [Symbol.dispose]() {
      mock.timers.reset();
      clock.mock.restore();
      unref.mock.restore();
    },
  };
}

/** Resolves when all promises have had their turn that can go on without time passing, and so many immediates. */
export async function settled(immediates = 1): Promise<void> {
  for (let count = 0; count < immediates; count++) await new Promise((resolve) => void setImmediate(resolve));
}
