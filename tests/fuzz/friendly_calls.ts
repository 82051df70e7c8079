/**
 * Calls of friends, and what is to become of each: one end, and the right one.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { JSONRPCError } from "../../mod.ts";
import { soon } from "./turns.ts";

/** How a call is to end: with a result, with an error that has this code and this data, or with this reason. */
export type Expected =
  | { readonly result: unknown }
  | { readonly code: number; readonly data?: unknown }
  | { readonly reason: unknown };

/** A call that has been made. */
interface Made {
  readonly name: string;
  readonly promise: Promise<unknown>;
  readonly expected: Expected;
}

/** Calls of friends. */
export class FriendlyCalls {
  readonly #calls: Made[] = [];

  /** Notes a call, and how it is to end. */
  add(name: string, promise: Promise<unknown>, expected: Expected): void {
    // Whether it is rejected is looked at later.
    promise.catch(() => {});
    this.#calls.push({ name, promise, expected });
  }

  /** Resolves when all have ended; fails where one does not, or not as it should. */
  async assertRight(): Promise<void> {
    for (const { name, expected, promise } of this.#calls) {
      const [outcome] = await soon(Promise.allSettled([promise]), name);
      assertOutcome(name, expected, outcome);
    }
    this.#calls.length = 0;
  }
}

/** Fails unless a call has ended as it should. */
export function assertOutcome(name: string, expected: Expected, outcome: PromiseSettledResult<unknown>): void {
  if ("result" in expected) {
    if (outcome.status === "rejected") throw new Error(`${name} was rejected`, { cause: outcome.reason });
    return assertEquals(JSON.stringify(outcome.value), JSON.stringify(expected.result), name);
  }
  assert(outcome.status === "rejected", `${name} was to fail`);
  const { reason } = outcome as PromiseRejectedResult;
  if ("reason" in expected) return assertEquals(reason, expected.reason, name);
  if (!(reason instanceof JSONRPCError)) throw new Error(`${name} fails with another error`, { cause: reason });
  assertEquals(reason.code, expected.code, name);
  if ("data" in expected) assertEquals(JSON.stringify(reason.data), JSON.stringify(expected.data), name);
}
