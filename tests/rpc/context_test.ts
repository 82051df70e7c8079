// What a peer does later runs in nobody's async context.
import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals } from "@std/assert";
import { Deadlines } from "../../src/rpc/deadlines.ts";
import { LegacyPorts } from "../../src/rpc/legacy_ports.ts";
import { PostponedRequests } from "../../src/rpc/postponed_requests.ts";
import type { MessageSink } from "../../src/rpc/unpacker.ts";
import { NATIVE } from "../../src/wire/dialect.ts";

// Timers are real here: those of node:test do not carry the async context on.

const storage = new AsyncLocalStorage<string>();

Deno.test("what a deadline ends is ended in no async context, whoever has set the timer", async () => {
  const deadlines = new Deadlines();
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const timed = { deadline: performance.now() + 1, heapIndex: -1, expire: () => resolve(storage.getStore()) };
  storage.run("who calls", () => deadlines.add(timed));
  const keepsRunning = setTimeout(() => {}, 1_000);
  assertEquals(await promise, undefined);
  clearTimeout(keepsRunning);
  deadlines.rest();
});

Deno.test("a request that has arrived during a synchronous call is not carried out in the context of that", async () => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const sink = { request: () => resolve(storage.getStore()) } as unknown as MessageSink;
  const postponed = new PostponedRequests(sink, () => {}, new LegacyPorts());
  const sender = { port: 1, uid: 0, gid: 0, pidHint: 0 };
  storage.run("who calls", () => postponed.add(new Uint8Array(1), 1, sender, NATIVE));
  assertEquals(await promise, undefined);
});
