/**
 * How a peer is closed.
 *
 * @module
 */

/**
 * Options of the closing of a peer.
 *
 * @example
 * ```ts
 * import { RPCPeer } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * const server = new RPCPeer();
 * const { promise: started, resolve } = Promise.withResolvers<void>();
 * server.registerFunction(async () => {
 *   resolve();
 *   await new Promise((done) => setTimeout(done, 10));
 *   return "done";
 * }, "work");
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * const working = client.call(server.nlPid, "work");
 * await started;
 * await server.close({ drain: 1_000 });
 * assertEquals(await working, "done");
 * ```
 */
export interface CloseOptions {
  /**
   * Whether the requests that are being carried out are answered first, and for how long that may take, in milliseconds; `true` for
   * ever.
   *
   * @default false
   */
  drain?: boolean | number | undefined;
}

/**
 * Checks how a peer is to be closed.
 *
 * @param options The options.
 * @returns How long requests may take that are being carried out, in milliseconds.
 * @throws {RangeError} If that is not a number from 0 on, `true` or `false`.
 */
export function checkDrain({ drain = false }: CloseOptions): number {
  if (typeof drain === "boolean") return drain ? Infinity : 0;
  if (typeof drain === "number" && drain >= 0) return drain;
  throw new RangeError(`drain must be true, false, or a number of milliseconds from 0 on, not ${drain}`);
}
