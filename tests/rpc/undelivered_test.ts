import { assertEquals } from "@std/assert";
import { openPeers } from "../fakes/peers.ts";
import { settled } from "../fakes/time.ts";

Deno.test("an error in place of an answer is left out where it does not fit beside a long id", async () => {
  await using peers = openPeers({ maxMessageSize: 2_000, maxQueuedBytes: 1_000 }, { maxDatagram: 2_000 });
  const { server, client, serverTroubles } = peers;
  server.registerFunction((length: number) => "x".repeat(length), "repeat");
  server.runServerForever();
  const idle = peers.stranger(500);
  idle.link.release();
  idle.link.queueLimit = 1;
  for (const [id, length] of [1, 800].entries()) {
    idle.send(100, { body: { jsonrpc: "2.0", id, method: "repeat", params: [length] } });
    await settled(5);
  }
  idle.send(100, { body: { jsonrpc: "2.0", id: "i".repeat(1_900), method: "repeat", params: [1] } });
  await settled(5);
  assertEquals(serverTroubles.length, 1);
  // Nothing has been thrown into the peer: it goes on.
  assertEquals(await client.call(100, "repeat", [10]), "x".repeat(10));
  idle.link.hold();
  await settled(5);
  const answers = idle.unread.map(({ body }) => body as { id: unknown; result?: string });
  assertEquals(answers.slice(0, 2).map(({ id, result }) => [id, result?.length]), [[0, 1], [1, 800]]);
});
