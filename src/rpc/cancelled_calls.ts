/**
 * Calls whose answers are not wanted any more.
 *
 * @module
 */
import type { JSONRPCId } from "../jsonrpc/guards.ts";

/** Calls that are remembered at most; an answer to one before them is reported as one that nobody waits for. */
const REMEMBERED_CALLS = 4_096;

/** Tells the other side of a call that its answer is not wanted any more. May not throw. */
export type CancelCall = (port: number, id: number) => void;

/** Lets the other sides know, and remembers whose answers may still come: they are dropped, and no trouble. */
export class CancelledCalls {
  readonly #cancel: CancelCall;
  readonly #ports = new Map<JSONRPCId, number>();

  /**
   * @param cancel Tells the other side.
   */
  constructor(cancel: CancelCall = () => {}) {
    this.#cancel = cancel;
  }

  /**
   * Cancels a call.
   *
   * @param port Port that it went to.
   * @param id Its id.
   * @param isTold Whether the other side is told: not where the call costs it nothing.
   */
  add(port: number, id: number, isTold = true): void {
    this.#ports.delete(id);
    this.#ports.set(id, port);
    if (this.#ports.size > REMEMBERED_CALLS) {
      const [oldest] = this.#ports.keys();
      this.#ports.delete(oldest!);
    }
    if (isTold) this.#cancel(port, id);
  }

  /**
   * Tells whether an answer is to a call that was cancelled. It is asked once for each answer.
   *
   * @param id Its id.
   * @param port Port that it came from.
   * @returns Whether.
   */
  isLate(id: JSONRPCId, port: number): boolean {
    return this.#ports.get(id) === port && this.#ports.delete(id);
  }
}
