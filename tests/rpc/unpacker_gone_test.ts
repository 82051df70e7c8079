// Peers that stop in the middle of a message, and those who wait for the rest.
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { type JSONRPCError, PeerGoneError, SyscallError } from "../../mod.ts";
import { MAX_IDLE_TICKS } from "../../src/wire/reassembly.ts";
import { assertServing, openPeers, openServing, PING } from "../fakes/peers.ts";
import { fragments, settle } from "../fakes/stranger.ts";
import { fakeTicks } from "./fake_ticks.ts";

const TEXT = "x".repeat(5_000);

Deno.test("a call whose answer stops in the middle is rejected when its peer is gone", async () => {
  using ticks = fakeTicks();
  await using peers = openPeers();
  const { client, clientTroubles } = peers;
  const other = peers.stranger(500);
  const call = client.call(500, "x", [], { timeout: Infinity }).catch((error) => error);
  const { nlmsgSeq, body } = await other.next();
  const answer = { ...body as object, result: TEXT, method: undefined };
  const pieces = fragments(500, { body: answer, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } }, 500);
  other.sendBytes(200, pieces[0]!);
  await settle();
  // While it lives it is asked for a sign of life, which it passes over.
  await ticks.tick(3);
  await settle();
  assertEquals([other.noops, clientTroubles], [2, []]);
  other.link.close();
  await ticks.tick();
  assertInstanceOf(await call, PeerGoneError);
  assertStringIncludes(clientTroubles[0]!, "its sender is gone");
  assertEquals([clientTroubles.length, ticks.running, peers.clientLink.holds], [1, 0, 0]);
});

Deno.test("an answer whose rest has arrived counts, although its sender is gone by then", async () => {
  using ticks = fakeTicks();
  await using peers = openPeers();
  const { client } = peers;
  const other = peers.stranger(500);
  const call = client.call(500, "x", [], { timeout: Infinity }).catch((error) => error);
  const { nlmsgSeq, body } = await other.next();
  const { id } = body as { id: number };
  const answer = { body: { jsonrpc: "2.0", id, result: TEXT }, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } };
  const pieces = fragments(500, answer, 500);
  other.sendBytes(200, pieces.shift()!);
  await settle();
  await ticks.tick();
  // After a busy stretch the timer comes before what has arrived meanwhile.
  for (const piece of pieces) other.sendBytes(200, piece);
  other.link.close();
  await ticks.tick();
  assertEquals(await call, TEXT);
  assertEquals(peers.clientTroubles, []);
});

Deno.test("a request that stops in the middle is answered with an error, where there is somebody to answer", async () => {
  using ticks = fakeTicks();
  await using peers = openServing();
  const { mallory, serverTroubles } = peers;
  const [piece] = fragments(666, { body: { ...PING, params: [TEXT] }, netlink: { nlmsgSeq: 7 } }, 500);
  mallory.sendBytes(100, piece!);
  await settle();
  // One whose queue is full is alive, and one who cannot be reached just now may be.
  mallory.link.queueLimit = 0;
  peers.serverLink.failures.push(new SyscallError("sendto", 105), new SyscallError("sendto", 105));
  await ticks.tick(MAX_IDLE_TICKS);
  assertEquals(serverTroubles, []);
  mallory.link.queueLimit = Infinity;
  await ticks.tick();
  const { nlmsgSeq, body } = await mallory.next();
  const { error } = body as { error: JSONRPCError };
  assertEquals([nlmsgSeq, error.code], [7, -32600]);
  assertStringIncludes(String(error.data), "no more has come for too long");
  await assertServing(peers);
  assertEquals([serverTroubles.length, ticks.running], [1, 0]);
});

Deno.test("closing a peer in the middle of a message stops its timer", async () => {
  using ticks = fakeTicks();
  await using peers = openServing();
  peers.mallory.sendBytes(100, fragments(666, { body: { ...PING, params: [TEXT] } }, 500)[0]!);
  await settle();
  assertEquals([ticks.running, ticks.unref], [1, 1]);
  await peers.server.close();
  assertEquals(ticks.running, 0);
});
