/**
 * Time that passes only when a script says so, and timers that are counted.
 *
 * @module
 */
import { settled } from "../fakes/time.ts";

/** How far the clock goes with a tick, in milliseconds. */
const TICK_MILLISECONDS = 1_000;

/**
 * Takes over `setInterval`, `setTimeout`, those that clear them, `Deno.unrefTimer` and `performance.now()`, until it is disposed of.
 */
export class ScriptedTimers implements Disposable {
  readonly #intervals = new Map<number, () => void>();
  readonly #timeouts = new Set<number>();
  readonly #globals = { setInterval, clearInterval, setTimeout, clearTimeout };
  readonly #deno = { unrefTimer: Deno.unrefTimer };
  #last = 0;
  #now = performance.now();

  constructor() {
    Object.assign(globalThis, {
      setInterval: (callback: () => void) => {
        this.#intervals.set(++this.#last, callback);
        return this.#last;
      },
      clearInterval: (id: number) => void this.#intervals.delete(id),
      setTimeout: () => {
        this.#timeouts.add(++this.#last);
        return this.#last;
      },
      clearTimeout: (id: number) => void this.#timeouts.delete(id),
    });
    Object.assign(Deno, { unrefTimer() {} });
    Object.defineProperty(performance, "now", { value: () => this.#now, configurable: true });
  }

  /** How many intervals are running. */
  get intervals(): number {
    return this.#intervals.size;
  }

  /** How many timeouts are set. */
  get timeouts(): number {
    return this.#timeouts.size;
  }

  /** Lets each interval come once, and whatever it leads to in the turns after. A timeout never comes. */
  async tick(): Promise<void> {
    this.#now += TICK_MILLISECONDS;
    for (const callback of [...this.#intervals.values()]) callback();
    await settled(3);
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#globals);
    Object.assign(Deno, this.#deno);
    // What is inherited is the real one.
    Reflect.deleteProperty(performance, "now");
  }
}
