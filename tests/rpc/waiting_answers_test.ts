// Answers to callers that do not read: they wait, and keep nobody else waiting.
import { assert, assertEquals } from "@std/assert";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { settle, type Stranger } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";

/** A server, and a caller that does not read. */
function openIdle(...arguments_: Parameters<typeof openPeers>): Peers & { idle: Stranger } {
  const peers = openPeers(...arguments_);
  peers.server.registerFunction((length: number) => "x".repeat(length), "repeat");
  peers.server.runServerForever();
  const idle = peers.stranger(500);
  idle.link.release();
  idle.link.queueLimit = 1;
  return { ...peers, idle };
}

/** Asks for so many bytes each. */
async function ask(stranger: Stranger, lengths: number[]): Promise<void> {
  for (const [index, length] of lengths.entries()) {
    stranger.send(100, { body: { jsonrpc: "2.0", id: index, method: "repeat", params: [length] } });
    await settle();
  }
}

/** The lengths of the results that have come; -1 for an error. */
function lengthsOf(stranger: Stranger): number[] {
  return stranger.unread.map(({ body }) => (body as { result?: string }).result?.length ?? -1);
}

Deno.test("answers to a caller that does not read wait, others are answered meanwhile, and they come when it reads", async () => {
  await using peers = openIdle({}, { maxDatagram: 2_000 });
  const { client, idle, serverLink } = peers;
  const lengths = [1, 2, 3_000, 4, 5_000, 6, 7, 8];
  await ask(idle, lengths);
  assertEquals(serverLink.sent.length, 1);
  for (const length of [1, 10_000]) assertEquals(await client.call(100, "repeat", [length]), "x".repeat(length));
  idle.link.hold();
  await settled(5);
  assertEquals(lengthsOf(idle).sort((a, b) => a - b), lengths.toSorted((a, b) => a - b));
  // Those that fit a datagram come in order, and so do the others.
  assertEquals(lengthsOf(idle).filter((length) => length < 1_000), lengths.filter((length) => length < 1_000));
  assertEquals([peers.serverTroubles, serverLink.holds], [[], 1]);
});

Deno.test("beyond the bound an answer is trouble, its caller gets an error, and those that wait still come", async () => {
  await using peers = openIdle({ maxQueuedBytes: 2_000 }, { maxDatagram: 2_000 });
  const { client, idle, serverTroubles } = peers;
  await ask(idle, [1, 800, 801, 802]);
  assertEquals(serverTroubles.length, 1);
  const expected =
    /^undelivered: An answer could not be sent: Port 500 does not keep up: 1\d\d\d bytes wait to be sent, and at most 2000 may\./;
  assert(expected.test(serverTroubles[0]!), serverTroubles[0]);
  assertEquals(await client.call(100, "repeat", [10]), "x".repeat(10));
  idle.link.hold();
  await settled(5);
  const { error } = idle.unread[3]!.body as { error: { code: number; data: string } };
  assertEquals([error.code, `undelivered: ${error.data}`], [-32603, serverTroubles[0]!]);
  assertEquals(lengthsOf(idle), [1, 800, 801, -1]);
  await ask(idle, [802]);
  assertEquals(lengthsOf(idle), [1, 800, 801, -1, 802]);
  assertEquals(serverTroubles.length, 1);
});

Deno.test("answers to a caller that goes are trouble, once for each", async () => {
  await using peers = openIdle({}, { maxDatagram: 2_000 });
  const { idle, serverTroubles } = peers;
  await ask(idle, [1, 2, 3_000, 4]);
  idle.link.close();
  await settled(5);
  assertEquals(serverTroubles, Array(3).fill("undelivered: An answer could not be sent: No peer holds port 500"));
  assertEquals(peers.serverLink.holds, 1);
});

Deno.test("closing gives up the answers that wait, and says so", async () => {
  await using peers = openIdle({}, { maxDatagram: 2_000 });
  const { server, idle, serverTroubles } = peers;
  await ask(idle, [1, 2, 3_000]);
  await server.close();
  assertEquals(serverTroubles, Array(2).fill("undelivered: An answer could not be sent: The peer is closed"));
  idle.link.hold();
  await settled(5);
  assertEquals(lengthsOf(idle), [1]);
});

Deno.test("answers that wait hold the link when nothing is served any more", async () => {
  await using peers = openPeers();
  const { server, serverLink } = peers;
  const idle = peers.stranger(500);
  idle.link.release();
  idle.link.queueLimit = 0;
  const loop = server[Symbol.asyncIterator]();
  idle.send(100, { body: { jsonrpc: "2.0", id: 1, method: "x" } });
  (await loop.next()).value!.respond(1);
  await settled(5);
  await loop.return!();
  assertEquals(serverLink.holds, 1);
  idle.link.queueLimit = 1;
  idle.link.giveUp();
  await settled(5);
  assertEquals([serverLink.holds, serverLink.sent.length], [0, 1]);
});

Deno.test("callers that do not read take nothing away from one that does", async () => {
  await using peers = openIdle({ maxQueuedBytes: 2_000 }, { maxDatagram: 2_000 });
  const { client, idle } = peers;
  const second = peers.stranger(501);
  second.link.release();
  second.link.queueLimit = 1;
  await ask(idle, [1, 1_000, 900, 900]);
  await ask(second, [1, 1_000, 900, 900]);
  // An answer in one datagram, and one in fragments.
  for (const length of [100, 5_000]) {
    assertEquals(await client.call(100, "repeat", [length], { timeout: 100 }), "x".repeat(length));
  }
});
