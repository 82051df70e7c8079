/**
 * Requests on their way to a `for await` loop.
 *
 * @module
 */
import type { RPCRequest } from "./request.ts";

/** Requests in the order in which they came, and loops that wait for one. */
export class RequestQueue {
  // Read from an index on, and cut at times: shift() moves every element of a long array.
  #requests: RPCRequest[] = [];
  #next = 0;
  readonly #taken: (request: RPCRequest) => void;
  #waiting: { loop: symbol; outcome: PromiseWithResolvers<IteratorResult<RPCRequest, undefined>> }[] = [];
  #end: Promise<IteratorResult<RPCRequest, undefined>> | undefined;

  /**
   * @param taken Told of each request that a loop takes.
   */
  constructor(taken: (request: RPCRequest) => void) {
    this.#taken = taken;
  }

  /**
   * Adds a request, for the loop that has waited longest.
   *
   * @param request The request.
   */
  push(request: RPCRequest): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return void this.#requests.push(request);
    this.#taken(request);
    waiting.outcome.resolve({ done: false, value: request });
  }

  /**
   * Takes the next request, or waits for it.
   *
   * @param loop Who waits.
   * @returns The request, or the end of the loop.
   */
  take(loop: symbol): Promise<IteratorResult<RPCRequest, undefined>> {
    const request = this.shift();
    if (request !== undefined) {
      this.#taken(request);
      return Promise.resolve({ done: false, value: request });
    }
    if (this.#end !== undefined) return this.#end;
    const outcome = Promise.withResolvers<IteratorResult<RPCRequest, undefined>>();
    this.#waiting.push({ loop, outcome });
    return outcome.promise;
  }

  /**
   * Ends one loop: what it waited for goes to the others.
   *
   * @param loop The loop.
   */
  leave(loop: symbol): void {
    const left = this.#waiting.filter((waiting) => waiting.loop === loop);
    this.#waiting = this.#waiting.filter((waiting) => waiting.loop !== loop);
    for (const { outcome } of left) outcome.resolve({ done: true, value: undefined });
  }

  /**
   * Takes the next request where there is one.
   *
   * @returns The request, or undefined.
   */
  shift(): RPCRequest | undefined {
    for (;;) {
      const request = this.#requests[this.#next];
      if (request === undefined) return undefined;
      this.#next++;
      if (this.#next === this.#requests.length || this.#next === 1_024) {
        this.#requests = this.#requests.slice(this.#next);
        this.#next = 0;
      }
      // Its caller may wait no longer.
      if (!request.isAnswered) return request;
    }
  }

  /**
   * Ends every loop.
   *
   * @param failure Makes the loops throw it, where there is one.
   * @returns What was not taken.
   */
  close(failure?: Error): RPCRequest[] {
    const left = this.#requests.slice(this.#next);
    this.#requests = [];
    this.#next = 0;
    const end = failure === undefined
      ? Promise.resolve({ done: true as const, value: undefined })
      : Promise.reject(failure);
    // Where no loop asks for it, the failure has been told elsewhere.
    end.catch(() => {});
    this.#end = end;
    for (const { outcome } of this.#waiting.splice(0)) outcome.resolve(end);
    return left;
  }
}
