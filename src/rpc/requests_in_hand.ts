/**
 * Requests that are not answered yet.
 *
 * @module
 */
import type { JSONRPCId } from "../jsonrpc/guards.ts";
import type { RPCRequest } from "./request.ts";

/** The requests of one caller, by id. A caller may give an id twice. */
type CallerRequests = Map<JSONRPCId, Set<RPCRequest>>;

/** Requests in a handler, on their way to a loop, or waiting for a decision on their access. */
export class RequestsInHand implements Iterable<RPCRequest> {
  readonly #requests = new Set<RPCRequest>();
  /** The last one, which is not among them yet. Most are answered before the next one comes, and never are. */
  #newest: RPCRequest | undefined;
  /** Those that take longer, by port: for who calls, and no longer waits. */
  readonly #callers = new Map<number, CallerRequests>();

  /** How many there are. */
  get size(): number {
    return this.#requests.size + (this.#newest === undefined ? 0 : 1);
  }

  /** The ports of those that take longer. */
  get ports(): Iterable<number> {
    return this.#callers.keys();
  }

  [Symbol.iterator](): Iterator<RPCRequest> {
    this.#settleNewest();
    return this.#requests.values();
  }

  /**
   * Adds a request.
   *
   * @param request The request.
   */
  add(request: RPCRequest): void {
    if (this.#newest !== undefined) this.#requests.add(this.#newest);
    this.#newest = request;
  }

  /**
   * Notes that a request takes longer, so that its caller may give up on it, or end. Most do not: it would cost them for nothing.
   *
   * @param request The request, which is here.
   */
  keep(request: RPCRequest): void {
    this.#settleNewest();
    const { id, caller: { port } } = request;
    if (id === undefined) return;
    let requests = this.#callers.get(port);
    if (requests === undefined) this.#callers.set(port, requests = new Map());
    const same = requests.get(id);
    if (same === undefined) requests.set(id, new Set([request]));
    else same.add(request);
  }

  /**
   * Deletes a request, where it is here.
   *
   * @param request The request.
   * @returns Whether it was.
   */
  delete(request: RPCRequest): boolean {
    if (request === this.#newest) {
      this.#newest = undefined;
      return true;
    }
    if (!this.#requests.delete(request)) return false;
    this.#forget(request);
    return true;
  }

  #settleNewest(): void {
    if (this.#newest !== undefined) this.#requests.add(this.#newest);
    this.#newest = undefined;
  }

  #forget(request: RPCRequest): void {
    const { id, caller: { port } } = request;
    const requests = id === undefined ? undefined : this.#callers.get(port);
    const same = requests?.get(id!);
    if (same === undefined || !same.delete(request) || same.size > 0) return;
    requests!.delete(id!);
    if (requests!.size === 0) this.#callers.delete(port);
  }

  /**
   * Finds requests of a caller that take longer.
   *
   * @param port Port of the caller.
   * @param id Their id; all where it is left out.
   * @returns The requests.
   */
  of(port: number, id?: JSONRPCId): RPCRequest[] {
    const requests = this.#callers.get(port);
    if (requests === undefined) return [];
    const found = id === undefined ? [...requests.values()] : [requests.get(id) ?? []];
    return found.flatMap((same) => [...same]);
  }
}
