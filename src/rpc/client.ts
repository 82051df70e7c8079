/**
 * The calling side of a peer.
 *
 * @module
 */
import { encodeBatch, encodeRequest } from "../jsonrpc/encode.ts";
import type { Delivery, Outbox } from "../link/outbox.ts";
import { type BatchCall, type CallOptions, checkCall, checkPort, checkTimeout } from "./options.ts";
import type { CallTerms, PendingCall, PendingCalls } from "./pending_calls.ts";

/** Sends calls, and lets them wait for their answers. */
export class Client {
  readonly #outbox: Outbox;
  readonly #pending: PendingCalls;
  readonly #timeout: number;

  /**
   * @param outbox Where calls leave.
   * @param pending Where they wait.
   * @param timeout How long, where a call does not say, in milliseconds.
   */
  constructor(outbox: Outbox, pending: PendingCalls, timeout: number) {
    this.#outbox = outbox;
    this.#pending = pending;
    this.#timeout = timeout;
  }

  /**
   * Calls a method.
   *
   * @param target Port of the other peer.
   * @param method Name of the method.
   * @param params Its arguments.
   * @param options Timeout and signal.
   * @returns What the method returned.
   */
  call(target: number, method: string, params: object | undefined, options: CallOptions): Promise<unknown> {
    const terms = this.#terms(target, method, params, options);
    const id = this.#pending.nextId();
    const body = encodeRequest(id, method, params);
    return new Promise((resolve, reject) => {
      const call = this.#pending.add(id, terms, resolve, reject);
      this.#post(target, id, body, call);
    });
  }

  /**
   * Sends a notification.
   *
   * @param target Port of the other peer.
   * @param method Name of the method.
   * @param params Its arguments.
   * @returns Resolves when it is in the other side's queue.
   */
  notify(target: number, method: string, params: object | undefined): Promise<void> {
    this.#terms(target, method, params, {});
    return this.#notify(target, this.#pending.nextId(), encodeRequest(undefined, method, params));
  }

  /**
   * Sends several calls in one message.
   *
   * @param target Port of the other peer.
   * @param calls The calls, and notifications.
   * @param options Timeout and signal, for each of them.
   * @returns What became of each.
   */
  async batch(
    target: number,
    calls: readonly BatchCall[],
    options: CallOptions,
  ): Promise<PromiseSettledResult<unknown>[]> {
    if (!Array.isArray(calls)) throw new TypeError(`A batch must be an array of calls, not ${typeof calls}`);
    const terms = calls.map(({ method, params }) => this.#terms(target, method, params, options));
    if (calls.length === 0) return [];
    const ids = calls.map(({ notify }) => notify === true ? undefined : this.#pending.nextId());
    const nlmsgSeq = ids.find((id) => id !== undefined) ?? this.#pending.nextId();
    const body = encodeBatch(calls.map(({ method, params }, index) => encodeRequest(ids[index], method, params)));
    if (ids.every((id) => id === undefined)) {
      await this.#notify(target, nlmsgSeq, body);
      return calls.map(() => ({ status: "fulfilled", value: undefined }));
    }
    const pending: PendingCall[] = [];
    const outcomes = ids.map((id, index) => {
      if (id === undefined) return undefined;
      return new Promise((resolve, reject) => pending.push(this.#pending.add(id, terms[index]!, resolve, reject)));
    });
    this.#pending.addBatch(nlmsgSeq, pending);
    try {
      this.#post(target, nlmsgSeq, body, new BatchDelivery(pending));
      return await Promise.allSettled(outcomes);
    } finally {
      this.#pending.deleteBatch(nlmsgSeq);
    }
  }

  #terms(target: number, method: string, params: object | undefined, options: CallOptions): CallTerms {
    checkPort("target", target);
    checkCall(method, params);
    const { timeout, signal } = options;
    signal?.throwIfAborted();
    return { port: target, method, timeout: timeout === undefined ? this.#timeout : checkTimeout(timeout), signal };
  }

  #post(target: number, nlmsgSeq: number, body: string, delivery: Delivery): void {
    try {
      this.#outbox.request(target, nlmsgSeq, body, delivery);
    } catch (error) {
      delivery.undelivered(error as Error);
    }
  }

  #notify(target: number, nlmsgSeq: number, body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#outbox.request(target, nlmsgSeq, body, { delivered: resolve, undelivered: reject });
    });
  }
}

/** The calls of a batch share what becomes of their message. */
class BatchDelivery implements Delivery {
  readonly #calls: readonly PendingCall[];

  constructor(calls: readonly PendingCall[]) {
    this.#calls = calls;
  }

  delivered(): void {}

  undelivered(error: Error): void {
    for (const call of this.#calls) call.undelivered(error);
  }
}
