/**
 * Waiting without a clock: what does not end in so many turns of the event loop does not end at all.
 *
 * @module
 */
import { AssertionError } from "@std/assert";
import { settled } from "../fakes/time.ts";

const MAX_TURNS = 500;

/**
 * Waits for something.
 *
 * @param promise What is waited for.
 * @param name What it is, for the message of an error.
 * @returns What it resolves to.
 * @throws {AssertionError} If it has no end.
 */
export async function soon<Value>(promise: Promise<Value>, name: string): Promise<Value> {
  let isOver = false;
  const over = () => void (isOver = true);
  promise.then(over, over);
  for (let turn = 0; !isOver; turn++) {
    if (turn === MAX_TURNS) throw new AssertionError(`There is no end: ${name}`);
    await settled();
  }
  return promise;
}
