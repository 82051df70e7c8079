/**
 * Errors that tell where a call was made.
 *
 * @module
 */

/**
 * Lets an error tell where the call was made. It was made where the answer arrived, and that says nothing to the caller.
 *
 * @param error What the call was rejected with.
 * @param signal The signal of the call: its reason is somebody else's, and stays as it is.
 * @returns The same error.
 */
export function located(error: unknown, signal?: AbortSignal): unknown {
  const own = error instanceof Error && error !== signal?.reason;
  if (own) Error.captureStackTrace(error, located);
  return error;
}
