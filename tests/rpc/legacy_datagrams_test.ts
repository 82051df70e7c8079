// What is sent to peers of ProcsLink 0.1 for Python: one message in a datagram, whatever else leaves or waits.
import { assertEquals } from "@std/assert";
import { legacyFrame, openLegacy, readLegacy } from "../fakes/legacy_stranger.ts";
import type { MemoryLink } from "../fakes/memory_network.ts";
import { openPeers, openServing, type Peers } from "../fakes/peers.ts";
import { frame, settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { openSpeaking } from "./legacy.ts";
import type { Body } from "./wire.ts";

/** Somebody at port 601 who speaks both dialects, and keeps the datagrams that arrive. */
function openBoth({ network }: Peers): { link: MemoryLink; datagrams: Uint8Array[] } {
  const link = network.open(601, { uid: 10 });
  const datagrams: Uint8Array[] = [];
  link.start({ receive: (bytes, length) => datagrams.push(bytes.slice(0, length)), trouble() {}, failed() {} });
  link.hold();
  return { link, datagrams };
}

Deno.test("the answer is alone in its datagram, whatever else leaves in the same turn", async () => {
  await using peers = openSpeaking();
  const { python, server, client, network } = peers;
  const others = [700, 701].map((port) => openLegacy({ network }, port));
  // All of them are read in one turn, and a notification of this side leaves in it too.
  python.request(100, 1, "echo", ["a"]);
  for (const other of others) {
    other.request(100, 1, "echo", ["b"]);
    other.request(100, 2, "echo", ["c"]);
  }
  const calls = [client.call(100, "echo", ["native"]), client.call(100, "echo", ["native"])];
  const notified = server.notify(200, "log");
  assertEquals((await python.answer() as Body).result, ["a"]);
  for (const other of others) {
    // As each is one message, each is read whole.
    assertEquals([await other.answer(), await other.answer()].map((answer) => (answer as Body).result), [["b"], ["c"]]);
  }
  assertEquals(await Promise.all(calls), [["native"], ["native"]]);
  await notified;
});

Deno.test("answers that wait for room leave one by one, each alone in a datagram", async () => {
  await using peers = openSpeaking();
  const { python, server } = peers;
  python.link.release();
  python.link.queueLimit = 0;
  for (const id of [1, 2, 3]) python.request(100, id, "echo", [id]);
  await settled(5);
  assertEquals(server.stats().queuedBytes > 0, true);
  python.link.queueLimit = Infinity;
  python.link.hold();
  python.link.giveUp();
  await settled(10);
  assertEquals(python.unread.map(({ body }) => (body as Body).result), [[1], [2], [3]]);
  assertEquals([server.stats().queuedBytes, peers.serverTroubles], [0, []]);
});

Deno.test("a port may speak both dialects in turn: each message is answered in its own", async () => {
  await using peers = openSpeaking();
  const { link, datagrams } = openBoth(peers);
  const messages = [1, 2, 3, 4].map((id) => {
    const body = { jsonrpc: "2.0", id, method: "echo", params: [id] };
    return id % 2 === 0 ? frame(601, { body, netlink: { nlmsgSeq: 90 + id } }) : legacyFrame(601, { body });
  });
  for (const bytes of messages) {
    link.send(100, bytes, bytes.length);
    await settle();
  }
  assertEquals(datagrams.length, 4);
  for (const index of [0, 2]) {
    assertEquals((readLegacy(datagrams[index]!, 100).body as Body).result, [index + 1]);
  }
  for (const index of [1, 3]) {
    const view = new DataView(datagrams[index]!.buffer);
    assertEquals([view.getUint32(0, true), view.getUint32(8, true)], [datagrams[index]!.length, 90 + index + 1]);
  }
});

Deno.test("answers in both dialects to one port that leave in the same turn do not share a datagram", async () => {
  await using peers = openPeers();
  const loop = peers.server[Symbol.asyncIterator]();
  const { link, datagrams } = openBoth(peers);
  const requests = [];
  for (const isNative of [true, false, true, false]) {
    const body = { jsonrpc: "2.0", id: 1, method: "m" };
    const bytes = isNative ? frame(601, { body }) : legacyFrame(601, { body });
    link.send(100, bytes, bytes.length);
    requests.push((await loop.next()).value!);
  }
  for (const request of requests) request.respond("done");
  await settle();
  const isLegacy = datagrams.map((bytes) => new DataView(bytes.buffer).getUint16(4) === 0);
  // The native ones do not either: they would not leave in order.
  assertEquals(isLegacy, [false, true, false, true]);
  for (const [index, bytes] of datagrams.entries()) if (isLegacy[index]) readLegacy(bytes, 100);
  await loop.return!();
});

Deno.test("two legacy messages in one datagram, and one that is cut off, are none", async () => {
  await using peers = openSpeaking();
  const { python } = peers;
  const one = legacyFrame(600, { body: { jsonrpc: "2.0", id: 1, method: "nothing" } });
  python.sendBytes(100, new Uint8Array([...one, ...one]));
  python.sendBytes(100, one.subarray(0, one.length - 1).slice());
  await settle();
  assertEquals([python.unread, peers.serverTroubles.length], [[], 2]);
});

Deno.test("native callers beside a legacy one are answered as ever", async () => {
  using _time = fakeTime();
  await using peers = openServing();
  const python = openLegacy(peers);
  python.request(100, 1, "ping");
  peers.mallory.send(100, { body: { jsonrpc: "2.0", id: 2, method: "ping" }, netlink: { nlmsgSeq: 5 } });
  assertEquals((await python.answer() as Body).result, "pong");
  assertEquals((await peers.mallory.next()).nlmsgSeq, 5);
});

Deno.test("answers in both dialects that wait for room do not share a datagram either", async () => {
  await using peers = openSpeaking();
  const { link, datagrams } = openBoth(peers);
  link.queueLimit = 0;
  for (const isNative of [true, false, true, false]) {
    const body = { jsonrpc: "2.0", id: 1, method: "nothing" };
    const bytes = isNative ? frame(601, { body }) : legacyFrame(601, { body });
    link.send(100, bytes, bytes.length);
    await settled(2);
  }
  link.queueLimit = Infinity;
  link.giveUp();
  await settled(10);
  const isLegacy = datagrams.map((bytes) => new DataView(bytes.buffer).getUint16(4) === 0);
  assertEquals(isLegacy, [false, true, false, true]);
  for (const index of [1, 3]) readLegacy(datagrams[index]!, 100);
});
