/**
 * Timers that do not keep the process running.
 *
 * @module
 */

/** A timer. */
export type Timer = ReturnType<typeof setTimeout>;

/**
 * Calls a function later, where the process still runs then.
 *
 * @param callback The function.
 * @param milliseconds How much later.
 * @returns The timer.
 */
export function unrefTimer(callback: () => void, milliseconds: number): Timer {
  const timer = setTimeout(callback, milliseconds);
  Deno.unrefTimer(timer);
  return timer;
}
