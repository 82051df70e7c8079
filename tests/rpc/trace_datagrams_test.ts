// What a peer tells of its datagrams to whoever traces them, where it allows that.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type CapturedDatagram, GroupGap, GroupNotFoundError, RPCPeer, type RPCPeerOptions } from "../../mod.ts";
import { readCapturedDatagram } from "../../src/rpc/tap.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openServing } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";

/** A server whose datagrams may be traced, a client, and somebody who traces. */
async function openTapped(options: RPCPeerOptions = {}) {
  const peers = openServing({}, { server: { trace: "datagrams", ...options } });
  const observer = new RPCPeer({ trust: "anyone", link: peers.network.open(300, { uid: 10, gid: 11, pidHint: 12 }) });
  const datagrams = observer.traceDatagrams(100);
  await datagrams.joined;
  return {
    ...peers,
    observer,
    datagrams,
    async [Symbol.asyncDispose]() {
      datagrams[Symbol.dispose]();
      await observer.close();
      await peers[Symbol.asyncDispose]();
    },
  };
}

/** Takes some datagrams. */
async function take(datagrams: AsyncIterator<CapturedDatagram | GroupGap>, count: number): Promise<CapturedDatagram[]> {
  const taken: CapturedDatagram[] = [];
  while (taken.length < count) {
    const { value } = await datagrams.next();
    if (!(value instanceof GroupGap)) taken.push(value);
  }
  return taken;
}

Deno.test("the datagrams of others are told, as they were, with who has sent them; those of who is told are not", async () => {
  await using peers = await openTapped();
  const { client, clientLink, serverLink, observer, datagrams } = peers;
  const before = { client: clientLink.sent.length, server: serverLink.sent.length };
  assertEquals(await observer.call(100, "ping"), "pong");
  assertEquals(await client.call(100, "ping"), "pong");
  const [request, answer] = await take(datagrams, 2);
  assertEquals([request!.direction, request!.from, request!.to], ["in", 200, 100]);
  assertEquals(request!.sender, { port: 200, uid: 10, gid: 21, pidHint: 22 });
  assertEquals(request!.bytes, clientLink.sent.slice(before.client).at(-1)!.bytes);
  assertEquals([answer!.direction, answer!.from, answer!.to, answer!.sender], ["out", 100, 200, undefined]);
  const sent = serverLink.sent.slice(before.server).filter(({ to }) => to === 200);
  assertEquals(answer!.bytes, sent.at(-1)!.bytes);
});

Deno.test("telling of datagrams ends: what tells of them is not told of", async () => {
  await using peers = await openTapped();
  const { client, serverLink } = peers;
  await client.call(100, "ping");
  await settle();
  const { length } = serverLink.sent;
  for (let turn = 0; turn < 20; turn++) await settle();
  assertEquals(serverLink.sent.length, length);
});

Deno.test("two who trace are told of others, not of each other", async () => {
  await using peers = await openTapped();
  const second = new RPCPeer({ trust: "anyone", link: peers.network.open(301, { uid: 10 }) });
  const more = second.traceDatagrams(100);
  await more.joined;
  await second.call(100, "ping");
  await peers.client.call(100, "ping");
  const told: CapturedDatagram[] = [];
  while (told.at(-1)?.to !== 200) told.push(...await take(more, 1));
  // The way in of the second one was nobody's trace yet.
  const isPing = ({ bytes }: CapturedDatagram) => new TextDecoder().decode(bytes).includes('"method":"ping"');
  assertEquals(told.filter(isPing).map(({ from }) => from), [200]);
  more[Symbol.dispose]();
  await second.close();
});

Deno.test("nobody is told where the peer does not allow it, which is so by itself", async () => {
  for (const trace of [undefined, true, false]) {
    await using peers = openServing({}, { server: { trace } });
    using datagrams = peers.client.traceDatagrams(100);
    await assertRejects(() => datagrams.joined, GroupNotFoundError);
  }
});

Deno.test("nothing is copied while nobody traces", async () => {
  await using peers = openServing({}, { server: { trace: "datagrams" } });
  await peers.client.call(100, "ping");
  const { length } = peers.serverLink.sent;
  await settle();
  assertEquals(peers.serverLink.sent.length, length);
  using datagrams = peers.client.traceDatagrams(100);
  await datagrams.joined;
  assertEquals(peers.server.stats().callsInFlight, 0);
});

Deno.test("what is no datagram is passed over", () => {
  const good = { direction: "in", time: 1, bytes: "AAEC", from: 1, to: 2 };
  const sender = { port: 1, uid: 2, gid: 3, pidHint: 4 };
  assertEquals(readCapturedDatagram({ ...good, sender }), {
    ...good,
    direction: "in",
    bytes: new Uint8Array([0, 1, 2]),
    group: undefined,
    sender,
  });
  const bad = [
    null,
    5,
    {},
    { ...good, direction: "up" },
    { ...good, time: -1 },
    { ...good, bytes: "?" },
    { ...good, from: 1.5 },
    { ...good, to: 2 ** 32 },
    { ...good, group: "a" },
    { ...good, sender: { ...sender, uid: "root" } },
  ];
  for (const value of bad) assertEquals(readCapturedDatagram(value), undefined, Deno.inspect(value));
});

Deno.test("trace is true, false, or of datagrams", () => {
  const link = new MemoryNetwork().open(100);
  for (const trace of ["params", 5, null]) {
    assertThrows(
      () => new RPCPeer({ link, trace: trace as never }),
      TypeError,
      'trace must be true, false or "datagrams"',
    );
  }
});
