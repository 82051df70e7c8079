/**
 * The calling side of a peer.
 *
 * @module
 */
import { encodeBatch, encodeRequest } from "../jsonrpc/encode.ts";
import type { Delivery, WaitingMessage } from "../link/delivery.ts";
import type { Outbox } from "../link/outbox.ts";
import { isolateDeadlines } from "./isolate.ts";
import { type BatchCall, type CallOptions, checkCall, checkPort, checkTimeout } from "./options.ts";
import type { CallTerms, PendingCall, PendingCalls } from "./pending_calls.ts";
import { PendingNotification } from "./pending_notification.ts";
import type { SyncClient } from "./sync_client.ts";

/** Sends calls, and lets them wait for their answers. */
export class Client {
  readonly #outbox: Outbox;
  readonly #pending: PendingCalls;
  readonly #sync: SyncClient;
  readonly #timeout: number;

  /**
   * @param outbox Where calls leave.
   * @param pending Where they wait.
   * @param sync Makes the calls that do not wait with the event loop.
   * @param timeout How long calls wait, where they do not say, in milliseconds.
   */
  constructor(outbox: Outbox, pending: PendingCalls, sync: SyncClient, timeout: number) {
    this.#outbox = outbox;
    this.#pending = pending;
    this.#sync = sync;
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
   * Calls a method, and has the thread wait for the answer.
   *
   * @param target Port of the other peer.
   * @param method Name of the method.
   * @param params Its arguments.
   * @param options Timeout and signal.
   * @returns What the method returned.
   */
  callSync(target: number, method: string, params: object | undefined, options: CallOptions): unknown {
    return this.#sync.call(this.#pending.nextId(), this.#terms(target, method, params, options), params);
  }

  /**
   * Sends a notification.
   *
   * @param target Port of the other peer.
   * @param method Name of the method.
   * @param params Its arguments.
   * @param options Timeout and signal.
   * @returns Resolves when it is in the other side's queue.
   */
  notify(target: number, method: string, params: object | undefined, options: CallOptions): Promise<void> {
    const terms = this.#terms(target, method, params, options);
    return this.#notify(terms, this.#pending.nextId(), encodeRequest(undefined, method, params));
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
      await this.#notify(terms[0]!, nlmsgSeq, body);
      return calls.map(() => ({ status: "fulfilled", value: undefined }));
    }
    const pending: PendingCall[] = [];
    const outcomes = ids.map((id, index) => {
      if (id === undefined) return undefined;
      return new Promise((resolve, reject) => pending.push(this.#pending.add(id, terms[index]!, resolve, reject)));
    });
    this.#pending.addBatch(nlmsgSeq, pending);
    const delivery = new BatchDelivery(pending);
    try {
      this.#post(target, nlmsgSeq, body, delivery);
      return await Promise.allSettled(outcomes);
    } finally {
      this.#pending.deleteBatch(nlmsgSeq);
      delivery.withdraw();
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

  #notify(terms: CallTerms, nlmsgSeq: number, body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const delivery = new PendingNotification(this.#pending.host, isolateDeadlines, terms, resolve, reject);
      this.#outbox.request(terms.port, nlmsgSeq, body, delivery);
    });
  }
}

/** The calls of a batch share what becomes of their message. */
class BatchDelivery implements Delivery {
  readonly #calls: readonly PendingCall[];
  #message: WaitingMessage | undefined;

  constructor(calls: readonly PendingCall[]) {
    this.#calls = calls;
  }

  delivered(): void {
    this.#message = undefined;
  }

  waits(message: WaitingMessage): void {
    this.#message = message;
  }

  undelivered(error: Error): void {
    this.#message = undefined;
    for (const call of this.#calls) call.undelivered(error);
  }

  /** Takes the message back where it still waits: all its calls have ended. */
  withdraw(): void {
    this.#message?.withdraw();
  }
}
