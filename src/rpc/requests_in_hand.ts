/**
 * Requests that are not answered yet.
 *
 * @module
 */
import type { JSONRPCId } from "../jsonrpc/guards.ts";
import type { RPCRequest } from "./request.ts";

/** Requests in a handler, on their way to a loop, or waiting for a decision on their access. */
export class RequestsInHand implements Iterable<RPCRequest> {
  readonly #requests = new Set<RPCRequest>();
  /** By port and id: for who calls, and no longer waits. */
  readonly #callers = new Map<number, Map<JSONRPCId, RPCRequest>>();

  /** How many there are. */
  get size(): number {
    return this.#requests.size;
  }

  /** The ports whose requests are here. */
  get ports(): Iterable<number> {
    return this.#callers.keys();
  }

  [Symbol.iterator](): Iterator<RPCRequest> {
    return this.#requests.values();
  }

  /**
   * Adds a request.
   *
   * @param request The request.
   */
  add(request: RPCRequest): void {
    this.#requests.add(request);
  }

  /**
   * Notes that a request takes longer, so that its caller may give up on it, or end. Most do not: it would cost them for nothing.
   *
   * @param request The request, which is here.
   */
  keep(request: RPCRequest): void {
    const { id, caller: { port } } = request;
    if (id === undefined) return;
    let requests = this.#callers.get(port);
    if (requests === undefined) this.#callers.set(port, requests = new Map());
    requests.set(id, request);
  }

  /**
   * Deletes a request, where it is here.
   *
   * @param request The request.
   */
  delete(request: RPCRequest): void {
    if (!this.#requests.delete(request) || request.id === undefined) return;
    const { id, caller: { port } } = request;
    const requests = this.#callers.get(port);
    // A caller may have given an id twice.
    if (requests?.get(id) !== request) return;
    requests.delete(id);
    if (requests.size === 0) this.#callers.delete(port);
  }

  /**
   * Finds a request.
   *
   * @param port Port of its caller.
   * @param id Its id.
   * @returns The request, or undefined.
   */
  find(port: number, id: JSONRPCId): RPCRequest | undefined {
    return this.#callers.get(port)?.get(id);
  }

  /**
   * Finds the requests of a caller.
   *
   * @param port Port of the caller.
   * @returns Its requests.
   */
  of(port: number): RPCRequest[] {
    return [...this.#callers.get(port)?.values() ?? []];
  }
}
