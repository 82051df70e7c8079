/**
 * The serving side of a peer: who gets the requests that arrive.
 *
 * @module
 */
import type { Dispatcher } from "./dispatcher.ts";
import type { RPCRequest } from "./request.ts";
import type { HeldLinks } from "./held_links.ts";
import { RequestQueue } from "./request_queue.ts";

/** Hands requests to the dispatcher, or to `for await` loops while there are any. */
export class Server {
  readonly #links: HeldLinks;
  readonly #dispatcher: Dispatcher;
  readonly #requests: RequestQueue;
  readonly #closed = Promise.withResolvers<void>();
  #loops = 0;
  #serving = false;
  #failure: Error | undefined;

  /**
   * @param links Held while something is served.
   * @param dispatcher Carries requests out.
   */
  constructor(links: HeldLinks, dispatcher: Dispatcher) {
    this.#links = links;
    this.#dispatcher = dispatcher;
    this.#requests = new RequestQueue((request) => dispatcher.taken(request));
  }

  /** Resolves when the peer is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /**
   * Carries out requests until the peer is closed.
   *
   * @returns Resolves then; rejects where the link has failed.
   */
  async serve(): Promise<void> {
    this.#links.hold();
    this.#serving = true;
    this.#startQueued();
    await this.closed;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Makes an iterator for a `for await` loop.
   *
   * @returns The iterator.
   */
  iterate(): AsyncIterableIterator<RPCRequest, undefined> {
    this.#links.hold();
    this.#loops++;
    this.#dispatcher.taker = (request) => this.#requests.push(request);
    const loop = Symbol("loop");
    let open = true;
    const end = (): IteratorReturnResult<undefined> => {
      if (open) {
        open = false;
        this.#requests.leave(loop);
        this.#links.release();
        if (--this.#loops === 0) this.#dispatcher.taker = undefined;
        this.#startQueued();
      }
      return { done: true, value: undefined };
    };
    return {
      next: () => open ? this.#requests.take(loop) : Promise.resolve(end()),
      return: () => Promise.resolve(end()),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /**
   * Ends every loop after the request that it has, since the peer is about to close.
   *
   * @returns The requests that no loop has taken.
   */
  stop(): RPCRequest[] {
    return this.#requests.close();
  }

  /**
   * Ends every loop, since the peer is closed.
   *
   * @param freed Resolves when its port is free, where it is not yet.
   * @param failure Why, where it was not meant to be.
   */
  close(freed?: Promise<void>, failure?: Error): void {
    this.#failure = failure;
    this.#requests.close(failure);
    this.#closed.resolve(freed);
  }

  /** Carries out what loops have left over, where requests are served without one. */
  #startQueued(): void {
    if (!this.#serving || this.#loops > 0) return;
    for (let request = this.#requests.shift(); request !== undefined; request = this.#requests.shift()) {
      this.#dispatcher.start(request);
    }
  }
}
