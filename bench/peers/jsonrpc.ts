/**
 * JSON-RPC 2.0 in the least that a hand-written peer has: ids in a Map, errors as errors.
 *
 * @module
 */
import { echo } from "./peer.ts";

/** How a call ends. */
interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The calls of a client that wait for their answers. */
export class WaitingCalls {
  readonly #waiting = new Map<number, Waiting>();
  readonly #send: (request: string) => void;
  #lastId = 0;

  /** @param send Sends the text of a request. */
  constructor(send: (request: string) => void) {
    this.#send = send;
  }

  /**
   * Calls `echo`.
   *
   * @param params Its arguments.
   * @returns Its result.
   */
  call(params: readonly unknown[]): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send(JSON.stringify({ jsonrpc: "2.0", id, method: "echo", params }));
    });
  }

  /**
   * Ends the call that an answer belongs to.
   *
   * @param answer Text of the answer.
   */
  settle(answer: string): void {
    const { id, result, error } = JSON.parse(answer);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }
}

/**
 * Carries out a request.
 *
 * @param request Text of the request.
 * @returns Text of its answer.
 */
export function answerTo(request: string): string {
  const { id, method, params } = JSON.parse(request);
  if (method !== "echo") {
    return JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } });
  }
  return JSON.stringify({ jsonrpc: "2.0", id, result: echo(params[0]) });
}
