/**
 * Timers that are set, whether they keep the process running or not.
 *
 * @module
 */

/** Counts the timers of a scene, on top of those that `fakeTime()` has put in place. */
export class Timers implements Disposable {
  readonly #active = new Set<unknown>();
  readonly #before = { ...pick() };

  constructor() {
    const { setTimeout, clearTimeout, setInterval, clearInterval } = this.#before;
    const forget = (timer: unknown) => this.#active.delete(timer);
    Object.assign(globalThis, {
      setTimeout: (callback: () => void, milliseconds?: number) => {
        const timer: unknown = setTimeout(() => {
          forget(timer);
          callback();
        }, milliseconds);
        this.#active.add(timer);
        return timer;
      },
      clearTimeout: (timer: unknown) => {
        forget(timer);
        clearTimeout(timer as number);
      },
      setInterval: (callback: () => void, milliseconds?: number) => {
        const timer: unknown = setInterval(callback, milliseconds);
        this.#active.add(timer);
        return timer;
      },
      clearInterval: (timer: unknown) => {
        forget(timer);
        clearInterval(timer as number);
      },
    });
  }

  /** Sets a timer that does not count. */
  ownSetTimeout(callback: () => void, milliseconds: number): void {
    this.#before.setTimeout(callback, milliseconds);
  }

  /** How many are set. */
  get active(): number {
    return this.#active.size;
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#before);
  }
}

function pick() {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  return { setTimeout, clearTimeout, setInterval, clearInterval };
}
