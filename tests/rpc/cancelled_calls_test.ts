// Calls that were given up: the other side is told, and so many of them are remembered.
import { assertEquals } from "@std/assert";
import { CancelledCalls } from "../../src/rpc/cancelled_calls.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";

Deno.test("the answers of so many calls that were given up are told from those that nobody asked for", () => {
  const told: unknown[] = [];
  const cancelled = new CancelledCalls((port, id) => told.push([port, id]));
  for (let id = 0; id <= 4_096; id++) cancelled.add(5, id);
  assertEquals([told.length, told.at(-1)], [4_097, [5, 4_096]]);
  assertEquals([cancelled.isLate(0, 5), cancelled.isLate(1, 5), cancelled.isLate(4_096, 5)], [false, true, true]);
  assertEquals([cancelled.isLate(1, 5), cancelled.isLate(2, 6), cancelled.isLate(2, 5)], [false, false, true]);
  // One that is given up again is the last.
  cancelled.add(5, 3);
  for (let id = 5_000; id < 5_000 + 4_095; id++) cancelled.add(5, id);
  assertEquals([cancelled.isLate(3, 5), cancelled.isLate(4, 5)], [true, false]);
});

Deno.test("an error without its id that comes too late is no trouble, whether something else is awaited or not", async () => {
  for (const isAwaited of [false, true]) {
    await using peers = openPeers();
    const { client } = peers;
    client.runServerForever();
    const other = peers.stranger(500);
    const controller = new AbortController();
    const call = client.call(500, "m", [], { signal: controller.signal }).catch((reason) => reason);
    const { nlmsgSeq } = await other.next();
    const kept = isAwaited ? client.call(500, "kept").catch(() => {}) : undefined;
    controller.abort("enough");
    await call;
    const error = { jsonrpc: "2.0", id: null, error: { code: -32002, message: "Too many requests" } };
    other.send(200, { body: error, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } });
    await settle();
    assertEquals(peers.clientTroubles, []);
    await client.close();
    await kept;
  }
});
