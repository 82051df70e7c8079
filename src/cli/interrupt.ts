/**
 * The wish of the user that the command ends: Ctrl-C, a terminal that is closed, or kill(1).
 *
 * @module
 */
import { EXIT, Interrupted } from "./failure.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Listens for that wish. Whoever wishes it twice does not want to wait. */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #listener = (): void => {
    if (this.#controller.signal.aborted) Deno.exit(EXIT.interrupted);
    this.#controller.abort(new Interrupted());
  };

  /** Begins to listen. */
  constructor() {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#listener);
  }

  /** Aborts when it is to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the listening. */
  [Symbol.dispose](): void {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#listener);
  }
}

/**
 * Waits, unless the user wants the command to end.
 *
 * @param milliseconds For how long; Infinity for ever.
 * @param signal Aborts when it is to end.
 * @returns Resolves then, or when the signal aborts.
 */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = milliseconds === Infinity ? undefined : setTimeout(resolve, Math.max(0, milliseconds));
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
