// Synchronous calls whose message is large, or whose receiver is full.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { mock } from "node:test";
import {
  CallTimeoutError,
  DecodeError,
  InternalError,
  InvalidRequestError,
  MessageTooLargeError,
  PeerGoneError,
  type RPCPeerOptions,
} from "../../mod.ts";
import type { MemoryBlocking } from "../fakes/memory_network.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { fragments, type Received, settle, type Stranger } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";

interface Setup extends Peers {
  blocking: MemoryBlocking;
  /** A thread of its own, which reads when a test says so. Its queue holds two datagrams. */
  other: Stranger;
}

/** A client whose datagrams have at most 200 bytes, 160 of a body. */
function openSending(options: RPCPeerOptions = {}): Setup {
  const peers = openPeers({}, { maxDatagram: 200, client: options });
  const other = peers.stranger(500);
  other.link.queueLimit = 2;
  return { ...peers, blocking: peers.clientLink.blocking!, other };
}

/** Has `performance.now()` tell a time of the test's own. */
function mockNow(now: () => number): Disposable {
  const { mock: mocked } = mock.method(performance, "now", now);
  return { [Symbol.dispose]: () => mocked.restore() };
}

const TEXT = "x".repeat(10_000);

Deno.test("large params and a large result go in fragments", async () => {
  await using peers = openSending();
  const { client, clientLink, blocking, other } = peers;
  other.link.queueLimit = Infinity;
  const text = "aü世🦀".repeat(500);
  blocking.whileReceiving = () => {
    const [request] = other.readNow();
    const { params } = request!.body as { params: [string] };
    other.answer(200, request!, [...params, ...params], 160);
  };
  assertEquals(client.callSync(500, "double", [text]), [text, text]);
  assert(clientLink.sent.length > 30);
  assert(clientLink.sent.every(({ bytes }) => bytes.length <= 200));
  assertEquals(peers.clientTroubles, []);
});

Deno.test("a synchronous call waits for room, a moment at a time", async () => {
  await using peers = openSending();
  const { client, blocking, other } = peers;
  blocking.whileSending = () => {
    // Every third time there is room.
    if (blocking.waits.send.length % 3 === 0) other.link.read();
  };
  blocking.whileReceiving = () => {
    const [request] = other.readNow();
    other.answer(200, request!, (request!.body as { params: [string] }).params[0].length);
  };
  assertEquals(client.callSync(500, "measure", [TEXT]), TEXT.length);
  // 63 fragments, of which two find room at once each time.
  assert(blocking.waits.send.length >= 90, `${blocking.waits.send.length} waits`);
  assertEquals([...new Set(blocking.waits.send)], [2]);
});

Deno.test("two that send to each other both come through", async () => {
  await using peers = openSending();
  const { client, clientLink, blocking, other } = peers;
  clientLink.queueLimit = 3;
  // The other one sends a large message itself, and reads on only where that makes headway.
  const request = { jsonrpc: "2.0", id: "theirs", method: "measure", params: [TEXT] };
  const theirs = fragments(500, { body: request, netlink: { nlmsgSeq: 7 } }, 160);
  blocking.whileSending = () => {
    const { length } = theirs;
    while (theirs.length > 0 && other.link.send(200, theirs[0]!, theirs[0]!.length)) theirs.shift();
    if (theirs.length < length || length === 0) other.link.read();
  };
  blocking.whileReceiving = () => {
    blocking.whileSending(0);
    const [own] = other.readNow();
    if (theirs.length === 0) other.answer(200, own!, "ours");
  };
  client.registerFunction((text: string) => text.length, "measure");
  assertEquals(client.callSync(500, "measure", ["x".repeat(20_000)]), "ours");
  assertEquals(theirs, []);
  // Theirs has its turn when the event loop runs again.
  await settled();
  assertEquals(other.readNow()[0]?.body, { jsonrpc: "2.0", id: "theirs", result: 10_000 });
});

Deno.test("who floods the caller does not keep it from sending", async () => {
  await using peers = openSending();
  const { client, clientLink, blocking, other } = peers;
  other.link.queueLimit = 0;
  const flood = peers.stranger(666);
  for (let index = 0; index < 200; index++) flood.send(200, { body: { jsonrpc: "2.0", method: "x" } });
  const left: number[] = [];
  blocking.whileSending = () => {
    left.push(clientLink.queued);
    if (left.length === 3) other.link.queueLimit = 2;
  };
  blocking.whileReceiving = () => other.answer(200, other.readNow()[0]!, "through");
  assertEquals(client.callSync(500, "x"), "through");
  // Some are read between two tries, and never all that there are.
  assertEquals(left, [200, 136, 72]);
});

Deno.test("what is answered before all of it has left is taken back", async () => {
  await using peers = openSending();
  const { client, clientLink, blocking, other } = peers;
  let answered = false;
  blocking.whileSending = () => {
    if (answered) return other.link.read();
    answered = true;
    // Whoever does not want it says so at its first fragment.
    const { nlmsgSeq } = firstOf(peers);
    const error = { code: -32600, message: "Invalid Request", data: "too much" };
    const body = { jsonrpc: "2.0", id: null, error };
    other.send(200, { body, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } });
  };
  makeRoomForFarewell(peers);
  const error = assertThrows(() => client.callSync(500, "x", [TEXT]), InvalidRequestError);
  assertEquals(error.data, "too much");
  other.link.read();
  assertEquals(other.farewells, [firstOf(peers).nlmsgSeq]);
  assert(clientLink.sent.length < 10, `${clientLink.sent.length} of 63 fragments were sent`);
});

Deno.test("what is answered while its last fragment waits for room is taken back too", async () => {
  await using peers = openSending();
  const { client, blocking, other } = peers;
  blocking.whileSending = () => {
    if (blocking.waits.send.length > 1) throw new Error("It is answered, and still waits for room");
    const { nlmsgSeq } = firstOf(peers);
    const body = { jsonrpc: "2.0", id: null, error: { code: -32600, message: "Invalid Request" } };
    other.send(200, { body, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } });
  };
  makeRoomForFarewell(peers);
  // Three fragments, of which two find room.
  assertThrows(() => client.callSync(500, "x", ["x".repeat(300)]), InvalidRequestError);
  assertEquals(other.readNow(), []);
  assertEquals([other.fragments, other.farewells.length], [3, 1]);
});

Deno.test("what is answered while there is no room returns, whether there ever is room or not", async () => {
  await using peers = openSending();
  const { client, blocking, other } = peers;
  blocking.whileSending = () => {
    if (blocking.waits.send.length > 1_000) throw new Error("It is answered, and still waits for room");
    if (blocking.waits.send.length > 1) return;
    const { nlmsgSeq } = firstOf(peers);
    const error = { code: -32603, message: "Internal error", data: "out of memory" };
    const body = { jsonrpc: "2.0", id: null, error };
    other.send(200, { body, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } });
  };
  const error = assertThrows(() => client.callSync(500, "x", [TEXT], { timeout: 100 }), InternalError);
  assertEquals(error.data, "out of memory");
  // What had left of it is never taken for the whole.
  await settle();
  assertEquals(other.readNow(), []);
});

for (const [name, params] of Object.entries({ small: ["x"], large: [TEXT] })) {
  Deno.test(`a ${name} message for which there is no room in time is taken back`, async () => {
    await using peers = openSending({ timeout: 20 });
    const { client, clientLink, blocking, other } = peers;
    const filler = peers.stranger(501);
    for (let index = 0; index < 2; index++) filler.send(500, { body: {} });
    let now = 1_000;
    using _clock = mockNow(() => now);
    blocking.whileSending = (milliseconds) => void (now += milliseconds);
    assertThrows(() => client.callSync(500, "x", params), CallTimeoutError, 'did not answer "x" within 20 ms');
    assertEquals(blocking.waits.send, Array(10).fill(2));
    other.readNow();
    await settle();
    assertEquals([other.readNow(), other.fragments, clientLink.sent.length], [[], 0, 0]);
  });
}

Deno.test("a large message that is on its way when its time is over is taken back", async () => {
  await using peers = openSending();
  const { client, blocking, other } = peers;
  let now = 1_000;
  using _clock = mockNow(() => now);
  makeRoomForFarewell(peers);
  blocking.whileSending = (milliseconds) => void (now += milliseconds);
  assertThrows(() => client.callSync(500, "x", [TEXT], { timeout: 20 }), CallTimeoutError);
  assertEquals(other.readNow(), []);
  assertEquals([other.fragments, other.farewells], [3, [firstOf(peers).nlmsgSeq]]);
});

Deno.test("a receiver that goes in the middle of a message ends the call at once", async () => {
  await using peers = openSending();
  const { client, blocking, other } = peers;
  blocking.whileSending = () => other.link.close();
  assertEquals(assertThrows(() => client.callSync(500, "x", [TEXT]), PeerGoneError).port, 500);
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("a call does not wait behind what waits for room already", async () => {
  await using peers = openSending();
  const { client, blocking, other } = peers;
  const heard: string[] = [];
  other.link.release();
  const waiting = ["a", "b", "c"].map((name) => client.notify(500, name, ["x".repeat(100)]));
  const large = client.notify(500, "large", [TEXT]);
  await settle();
  assertEquals(other.link.queued, 2);
  // There is room for one datagram more.
  blocking.whileSending = () => void other.link.queueLimit++;
  blocking.whileReceiving = () => {
    for (const request of other.readNow()) {
      const { id, method } = request.body as { id?: number; method: string };
      heard.push(method);
      if (id !== undefined) other.answer(200, request, method);
    }
  };
  assertEquals(client.callSync(500, "call"), "call");
  // Of what waited one message had left before, and a fragment of the large one. Then reading made room for the next.
  assertEquals(heard, ["a", "call", "b"]);
  other.link.queueLimit = Infinity;
  other.link.giveUp();
  await Promise.all([...waiting, large]);
  blocking.whileReceiving(0);
  assertEquals(heard.slice(3).toSorted(), ["c", "large"]);
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("a response beyond the bound ends the call at its first fragment", async () => {
  await using peers = openSending({ maxMessageSize: 5_000 });
  const { client, blocking, other } = peers;
  blocking.whileReceiving = () => {
    const [request] = other.readNow();
    const { id } = request!.body as { id: number };
    const answer = { body: { jsonrpc: "2.0", id, result: TEXT }, netlink: { nlmsgSeq: request!.nlmsgSeq } };
    other.sendBytes(200, fragments(500, { ...answer, procslink: { payloadType: 2 } }, 160)[0]!);
  };
  const error = assertThrows(() => client.callSync(500, "x"), MessageTooLargeError);
  assertEquals(error.maximum, 5_000);
});

/** Has a request answered with fragments of a large response, as a test chooses them. */
function answerLarge(
  { client, blocking, other }: Setup,
  choose: (pieces: Uint8Array<ArrayBuffer>[]) => Uint8Array<ArrayBuffer>[],
): unknown {
  blocking.whileReceiving = () => {
    blocking.whileReceiving = () => {
      throw new Error("All has come, and the call still waits");
    };
    const [{ nlmsgSeq, body }] = other.readNow() as [Received];
    const { id } = body as { id: number };
    const response = { body: { jsonrpc: "2.0", id, result: TEXT }, netlink: { nlmsgSeq } };
    const pieces = fragments(500, { ...response, procslink: { payloadType: 2 } }, 160);
    for (const piece of choose(pieces)) other.sendBytes(200, piece);
  };
  return client.callSync(500, "x", [], { timeout: Infinity });
}

Deno.test("a large response whose fragments lie ends the call", async () => {
  await using peers = openSending();
  assertEquals(answerLarge(peers, (pieces) => pieces), TEXT);
  assertThrows(() => answerLarge(peers, (pieces) => pieces.slice(1)), DecodeError, "bytes are missing");
  assertThrows(() => answerLarge(peers, (pieces) => [pieces[0]!, ...pieces]), DecodeError, "have more than");
});

Deno.test("a large response that its sender does not go on with, since it begins too many others, ends the call", async () => {
  await using peers = openSending();
  const begun = Array.from(
    { length: 16 },
    (_, seq) => fragments(500, { body: TEXT, procslink: { seq: seq + 1 } }, 160)[0]!,
  );
  assertThrows(() => answerLarge(peers, ([first]) => [first!, ...begun]), DecodeError, "has begun too many others");
});

/** Has a receiver that is full find room for a farewell. */
function makeRoomForFarewell({ clientLink, other }: Setup): void {
  const { send } = clientLink;
  clientLink.send = (to, bytes, length) => {
    if (length === 40) other.link.queueLimit = 100;
    return send.call(clientLink, to, bytes, length);
  };
}

/** What the first datagram of the client says. */
function firstOf({ clientLink }: Peers): { nlmsgSeq: number } {
  return { nlmsgSeq: new DataView(clientLink.sent[0]!.bytes.buffer).getUint32(8, true) };
}
