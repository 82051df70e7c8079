/**
 * The signals of requests: they abort when nobody waits for the answer any more.
 *
 * @module
 */
import type { Timed } from "./deadlines.ts";
import { isolateDeadlines } from "./isolate.ts";
import type { RPCRequest } from "./request.ts";

/** The signal of a request whose caller waits until a deadline, or without end. */
class RequestSignal implements Timed {
  readonly controller = new AbortController();
  readonly deadline: number;
  heapIndex = -1;

  readonly #expired: () => void;

  constructor(deadline: number | undefined, expired: () => void) {
    this.#expired = expired;
    // The caller counts by the clock of the day, timers by one that is never set.
    this.deadline = deadline === undefined ? Infinity : performance.now() + deadline - Date.now();
    if (this.deadline < Infinity) isolateDeadlines.add(this);
  }

  expire(): void {
    this.#expired();
  }
}

/**
 * Ends a request that nobody waits for any more.
 *
 * @param request The request.
 * @param reason Why.
 */
export type EndRequest = (request: RPCRequest, reason: Error) => void;

/** The signals of the requests of a peer, made as handlers ask for them. */
export class RequestSignals {
  readonly #signals = new Map<RPCRequest, RequestSignal>();
  /** Requests that were ended before anybody asked for their signal. */
  readonly #aborted = new WeakMap<RPCRequest, Error>();
  readonly #end: EndRequest;
  #closeReason: Error | undefined;

  /**
   * @param end Ends a request whose time is up.
   */
  constructor(end: EndRequest) {
    this.#end = end;
  }

  /**
   * Makes the signal of a request.
   *
   * @param request The request.
   * @returns The signal.
   */
  create(request: RPCRequest): AbortSignal {
    const reason = this.#aborted.get(request) ?? this.#closeReason;
    if (reason !== undefined) return AbortSignal.abort(reason);
    if (request.isAnswered) return new AbortController().signal;
    const signal = new RequestSignal(request.isNotification ? undefined : request.deadline, () => {
      this.#end(request, new DOMException("The caller waits no longer: its time is up", "TimeoutError"));
    });
    this.#signals.set(request, signal);
    return signal.controller.signal;
  }

  /**
   * Forgets the signal of a request that is answered.
   *
   * @param request The request.
   */
  delete(request: RPCRequest): void {
    if (this.#signals.size === 0) return;
    const signal = this.#signals.get(request);
    if (signal === undefined) return;
    this.#signals.delete(request);
    isolateDeadlines.delete(signal);
  }

  /**
   * Aborts the signal of a request.
   *
   * @param request The request.
   * @param reason Why.
   */
  abort(request: RPCRequest, reason: Error): void {
    this.#aborted.set(request, reason);
    this.#signals.get(request)?.controller.abort(reason);
  }

  /**
   * Aborts all signals.
   *
   * @param reason Why.
   */
  close(reason: Error): void {
    this.#closeReason = reason;
    for (const { controller } of [...this.#signals.values()]) controller.abort(reason);
  }
}
