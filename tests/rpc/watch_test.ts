// Peers that watch each other, on a network in memory.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PeerClosedError, RPCPeer } from "../../mod.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime } from "../fakes/time.ts";
import { Reader } from "../watch/world.ts";
import { CLOCK, CLOCK_PORT, lastNamed, openNamed, questionsTo } from "./named.ts";
import { request } from "./wire.ts";

Deno.test("a watcher sees itself, who serves and who is silent, and their names; then the mark", async () => {
  using time = fakeTime();
  await using peers = openNamed();
  const { server, client, stranger } = peers;
  server.runServerForever();
  stranger(300, { uid: 30 });
  using watch = client.watch();
  const reader = new Reader(watch);
  assertEquals(
    (await reader.read()).toSorted(),
    [
      "peer-added - 200 10",
      `name-added ${CLOCK} ${CLOCK_PORT} 10`,
      `peer-added ${CLOCK} 100 10`,
    ].toSorted(),
  );
  await time.pass(100);
  assertEquals(await reader.read(), ["peer-added - 300 30", "ready"]);
});

Deno.test("names and peers that come and go are told of at the next look", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const { server, client, serverLink } = peers;
  server.runServerForever();
  using watch = client.watch({ names: [CLOCK] });
  const reader = new Reader(watch);
  assertEquals(await reader.read(), ["ready"]);
  server.claim(CLOCK);
  await time.pass(100);
  assertEquals(await reader.read(), [`peer-added ${CLOCK} 100 10`, `name-added ${CLOCK} ${CLOCK_PORT} 10`]);
  await server.release(CLOCK);
  await time.pass(100);
  assertEquals(await reader.read(), [`name-removed ${CLOCK} ${CLOCK_PORT} 10`]);
  server.claim(CLOCK);
  await time.pass(100);
  lastNamed(serverLink).kill();
  serverLink.kill();
  await time.pass(100);
  assertEquals(await reader.read(), [
    `name-added ${CLOCK} ${CLOCK_PORT} 10`,
    `name-removed ${CLOCK} ${CLOCK_PORT} 10`,
    `peer-removed ${CLOCK} 100 10`,
  ]);
});

Deno.test("who does not let the watcher in is told of by its user", async () => {
  using _time = fakeTime();
  await using peers = openPeers({}, { server: { access: "same-user" }, clientUid: 20 });
  peers.server.runServerForever();
  using watch = peers.client.watch();
  assertEquals((await new Reader(watch).read()).toSorted(), ["peer-added - 100 10", "peer-added - 200 20", "ready"]);
});

Deno.test("a peer that begins to serve late is known by its name then, and is asked once", async () => {
  using time = fakeTime();
  await using peers = openNamed();
  const { server, client } = peers;
  using watch = client.watch({ groups: [] });
  const reader = new Reader(watch);
  await time.pass(1_000);
  assertEquals(await reader.read(), ["peer-added - 200 10", "peer-added - 100 10", "ready"]);
  server.runServerForever();
  await settle();
  assertEquals(await reader.read(), [`name-added ${CLOCK} ${CLOCK_PORT} 10`]);
  assertEquals(server.stats().messagesIn, 2);
});

Deno.test("a call to a silent peer that is given up does not end the question who it is", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const { server, client, clientLink } = peers;
  using watch = client.watch();
  const reader = new Reader(watch);
  await time.pass(200);
  await reader.read();
  await Promise.all([
    assertRejects(() => client.call(100, "rpc.ping", [], { timeout: 50 })),
    time.pass(60),
  ]);
  server.claim(CLOCK);
  server.runServerForever();
  await time.pass(300);
  assertEquals(await reader.read(), [`name-added ${CLOCK} ${CLOCK_PORT} 10`]);
  assertEquals(questionsTo(100, clientLink), 1);
});

Deno.test("who has answered takes up nothing, unless it is called too", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const { server, client, serverLink } = peers;
  const other = peers.network.open(300, { uid: 10 });
  const answering = new RPCPeer({ link: other });
  answering.runServerForever();
  server.runServerForever();
  await client.call(100, "rpc.ping");
  using watch = client.watch();
  assertEquals((await new Reader(watch).read()).at(-1), "ready");
  await time.pass(100);
  assertEquals([serverLink.lifelines.size, other.lifelines.size], [1, 0]);
  await answering.close();
});

Deno.test("a watch holds the links as long as it is open, and leaves no question behind", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const { client, clientLink } = peers;
  const watch = client.watch();
  await time.pass(300);
  assert(clientLink.holds > 0);
  assertEquals(client.stats().callsInFlight, 1);
  await watch.return();
  await watch.return();
  assertEquals([clientLink.holds, client.stats().callsInFlight], [0, 0]);
  const { listings } = clientLink;
  await time.pass(1_000);
  assertEquals(clientLink.listings, listings);
  for await (const event of client.watch()) if (event.type === "peer-added") break;
  {
    using _watch = client.watch();
  }
  {
    await using _watch = client.watch();
  }
  assertEquals([clientLink.holds, client.stats().callsInFlight], [0, 0]);
});

Deno.test("nobody watches, nobody looks", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const { server, client, serverLink, clientLink } = peers;
  server.registerFunction(() => 1, "one");
  server.runServerForever();
  await client.call(100, "one");
  await time.pass(1_000);
  assertEquals([serverLink.listings, clientLink.listings], [0, 0]);
});

Deno.test("when the peer is closed, its watches end after what was told; where its link fails, they throw", async () => {
  using _time = fakeTime();
  const peers = openPeers();
  const { client, clientLink } = peers;
  const [first, second] = [client.watch(), client.watch({ names: [] })];
  const [reader, other] = [new Reader(first), new Reader(second)];
  assertEquals(await other.read(), ["ready"]);
  await settle();
  await client.close();
  assertEquals([await reader.read(), await other.read()], [["peer-added - 200 10", "end"], ["end"]]);
  assertThrows(() => client.watch(), PeerClosedError);
  const failing = peers.server.watch({ names: [] });
  assertEquals((await failing.next()).value, { type: "ready" });
  peers.serverLink.receiver.failed(new Error("broken"));
  const error = await assertRejects(() => failing.next(), PeerClosedError);
  assertEquals((error.cause as Error).message, "broken");
  assertEquals((await failing.return()).done, true);
  assertEquals(clientLink.closed, true);
});

Deno.test("requests are carried out while a watch is open", async () => {
  using _time = fakeTime();
  await using peers = openPeers();
  peers.client.registerFunction(() => "pong", "ping");
  using _watch = peers.client.watch({ names: [] });
  const caller = peers.stranger();
  caller.send(200, request(1, "ping"));
  assertEquals((await caller.next() as { body: { result: string } }).body.result, "pong");
});

Deno.test("where the link cannot tell for a while who is there, it is trouble once", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const { client, clientLink, clientTroubles } = peers;
  using _watch = client.watch({ names: [] });
  for (let round = 0; round < 2; round++) {
    clientLink.canList = false;
    await time.pass(300);
    clientLink.canList = true;
    await time.pass(100);
  }
  const trouble = "refused: The kernel does not tell which sockets there are: nobody is seen to come or go";
  assertEquals(clientTroubles, [trouble, trouble]);
});

Deno.test("options that are none, and a link that cannot tell, are errors", async () => {
  await using peers = openPeers();
  const { client, clientLink } = peers;
  assertThrows(
    () => client.watch({ names: "x" as unknown as string[] }),
    TypeError,
    "names must be an array of strings",
  );
  assertThrows(() => client.watch({ groups: [1] as unknown as string[] }), TypeError, "groups must be");
  assertThrows(() => client.watch({ names: ["12"] }), RangeError);
  clientLink.canList = false;
  assertThrows(() => client.watch(), TypeError, "This link cannot tell which peers there are");
  assertEquals(clientLink.holds, 0);
  clientLink.canList = true;
  clientLink.holdFailures.push(new Error("no"));
  assertThrows(() => client.watch(), Error, "no");
  const link = Object.assign(new MemoryNetwork().open(1), { sockets: undefined });
  const blind = new RPCPeer({ link });
  assertThrows(() => blind.watch(), TypeError);
  await blind.close();
});
