/**
 * The call that the running handler serves.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Method } from "./methods.ts";
import { callOf, type CurrentCall, type RPCRequest } from "./request.ts";

const storage = new AsyncLocalStorage<RPCRequest>();

// An async context costs a third of a microsecond a call. A handler that is no async function runs to its end at once
// and does without: what it leaves behind, such as a timer, then finds no call, and never another's.
let synchronous: RPCRequest | undefined;

/**
 * Tells which call the running handler serves.
 *
 * In an async function it is the same call after an `await` too. Elsewhere what a handler leaves behind, such as the
 * callback of a timer, finds undefined.
 *
 * @returns The call, or undefined outside of a handler.
 * @example
 * ```ts
 * import { currentCall, RPCPeer } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = new RPCPeer();
 * server.registerFunction(() => currentCall()?.caller.port, "whoAmI");
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * assertEquals(await client.call(server.nlPid, "whoAmI"), client.nlPid);
 * ```
 */
export function currentCall(): CurrentCall | undefined {
  const request = synchronous ?? storage.getStore();
  return request === undefined ? undefined : callOf(request);
}

/**
 * Runs a handler with its request as the current call.
 *
 * @param request The request.
 * @param method The method.
 * @param args Its arguments.
 * @returns What the handler returns.
 * @throws {unknown} What the handler throws.
 */
export function runAsCurrentCall(request: RPCRequest, method: Method, args: readonly unknown[]): unknown {
  if (method.isAsync || storage.getStore() !== undefined) {
    // Whatever is current here must not be seen through the new context.
    const outer = synchronous;
    synchronous = undefined;
    try {
      return storage.run(request, () => Reflect.apply(method.handler, method.receiver, args));
    } finally {
      synchronous = outer;
    }
  }
  const outer = synchronous;
  synchronous = request;
  try {
    return Reflect.apply(method.handler, method.receiver, args);
  } finally {
    synchronous = outer;
  }
}

/**
 * Runs a function outside of any call, whatever handler has led to it.
 *
 * @param fn The function.
 */
export function runOutsideOfCalls(fn: () => void): void {
  const outer = synchronous;
  synchronous = undefined;
  try {
    storage.exit(fn);
  } finally {
    synchronous = outer;
  }
}
