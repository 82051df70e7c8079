/**
 * Finds out who has a name.
 *
 * @module
 */
import { CallTimeoutError, PeerGoneError } from "../errors.ts";
import { portOfName } from "../naming/name.ts";
import { IDENTITY_METHOD } from "./identity.ts";
import { type CallOptions, checkTimeout, DEFAULT_TIMEOUT } from "./options.ts";

/** Time between looks whether a name is there, in milliseconds. A look costs a tenth of one. */
const LOOK_MILLISECONDS = 50;

/** How somebody is looked up. */
export type LookupOptions = Pick<CallOptions, "timeout" | "signal" | "trust">;

/** Calls a method of whoever has a name. */
export type CallByName = (name: string, method: string, options: LookupOptions) => Promise<unknown>;

/**
 * Finds the port of a name that somebody has.
 *
 * @param call Calls whoever has it.
 * @param name The name.
 * @param options How long to wait for an answer, and whom to trust.
 * @returns The port.
 */
export async function resolveName(call: CallByName, name: string, options: LookupOptions): Promise<number> {
  // The call itself makes sure that whoever is trusted says to have the name.
  await call(name, IDENTITY_METHOD, options);
  return portOfName(name);
}

/**
 * Waits until somebody has a name.
 *
 * @param call Calls whoever has it.
 * @param name The name.
 * @param options How long to wait, and whom to trust.
 * @returns Its port.
 */
export async function waitForName(call: CallByName, name: string, options: LookupOptions): Promise<number> {
  const { timeout = DEFAULT_TIMEOUT, signal } = options;
  const end = performance.now() + checkTimeout(timeout);
  for (;;) {
    signal?.throwIfAborted();
    const left = end - performance.now();
    try {
      return await resolveName(call, name, { ...options, timeout: Math.max(1, left) });
    } catch (error) {
      if (error instanceof CallTimeoutError) throw new CallTimeoutError(error.port, IDENTITY_METHOD, timeout);
      // Also where it was there, and has ended before it answered.
      if (!(error instanceof PeerGoneError)) throw error;
      if (left <= 0) {
        const hint = `Nobody has the name ${JSON.stringify(name)}`;
        throw new CallTimeoutError(error.port, IDENTITY_METHOD, timeout, "answer", hint);
      }
    }
    // More often towards the end: whoever is there by then must have the time to answer.
    await pause(Math.min(LOOK_MILLISECONDS, Math.max(1, left / 2)), signal);
  }
}

/** Waits for a while, or until a signal aborts. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    };
    const aborted = () => (end(), reject(signal!.reason));
    const timer = setTimeout(() => (end(), resolve()), milliseconds);
    signal?.addEventListener("abort", aborted);
  });
}
