// The last answers to peers of ProcsLink 0.1 for Python: of a peer that closes, and where an answer cannot be sent.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { SyscallError } from "../../mod.ts";
import { openLegacy } from "../fakes/legacy_stranger.ts";
import { openServing } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import type { Body } from "./wire.ts";

Deno.test("a closing peer answers what it has in hand, and what has arrived unread", async () => {
  await using peers = openServing();
  const { server } = peers;
  server.registerFunction(() => new Promise(() => {}), "wait");
  const [one, two] = [600, 601].map((port) => openLegacy(peers, port));
  one!.request(100, 1, "wait");
  await settle();
  two!.request(100, 2, "ping");
  two!.request(100, undefined, "ping");
  await server.close();
  for (const [python, id] of [[one!, 1], [two!, 2]] as const) {
    const answer = await python.answer() as Body;
    assertEquals([answer.id, answer.error?.code], [id, -32000]);
    await settle();
    assertEquals(python.unread, []);
  }
});

Deno.test("a draining peer answers what it has in hand, and refuses what comes", async () => {
  await using peers = openServing();
  const { server } = peers;
  const gate = Promise.withResolvers<string>();
  server.registerFunction(() => gate.promise, "wait");
  const [one, two] = [600, 601].map((port) => openLegacy(peers, port));
  one!.request(100, 1, "wait");
  await settle();
  const closed = server.close({ drain: true });
  assertEquals((await two!.call(100, "ping") as Body).error?.code, -32000);
  gate.resolve("done");
  assertEquals((await one!.answer() as Body).result, "done");
  await closed;
});

Deno.test("a method that closes its own peer is answered once", async () => {
  await using peers = openServing();
  peers.server.registerFunction(() => void peers.server.close(), "close");
  const python = openLegacy(peers);
  python.request(100, 1, "close");
  await settled(3);
  assertEquals(python.unread.length, 1);
});

Deno.test("an answer that the system refuses is replaced by an error", async () => {
  await using peers = openServing();
  const python = openLegacy(peers);
  python.request(100, 1, "ping");
  peers.serverLink.failures.push(new SyscallError("sendto", 105));
  const { id, error } = await python.answer() as Body;
  assertEquals([id, error?.code], [1, -32603]);
  assertStringIncludes(String(error?.data), "An answer could not be sent");
});

Deno.test("an answer for which there is no room any more is replaced by an error, which waits for room", async () => {
  await using peers = openServing({ maxQueuedBytes: 500 });
  peers.server.registerFunction(() => "x".repeat(400), "large");
  const python = openLegacy(peers);
  python.link.release();
  python.link.queueLimit = 0;
  for (const id of [1, 2, 3]) python.request(100, id, "large");
  await settled(2);
  python.link.queueLimit = Infinity;
  python.link.hold();
  python.link.giveUp();
  await settled(10);
  const codes = python.unread.map(({ body }) => [(body as Body).id, (body as Body).error?.code]);
  assertEquals(codes, [[1, undefined], [2, -32603], [3, -32603]]);
});
