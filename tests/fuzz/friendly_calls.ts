/**
 * Calls of friends, and what is to become of each: one end, and the right one.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { JSONRPCError } from "../../mod.ts";
import { settled } from "../fakes/time.ts";

/** How a call is to end: with a result, or with an error that has this code and this data. */
export type Expected = { readonly result: unknown } | { readonly code: number; readonly data?: unknown };

/** Turns of the event loop in which every call of a friend ends. */
const MAX_TURNS = 500;

/** Calls of friends. */
export class FriendlyCalls {
  readonly #calls: {
    readonly name: string;
    readonly expected: Expected;
    outcome: PromiseSettledResult<unknown> | undefined;
  }[] = [];

  /** Notes a call, and how it is to end. */
  add(name: string, promise: Promise<unknown>, expected: Expected): void {
    const call = { name, expected, outcome: undefined as PromiseSettledResult<unknown> | undefined };
    this.#calls.push(call);
    promise.then(
      (value) => call.outcome = { status: "fulfilled", value },
      (reason) => call.outcome = { status: "rejected", reason },
    );
  }

  /** Resolves when all have ended; fails where one does not, or not as it should. */
  async assertRight(): Promise<void> {
    for (let turn = 0; this.#calls.some(({ outcome }) => outcome === undefined); turn++) {
      const left = this.#calls.filter(({ outcome }) => outcome === undefined).map(({ name }) => name);
      assert(turn < MAX_TURNS, `These have no end: ${left.join(", ")}`);
      await settled();
    }
    for (const { name, expected, outcome } of this.#calls) assertOutcome(name, expected, outcome!);
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
  if (!(reason instanceof JSONRPCError)) throw new Error(`${name} fails with another error`, { cause: reason });
  assertEquals(reason.code, expected.code, name);
  if ("data" in expected) assertEquals(JSON.stringify(reason.data), JSON.stringify(expected.data), name);
}
