// Names are claimed and released, and who has one already keeps it.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { NameTakenError, PeerClosedError, RPCPeer, SyscallError } from "../../mod.ts";
import { ERRNO } from "../../ffi/errno.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime } from "../fakes/time.ts";
import { CLOCK, CLOCK_PORT, lastNamed, openNamed, questionsTo, serveMeanwhile, TWIN_PORT, TWINS } from "./named.ts";

/** What an error says of who has a name. */
function takenBy(act: () => unknown) {
  const { message, peerName, port, uid, holder } = assertThrows(act, NameTakenError);
  return { message, peerName, port, uid, holder };
}

Deno.test("a peer without a name has none, and opens no other link", async () => {
  await using peers = openPeers();
  assertEquals([peers.server.names, peers.serverLink.opened], [[], []]);
});

Deno.test("a name that is claimed holds its port, of the same user", async () => {
  await using peers = openPeers();
  const { server, serverLink } = peers;
  server.claim(CLOCK);
  const { port, self, holds } = lastNamed(serverLink);
  assertEquals([port, self.uid, self.gid, holds, server.names, server.nlPid], [CLOCK_PORT, 10, 11, 0, [CLOCK], 100]);
});

Deno.test("a peer can be opened with a name", async () => {
  const link = new MemoryNetwork().open(100);
  await using peer = new RPCPeer({ link, name: CLOCK });
  assertEquals([peer.names, lastNamed(link).port], [[CLOCK], CLOCK_PORT]);
});

Deno.test("a peer may have several names, in the order in which it has claimed them", async () => {
  await using peers = openNamed(["b", "c", "a"]);
  const { server } = peers;
  assertEquals(server.names, ["b", "c", "a"]);
  await server.release("c");
  server.claim("c");
  assertEquals(server.names, ["b", "a", "c"]);
});

Deno.test("the names that were read before stay as they were", async () => {
  await using peers = openNamed();
  const { names } = peers.server;
  peers.server.claim("later");
  assertEquals([names, peers.server.names], [[CLOCK], [CLOCK, "later"]]);
});

Deno.test("a name that is released is free for others at once, and for the same peer again", async () => {
  await using peers = openNamed();
  const { client, server, serverLink } = peers;
  await server.release(CLOCK);
  assertEquals([server.names, lastNamed(serverLink).closed, serverLink.closed], [[], true, false]);
  client.claim(CLOCK);
  assertEquals(client.names, [CLOCK]);
  await client.release(CLOCK);
  server.claim(CLOCK);
  assertEquals([server.names, client.names], [[CLOCK], []]);
});

Deno.test("only a name that the peer has can be released, and once", async () => {
  await using peers = openNamed();
  const { client, server } = peers;
  const message = `This peer does not have the name "${CLOCK}"`;
  await assertRejects(() => client.release(CLOCK), RangeError, message);
  await server.release(CLOCK);
  await assertRejects(() => server.release(CLOCK), RangeError, message);
  await assertRejects(() => server.release(7 as never), TypeError, "must be a string, not number");
  await assertRejects(() => server.release(""), RangeError, "it is empty");
});

Deno.test("what cannot be a name is not claimed, and opens nothing", async () => {
  await using peers = openPeers();
  const { server, serverLink } = peers;
  assertThrows(() => server.claim(""), RangeError, "it is empty");
  assertThrows(() => server.claim("4242"), RangeError, "it is a number");
  assertThrows(() => server.claim(4242 as never), TypeError, "must be a string, not number");
  assertEquals([server.names, serverLink.opened], [[], []]);
});

Deno.test("a name that cannot be one is refused before the peer is opened", () => {
  const link = new MemoryNetwork().open(100);
  assertThrows(() => new RPCPeer({ link, name: "7" }), RangeError, "it is a number");
  assertThrows(() => new RPCPeer({ link, name: 7 as never }), TypeError, "must be a string, not number");
  assertThrows(() => link.receiver, Error, "The link was not started");
});

Deno.test("a link that stands alone has no names", async () => {
  const network = new MemoryNetwork();
  const link = network.open(100);
  Object.defineProperty(link, "beside", { value: undefined });
  await using peer = new RPCPeer({ link });
  assertThrows(() => peer.claim(CLOCK), TypeError, "This link has no names");
  assertEquals([peer.names, link.closed], [[], false]);
  const other = network.open(101);
  Object.defineProperty(other, "beside", { value: undefined });
  assertThrows(() => new RPCPeer({ link: other, name: CLOCK }), TypeError, "This link has no names");
  assert(other.closed);
});

Deno.test("a peer that is closed claims nothing, and its names are free", async () => {
  await using peers = openNamed(["a", "b"]);
  const { client, server, serverLink } = peers;
  await server.close();
  assertThrows(() => server.claim(CLOCK), PeerClosedError);
  assertEquals([server.names, serverLink.opened.map(({ closed }) => closed)], [[], [true, true]]);
  await assertRejects(() => server.release("a"), RangeError, "does not have the name");
  client.claim("a");
  client.claim("b");
  assertEquals(client.names, ["a", "b"]);
});

Deno.test("a name that the same thread has is taken, and nobody is asked", async () => {
  await using peers = openNamed();
  const { client, clientLink, server, serverLink } = peers;
  clientLink.blocking!.own.add(CLOCK_PORT);
  const expected = {
    message: `The name "${CLOCK}" is taken by port ${CLOCK_PORT} of user 10`,
    ...{ peerName: CLOCK, port: CLOCK_PORT, uid: 10, holder: CLOCK },
  };
  assertEquals(takenBy(() => client.claim(CLOCK)), expected);
  assertEquals(takenBy(() => server.claim(CLOCK)), expected);
  assertEquals([clientLink.sent, serverLink.sent], [[], []]);
  assertEquals([client.names, server.names], [[], [CLOCK]]);
});

Deno.test("where the same thread has another name that stands for the port, the error says which", async () => {
  await using peers = openNamed([TWINS[0]]);
  assertEquals(takenBy(() => peers.server.claim(TWINS[1])), {
    message: `The name "${TWINS[1]}" stands for port ${TWIN_PORT}, which "${
      TWINS[0]
    }" of user 10 has: choose another name`,
    ...{ peerName: TWINS[1], port: TWIN_PORT, uid: 10, holder: TWINS[0] },
  });
  await peers.server.release(TWINS[0]);
  peers.server.claim(TWINS[1]);
  assertEquals(takenBy(() => peers.server.claim(TWINS[0])).holder, TWINS[1]);
});

Deno.test("where the same thread holds the port without a name, it is taken all the same", async () => {
  await using peers = openPeers();
  const { network, serverLink } = peers;
  network.open(CLOCK_PORT);
  serverLink.blocking!.own.add(CLOCK_PORT);
  const { holder, uid } = takenBy(() => peers.server.claim(CLOCK));
  assertEquals([holder, uid], [undefined, 10]);
});

for (const [index, name] of [...TWINS].entries()) {
  Deno.test(`another thread that has the ${index === 0 ? "name" : "port by another one"} is asked which`, async () => {
    await using peers = openNamed([TWINS[0]], {}, { clientUid: 33 });
    const { client, clientLink, server } = peers;
    void server.runServerForever();
    serveMeanwhile(peers);
    const { holder, port, uid } = takenBy(() => client.claim(name));
    assertEquals([holder, port, uid, questionsTo(TWIN_PORT, clientLink)], [TWINS[0], TWIN_PORT, 10, 1]);
    // Nothing of the question is left.
    assertEquals([client.stats().callsInFlight, clientLink.holds, peers.clientTroubles], [0, 0, []]);
  });
}

Deno.test("who does not answer is not waited for long, and has the name as far as can be told", async () => {
  await using peers = openNamed();
  const { client, clientLink } = peers;
  using time = fakeTime();
  const before = performance.now();
  clientLink.blocking!.whileReceiving = (milliseconds) => time.busy(milliseconds);
  const { holder, message, uid } = takenBy(() => client.claim(CLOCK));
  assertEquals([holder, uid, performance.now() - before], [undefined, 10, 250]);
  assertEquals(message, `The name "${CLOCK}" is taken by port ${CLOCK_PORT} of user 10`);
});

Deno.test("who lets this user call nothing does not say which name it has", async () => {
  await using peers = openNamed([TWINS[0]], {}, { clientUid: 33, server: { access: "same-user" } });
  void peers.server.runServerForever();
  serveMeanwhile(peers);
  const { holder, uid } = takenBy(() => peers.client.claim(TWINS[1]));
  assertEquals([holder, uid, peers.serverTroubles.length], [undefined, 10, 1]);
});

Deno.test("who has the name is the one that answers, also where nobody listens beside its port yet, or another user does", async () => {
  await using peers = openNamed();
  void peers.server.runServerForever();
  serveMeanwhile(peers);
  const link = lastNamed(peers.serverLink);
  link.hasLifeline = false;
  assertEquals(takenBy(() => peers.client.claim(CLOCK)).uid, 10);
  link.hasLifeline = true;
  link.lifelineOwner = { ...peers.clientLink.self, uid: 33 };
  assertEquals(takenBy(() => peers.client.claim(CLOCK)).uid, 10);
});

Deno.test("whom nothing tells of has no user", async () => {
  await using peers = openNamed();
  const { client, clientLink, serverLink } = peers;
  lastNamed(serverLink).hasLifeline = false;
  clientLink.blocking = undefined;
  const { holder, message, uid } = takenBy(() => client.claim(CLOCK));
  assertEquals([holder, uid, message], [undefined, undefined, `The name "${CLOCK}" is taken by port ${CLOCK_PORT}`]);
});

Deno.test("a peer whose own trust is narrow asks who has its name all the same", async () => {
  await using peers = openNamed([TWINS[0]], {}, { clientUid: 33, client: { trust: "same-user" } });
  void peers.server.runServerForever();
  serveMeanwhile(peers);
  assertEquals(takenBy(() => peers.client.claim(TWINS[1])).holder, TWINS[0]);
});

Deno.test("a peer that is opened with a name that is taken is closed again", async () => {
  await using peers = openNamed();
  const link = peers.network.open(300);
  link.blocking!.own.add(CLOCK_PORT);
  takenBy(() => new RPCPeer({ link, name: CLOCK }));
  assertEquals([link.closed, link.holds, peers.server.names], [true, 0, [CLOCK]]);
});

Deno.test("other failures of the kernel are told as they are", async () => {
  await using peers = openPeers();
  const failure = new SyscallError("socket", ERRNO.EMFILE);
  peers.serverLink.beside = () => {
    throw failure;
  };
  assertEquals(assertThrows(() => peers.server.claim(CLOCK)), failure);
  assertEquals(peers.server.names, []);
});

Deno.test("a name that cannot be read is not claimed, and its port is free", async () => {
  await using peers = openPeers();
  const { network, server, serverLink } = peers;
  void server.runServerForever();
  const beside = serverLink.beside.bind(serverLink);
  serverLink.beside = (port) => {
    const link = beside(port);
    link.holdFailures.push(new SyscallError("epoll_ctl", ERRNO.ENOSPC));
    return link;
  };
  assertThrows(() => server.claim(CLOCK), SyscallError, "epoll_ctl");
  assertEquals([server.names, lastNamed(serverLink).closed], [[], true]);
  // Nobody holds it.
  network.open(CLOCK_PORT).close();
});

Deno.test("a name whose link fails is lost: that is told, and the peer goes on", async () => {
  await using peers = openNamed([CLOCK, "other"]);
  const { client, server, serverLink, serverTroubles } = peers;
  void server.runServerForever();
  const [failing] = serverLink.opened;
  failing!.close();
  failing!.receiver.failed(new SyscallError("recvmsg", ERRNO.ENOMEM));
  await settle();
  assertEquals([server.names, serverTroubles.length], [["other"], 1]);
  assert(serverTroubles[0]!.startsWith(`undelivered: Nobody can call "${CLOCK}" any more: recvmsg failed`));
  assertEquals([await client.call("other", "rpc.ping"), await client.call(100, "rpc.ping")], ["pong", "pong"]);
  server.claim(CLOCK);
  assertEquals([await client.call(CLOCK, "rpc.ping"), server.names], ["pong", ["other", CLOCK]]);
});

Deno.test("a peer that drains claims no name any more", async () => {
  await using peers = openPeers();
  const { server } = peers;
  const closing = server.close({ drain: true });
  assertThrows(() => server.claim("com.example.late"), PeerClosedError);
  await closing;
  assertEquals(server.names, []);
});
