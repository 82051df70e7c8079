/**
 * Looks whether those still live whose requests take long.
 *
 * @module
 */
import { PeerGoneError } from "../errors.ts";
import type { RPCRequest } from "./request.ts";
import type { RequestsInHand } from "./requests_in_hand.ts";

/** Time between ticks, in milliseconds. */
export const WATCH_MILLISECONDS = 5_000;
/** The most ticks between looks at one port: each look wakes its process. */
const MOST_TICKS = 64;

/**
 * A caller that has ended waits for nothing, but a handler may go on for it without end. So while requests are in hand, their
 * ports are looked at now and then: after one tick, two, four, and so on.
 */
export class CallerWatch {
  readonly #requests: RequestsInHand;
  readonly #isGone: (port: number) => boolean;
  readonly #end: (request: RPCRequest, reason: Error) => void;
  /** Ports whose requests were in hand at the last tick, and for how many: what takes shorter is not looked at. */
  #ticks: ReadonlyMap<number, number> = new Map();
  #ticker: ReturnType<typeof setInterval> | undefined;

  /**
   * @param requests The requests in hand.
   * @param isGone Tells whether nobody holds a port any more.
   * @param end Ends a request whose caller is gone.
   */
  constructor(
    requests: RequestsInHand,
    isGone: (port: number) => boolean,
    end: (request: RPCRequest, reason: Error) => void,
  ) {
    this.#requests = requests;
    this.#isGone = isGone;
    this.#end = end;
  }

  /** Begins to look, since a request takes longer. It ends by itself. */
  start(): void {
    if (this.#ticker !== undefined) return;
    this.#ticker = setInterval(this.#look, WATCH_MILLISECONDS);
    Deno.unrefTimer(this.#ticker);
  }

  /** Looks no longer. */
  close(): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  readonly #look = (): void => {
    const ticks = new Map([...this.#requests.ports].map((port) => [port, (this.#ticks.get(port) ?? -1) + 1]));
    this.#ticks = ticks;
    if (ticks.size === 0) return this.close();
    for (const [port, count] of ticks) {
      if (!isDue(count) || !this.#isGone(port)) continue;
      for (const request of this.#requests.of(port)) this.#end(request, new PeerGoneError(port));
    }
  };
}

/** Tells whether a port is looked at after so many ticks: a power of two, or a multiple of the largest. */
function isDue(ticks: number): boolean {
  return ticks > 0 && (ticks % MOST_TICKS === 0 || (ticks < MOST_TICKS && (ticks & (ticks - 1)) === 0));
}
