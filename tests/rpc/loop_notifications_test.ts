// Notifications that a loop takes: what it does with them is nobody's business any more.
import { assertEquals } from "@std/assert";
import { openPeers } from "../fakes/peers.ts";
import { settled } from "../fakes/time.ts";
import { notification, outcomeOf, request } from "./wire.ts";

Deno.test("a loop may ignore as many notifications of another user as it likes", async () => {
  await using peers = openPeers({ quotas: { requestsPerUser: 3 } }, { clientUid: 20 });
  const { server, client } = peers;
  (async () => {
    for await (const request of server) if (!request.isNotification) request.respond("pong");
  })();
  for (let sent = 0; sent < 10; sent++) {
    await client.notify(100, "log");
    await settled();
  }
  assertEquals([await client.call(100, "ping").catch((error) => error.message), peers.serverTroubles], ["pong", []]);
});

Deno.test("a notification that a loop has taken is done with, whatever the loop does later", async () => {
  await using peers = openPeers({ quotas: { requestsPerUser: 2 } });
  const { server } = peers;
  const loop = server[Symbol.asyncIterator]();
  const caller = peers.stranger();
  caller.send(100, { body: [notification("m").body, request(1, "m").body] });
  const { value: taken } = await loop.next();
  const { value: asked } = await loop.next();
  assertEquals(server.stats().requestsInFlight, 1);
  taken!.respond("nobody waits for it");
  await settled();
  assertEquals([caller.unread, server.stats().requestsInFlight], [[], 1]);
  // Its batch counts on, until the rest of it is answered.
  caller.send(100, request(9, "m"));
  assertEquals(outcomeOf(await caller.next()), -32002);
  asked!.respond("done");
  assertEquals((await caller.next()).body, [{ jsonrpc: "2.0", id: 1, result: "done" }]);
  // All of it has been given back, and nothing twice.
  for (const id of [2, 3, 4]) caller.send(100, request(id, "m"));
  await settled();
  assertEquals([server.stats().requestsInFlight, caller.unread.length], [2, 1]);
  await loop.return!();
});
