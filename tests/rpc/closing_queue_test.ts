// What is in the queue of a peer that closes: it is read, answers count, and whoever calls is told.
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { mock } from "node:test";
import { PeerClosedError } from "../../mod.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { fragments, frame, joined, settle, type Stranger } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { bodyOf, notification, outcomeOf, request } from "./wire.ts";

const PEER_CLOSED = -32000;

/** A server that does not read, and a caller. */
function openUnread(...options: Parameters<typeof openPeers>): Peers & { caller: Stranger; ran: unknown[] } {
  const peers = openPeers(...options);
  const ran: unknown[] = [];
  peers.server.registerFunction((value: unknown) => ran.push(value), "run");
  return { ...peers, caller: peers.stranger(666, { uid: 10 }), ran };
}

/** What a stranger has been told: the ids, and the codes. */
function told({ unread }: Stranger): [id: unknown, outcome: unknown][] {
  return unread.map((received) => [bodyOf(received).id, outcomeOf(received)]);
}

Deno.test("requests that a peer has never read are refused when it closes, and nothing runs", async () => {
  await using peers = openUnread();
  const { server, serverLink, caller } = peers;
  caller.send(100, request(1, "run", [1]));
  caller.sendBytes(100, joined(frame(666, request(2, "run", [2])), frame(666, notification("run", [3]))));
  caller.send(100, { body: [request(3, "run").body, notification("run").body, request(4, "missing").body] });
  caller.sendFragments(100, request(5, "run", ["x".repeat(1_000)]), 300);
  await settle();
  assertEquals(serverLink.queued, 7);
  await server.close();
  assertEquals([serverLink.queued, peers.ran, peers.serverTroubles], [0, [], []]);
  await settle();
  const batch = caller.unread.find(({ body }) => Array.isArray(body));
  assertEquals(batch!.body, [3, 4].map((id) => ({ jsonrpc: "2.0", id, error: errorOf("The peer is closed") })));
  assertEquals(told(caller).filter(([id]) => id !== undefined), [1, 2, 5].map((id) => [id, PEER_CLOSED]));
});

function errorOf(message: string): unknown {
  return { code: PEER_CLOSED, message };
}

Deno.test("what cannot be read is answered as ever", async () => {
  await using peers = openUnread();
  const { caller } = peers;
  caller.send(100, { body: "{" });
  caller.send(100, { body: 5 });
  caller.sendBytes(100, new Uint8Array(3));
  await peers.server.close();
  await settle();
  assertEquals(caller.unread.map(outcomeOf), [-32700, -32600]);
  assertEquals(peers.serverTroubles.map((trouble) => trouble.split(":")[0]), ["malformed", "malformed"]);
});

Deno.test("answers that have come count, also where nobody has read them yet", async () => {
  await using peers = openPeers();
  const { client, clientLink } = peers;
  const other = peers.stranger(500);
  const calls = Promise.allSettled([client.call(500, "a"), client.call(500, "b")]);
  const first = await other.next();
  clientLink.holds -= 2;
  other.answer(200, first, "done");
  await settle();
  clientLink.holds += 2;
  await client.close();
  const [answered, pending] = await calls;
  assertEquals(answered, { status: "fulfilled", value: "done" });
  assertInstanceOf((pending as PromiseRejectedResult).reason, PeerClosedError);
});

Deno.test("what is behind a request that closes the peer is refused, in its datagram and in others", async () => {
  await using peers = openUnread();
  const { server, caller, ran } = peers;
  server.registerFunction(() => server.close(), "close");
  const behind = [2, 3].map((id) => frame(666, request(id, "run", [id])));
  caller.sendBytes(100, joined(frame(666, request(1, "close")), ...behind));
  caller.send(100, request(4, "run", [4]));
  caller.sendFragments(100, request(5, "run", ["x".repeat(1_000)]), 300);
  server.runServerForever();
  await settle();
  assertEquals([ran, told(caller).toSorted()], [[], [1, 2, 3, 4, 5].map((id) => [id, PEER_CLOSED])]);
});

Deno.test("a message that is not whole when its peer closes is not waited for", async () => {
  await using peers = openUnread();
  const { server, caller } = peers;
  server.runServerForever();
  const [first, second] = fragments(666, request(1, "run", ["x".repeat(1_000)]), 300);
  caller.sendBytes(100, first!);
  await settle();
  assert(server.stats().reassemblyBytes > 0);
  caller.sendBytes(100, second!);
  await server.close();
  assertEquals([server.stats().reassemblyBytes, caller.unread], [0, []]);
});

Deno.test("strangers are refused, and what they do not read keeps nobody from closing", async () => {
  await using peers = openUnread({ access: "same-user" });
  const deaf = peers.stranger(667);
  deaf.link.release();
  deaf.link.queueLimit = 0;
  for (const id of [1, 2]) {
    deaf.send(100, request(id, "run"));
    peers.caller.send(100, request(id, "run"));
  }
  await peers.server.close();
  await settle();
  assertEquals([told(peers.caller), deaf.unread, peers.ran], [[[1, PEER_CLOSED], [2, PEER_CLOSED]], [], []]);
});

Deno.test("a peer that is flooded while it closes does not read for ever", async () => {
  await using peers = openUnread();
  const { server, serverLink, caller } = peers;
  let sent = 0;
  let now = 1_000;
  const { mock: clock } = mock.method(performance, "now", () => now);
  const blocking = serverLink.blocking!;
  const { receive } = blocking;
  blocking.receive = (receiver, milliseconds) => {
    now += 1;
    sent++;
    caller.send(100, request(sent, "run"));
    return receive.call(blocking, receiver, milliseconds);
  };
  await server.close();
  clock.restore();
  assert(sent > 40 && sent < 60, `${sent} datagrams`);
  assert(serverLink.closed);
});

Deno.test("a peer whose clock stands still reads no more than a queue can hold", async () => {
  await using peers = openUnread();
  const { server, serverLink, caller } = peers;
  const { mock: clock } = mock.method(performance, "now", () => 1_000);
  let sent = 0;
  const blocking = serverLink.blocking!;
  const { receive } = blocking;
  blocking.receive = (receiver, milliseconds) => {
    if (++sent < 20_000) caller.send(100, notification("run"));
    return receive.call(blocking, receiver, milliseconds);
  };
  await server.close();
  clock.restore();
  assertEquals([sent, peers.ran], [8_192, []]);
});

Deno.test("a link that cannot be read without waiting, or fails, is closed all the same", async () => {
  await using peers = openUnread();
  const { server, serverLink, client, clientLink } = peers;
  serverLink.blocking = undefined;
  clientLink.blocking!.receive = () => {
    throw new Error("The kernel is tired");
  };
  await Promise.all([server.close(), client.close()]);
  assertEquals([serverLink.closed, clientLink.closed], [true, true]);
});

Deno.test("a link that has failed is not read", async () => {
  await using peers = openUnread();
  const { server, serverLink, caller } = peers;
  const served = server.runServerForever().catch((error) => error);
  serverLink.holds--;
  caller.send(100, request(1, "run"));
  serverLink.receiver.failed(new Error("The kernel is tired"));
  await served;
  assertEquals([serverLink.queued, peers.ran], [1, []]);
});

Deno.test("a peer that a listener closes during a synchronous call refuses what it has put off", async () => {
  await using peers = openPeers();
  const { client } = peers;
  const other = peers.stranger(500);
  let ran = 0;
  client.registerFunction(() => ran++, "run");
  client.addEventListener("trouble", () => client.close());
  peers.clientLink.blocking!.whileReceiving = () => {
    other.send(200, request(1, "run"));
    other.sendBytes(200, new Uint8Array(3));
    other.send(200, request(2, "run"));
  };
  assertThrows(() => client.callSync(500, "m"), PeerClosedError);
  await settle();
  assertEquals([ran, other.unread.filter(({ payloadType }) => payloadType === 2).map(outcomeOf)], [0, [
    PEER_CLOSED,
    PEER_CLOSED,
  ]]);
});

Deno.test("what is behind a message whose listener closes the peer during a synchronous call is refused", async () => {
  await using peers = openPeers();
  const { client, clientTroubles } = peers;
  const other = peers.stranger(500);
  client.addEventListener("trouble", () => client.close());
  peers.clientLink.blocking!.whileReceiving = () => {
    other.sendBytes(200, joined(frame(500, { body: "", netlink: { nlmsgPid: 7 } }), frame(500, request(1, "run"))));
  };
  let thrown = "";
  try {
    client.callSync(500, "m");
  } catch (error) {
    thrown = (error as Error).name;
  }
  await settled(3);
  const answers = other.unread.filter(({ payloadType }) => payloadType === 2);
  assertEquals([thrown, answers.map(outcomeOf), clientTroubles.length], ["PeerClosedError", [PEER_CLOSED], 1]);
});
