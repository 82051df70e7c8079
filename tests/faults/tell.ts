/**
 * What is seen, in words.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { errnoDescription, errnoName } from "../../ffi/errno.ts";
import { RPCPeer, SyscallError } from "../../mod.ts";

/** A value as it is told. */
export function show(value: unknown): string {
  if (value instanceof RPCPeer) return "a peer";
  return typeof value === "string" ? value : JSON.stringify(value) ?? "done";
}

/** An error as it is told. What a `SyscallError` says beside its message must be the same. */
export function tell(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof SyscallError) {
    const start = `${error.syscall} failed: ${errnoDescription(error.errno)} (${errnoName(error.errno)})`;
    assertEquals([error.message.slice(0, start.length), error.code], [start, errnoName(error.errno)]);
  }
  const cause = error.cause === undefined ? "" : ` < ${tell(error.cause)}`;
  return `${error.name}: ${error.message}${cause}`;
}

/** What has become of each member of a batch, as it is told. */
export function tellAll(outcomes: readonly PromiseSettledResult<unknown>[]): string {
  return outcomes.map((outcome) => outcome.status === "fulfilled" ? show(outcome.value) : tell(outcome.reason)).join(
    ", ",
  );
}
