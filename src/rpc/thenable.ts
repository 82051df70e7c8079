/**
 * What can be awaited.
 *
 * @module
 */

/**
 * Tells whether a value is a promise, or like one.
 *
 * @param value Any value.
 * @returns Whether it is.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" || typeof value === "function") && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}
