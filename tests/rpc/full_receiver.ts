/**
 * What tests of messages to a receiver that is full share.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import type { Peers } from "../fakes/peers.ts";
import { settled } from "../fakes/time.ts";

/** What waits gives up its try, so that what is sent is considered again; then the server reads. */
export async function read({ server, serverLink }: Peers): Promise<void> {
  serverLink.giveUp();
  await settled(5);
  server.runServerForever();
  await settled(5);
}

/** Asserts that nothing is left of what has waited. */
export function assertNothingWaits({ clientLink }: Peers): void {
  assertEquals([isolateDeadlines.size, clientLink.holds], [0, 0]);
}
