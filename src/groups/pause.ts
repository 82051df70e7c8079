/**
 * Pauses between tries.
 *
 * @module
 */
import { unrefTimer } from "../netlink/unref_timer.ts";

/**
 * Waits for a while. It does not keep the process running: what is held does, where that is wanted.
 *
 * @param milliseconds For how long.
 * @param signal Ends it before.
 * @returns Resolves then, also where the signal aborts.
 */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = unrefTimer(done, milliseconds);
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
  });
}
