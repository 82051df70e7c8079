/**
 * Errors that tell where a call was made.
 *
 * @module
 */

import {
  CallTimeoutError,
  DecodeError,
  MessageTooLargeError,
  PeerClosedError,
  PeerGoneError,
  ReceiverFullError,
  SyscallError,
} from "../errors.ts";
import { JSONRPCError } from "../jsonrpc/errors.ts";

/** What this project makes of an answer, or of there being none. */
const OWN = [
  JSONRPCError,
  CallTimeoutError,
  DecodeError,
  MessageTooLargeError,
  PeerClosedError,
  PeerGoneError,
  ReceiverFullError,
  SyscallError,
];

/**
 * Lets an error tell where the call was made. It was made where the answer arrived, and that says nothing to the caller.
 *
 * @param error What the call was rejected with. What the user's own code has thrown stays as it is.
 * @param signal The signal of the call: its reason is somebody else's too.
 * @returns The same error.
 */
export function located(error: unknown, signal?: AbortSignal): unknown {
  const own = OWN.some((Class) => error instanceof Class) && error !== signal?.reason;
  if (own) Error.captureStackTrace(error as Error, located);
  return error;
}
