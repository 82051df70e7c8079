/**
 * The async context of the program itself.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Runs a function in no async context but that of the program: what arrives, and what comes of time, belongs to nobody else's, and
 * not to that of whoever happened to begin the wait or to set the timer.
 *
 * @param fn The function.
 * @returns What it returns.
 */
export const inRootContext: <Result>(fn: () => Result) => Result = AsyncLocalStorage.snapshot();
