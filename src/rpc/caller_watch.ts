/**
 * Looks whether those still live whose requests take long.
 *
 * @module
 */
import { PeerGoneError } from "../errors.ts";
import type { RPCRequest } from "./request.ts";
import type { RequestsInHand } from "./requests_in_hand.ts";

/** Time between looks, in milliseconds. */
export const WATCH_MILLISECONDS = 5_000;

/**
 * A caller that has ended waits for nothing, but a handler may go on for it without end. So while requests are in hand, their
 * ports are looked at now and then.
 */
export class CallerWatch {
  readonly #requests: RequestsInHand;
  readonly #isGone: (port: number) => boolean;
  readonly #end: (request: RPCRequest, reason: Error) => void;
  /** Ports whose requests were in hand at the last look: what takes shorter is not looked at. */
  #seen: ReadonlySet<number> = new Set();
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
    const ports = new Set(this.#requests.ports);
    for (const port of ports) {
      if (!this.#seen.has(port) || !this.#isGone(port)) continue;
      for (const request of this.#requests.of(port)) this.#end(request, new PeerGoneError(port));
    }
    this.#seen = ports;
    if (ports.size === 0) this.close();
  };
}
