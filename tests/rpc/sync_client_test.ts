// Synchronous calls: what they return and throw, and what else may arrive meanwhile.
import { assert, assertEquals, assertInstanceOf, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import {
  DecodeError,
  InternalError,
  InvalidRequestError,
  JSONRPCError,
  MessageTooLargeError,
  MethodNotFoundError,
  PeerClosedError,
  PeerGoneError,
  SyscallError,
} from "../../mod.ts";
import { isolateDeadlines, isolateSendBuffer } from "../../src/rpc/isolate.ts";
import type { MemoryBlocking } from "../fakes/memory_network.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { fragments, frame, joined, type Received } from "../fakes/stranger.ts";

/** A server on a thread of its own: it reads, and what it answers leaves, while the client waits. */
function openSync(...arguments_: Parameters<typeof openPeers>): Peers & { blocking: MemoryBlocking } {
  const peers = openPeers(...arguments_);
  const { server, serverLink } = peers;
  server.registerFunction((a: number, b = 10) => a + b, "add");
  server.registerFunction(() => {
    throw new Error("no luck");
  }, "fail");
  server.registerFunction(() => {
    throw new JSONRPCError(7, "Out of milk", { litres: 0 });
  }, "tea");
  server.runServerForever();
  const blocking = peers.clientLink.blocking!;
  blocking.whileReceiving = () => {
    serverLink.read();
    isolateSendBuffer().flush();
  };
  return { ...peers, blocking };
}

/** Asserts that nothing is left of a call. */
function assertNothingLeft({ clientLink }: Peers): void {
  assertEquals([isolateDeadlines.size, clientLink.holds], [0, 0]);
}

Deno.test("a synchronous call returns what the method returns", async () => {
  await using peers = openSync();
  const { client } = peers;
  assertEquals(client.callSync(100, "add", [1, 2]), 3);
  assertEquals(client.callSync(100, "add", { b: 2, a: 40 }), 42);
  assertEquals(client.callSync(100, "add", [1]), 11);
  // No handler but the server's, no promise and no timer has had its turn.
  assertNothingLeft(peers);
  assertEquals(peers.clientTroubles, []);
});

Deno.test("a synchronous call throws the error that it is answered with, by its class", async () => {
  await using peers = openSync();
  const { client } = peers;
  assertEquals(assertThrows(() => client.callSync(100, "fail"), InternalError).data, "no luck");
  assertThrows(() => client.callSync(100, "missing"), MethodNotFoundError);
  const tea = assertThrows(() => client.callSync(100, "tea"), JSONRPCError);
  assertEquals(tea.toJSON(), { code: 7, message: "Out of milk", data: { litres: 0 } });
  function callerOfThisTest() {
    client.callSync(100, "missing");
  }
  assertMatch(assertThrows(callerOfThisTest, MethodNotFoundError).stack!, /callerOfThisTest/);
  assertNothingLeft(peers);
});

Deno.test("a port of this very thread cannot be called, and nothing is sent", async () => {
  await using peers = openSync();
  const { client, clientLink, blocking } = peers;
  blocking.own.add(100);
  for (const port of [100, 200]) {
    const message = `Port ${port} is held by this very thread, which cannot answer while it waits: use call()`;
    assertThrows(() => client.callSync(port, "add", [1, 2]), TypeError, message);
  }
  blocking.own.delete(100);
  clientLink.blocking = undefined;
  const message = "This link cannot wait without the event loop: use call()";
  assertThrows(() => client.callSync(100, "add", [1, 2]), TypeError, message);
  assertEquals(clientLink.sent, []);
  assertNothingLeft(peers);
});

Deno.test("what cannot be called is refused before anything is sent", async () => {
  await using peers = openSync({ maxMessageSize: 2_000 });
  const { client, clientLink } = peers;
  const callSync = client.callSync.bind(client) as (...args: unknown[]) => unknown;
  assertThrows(() => callSync("100", "x"), TypeError, "target must be a port, which is a number, not string");
  assertThrows(() => callSync(0, "x"), RangeError);
  assertThrows(() => callSync(100, 5), TypeError, "The name of a method must be a string, not number");
  assertThrows(() => callSync(100, "x", "y"), TypeError, "params must be an array (by position) or an object");
  assertThrows(() => callSync(100, "x", [1n]), TypeError);
  assertThrows(() => callSync(100, "x", [], { timeout: 0 }), RangeError, "timeout must be more than 0");
  assertThrows(() => callSync(100, "x", ["x".repeat(2_000)]), MessageTooLargeError);
  const reason = new Error("too late");
  const thrown = assertThrows(() => callSync(100, "x", [], { signal: AbortSignal.abort(reason) }));
  assertStrictEquals(thrown, reason);
  await client.close();
  assertThrows(() => callSync(100, "x"), PeerClosedError);
  assertEquals(clientLink.sent, []);
  assertNothingLeft(peers);
});

Deno.test("a signal that aborts while the thread waits comes too late", async () => {
  await using peers = openSync();
  const { client, blocking } = peers;
  const { whileReceiving } = blocking;
  const controller = new AbortController();
  blocking.whileReceiving = (milliseconds) => {
    controller.abort();
    whileReceiving(milliseconds);
  };
  assertEquals(client.callSync(100, "add", [1, 2], { signal: controller.signal }), 3);
});

Deno.test("a port that nobody holds, and a link that fails, end the call at once", async () => {
  await using peers = openSync();
  const { client, clientLink, blocking } = peers;
  assertEquals(assertThrows(() => client.callSync(999, "x"), PeerGoneError).port, 999);
  const failure = new SyscallError("sendto", 105);
  clientLink.failures.push(failure);
  assertStrictEquals(assertThrows(() => client.callSync(100, "add", [1, 2])), failure);
  const { whileReceiving } = blocking;
  blocking.whileReceiving = () => {
    throw failure;
  };
  assertStrictEquals(assertThrows(() => client.callSync(100, "add", [1, 2])), failure);
  blocking.whileReceiving = whileReceiving;
  assertEquals(client.callSync(100, "add", [1, 2]), 3);
  assertNothingLeft(peers);
});

Deno.test("what was sent in the same turn leaves before the call", async () => {
  await using peers = openSync();
  const { server, client } = peers;
  const heard: unknown[] = [];
  server.registerFunction((line: unknown) => void heard.push(line), "log");
  const sum = client.call(100, "add", [1, 1]);
  client.notify(100, "log", ["before"]);
  client.callSync(100, "log", ["call"]);
  assertEquals(heard, ["before", "call"]);
  assertEquals(await sum, 2);
  assertNothingLeft(peers);
});

Deno.test("responses to other calls that arrive meanwhile settle those", async () => {
  await using peers = openPeers();
  const { client, clientTroubles } = peers;
  const blocking = peers.clientLink.blocking!;
  const other = peers.stranger(500);
  const single = client.call(500, "single");
  const batch = client.batch(500, [{ method: "a" }, { method: "b" }]);
  const failing = client.call(500, "failing").catch((error) => error);
  const large = client.call(500, "large");
  const unknown = client.call(500, "unknown").catch((error) => error);
  blocking.whileReceiving = () => {
    const [one, two, three, four, five, sync] = other.readNow();
    const version = { payloadType: 2, version: 2 };
    other.send(200, { body: "", netlink: { nlmsgSeq: five!.nlmsgSeq }, procslink: version });
    other.answer(200, four!, "x".repeat(1_000), 300);
    other.answer(200, one!, 1);
    const ids = (two!.body as { id: number }[]).map(({ id }) => id);
    const body = ids.map((id) => ({ jsonrpc: "2.0", id, result: id }));
    other.send(200, { body, netlink: { nlmsgSeq: two!.nlmsgSeq }, procslink: { payloadType: 2 } });
    other.send(200, { body: "{", netlink: { nlmsgSeq: three!.nlmsgSeq }, procslink: { payloadType: 2 } });
    other.answer(200, sync!, "sync");
  };
  assertEquals(client.callSync(500, "sync"), "sync");
  assertEquals([await single, await large], [1, "x".repeat(1_000)]);
  assertEquals((await batch).map(({ status }) => status), ["fulfilled", "fulfilled"]);
  for (const error of [await failing, await unknown]) assertInstanceOf(error, DecodeError);
  assertEquals(clientTroubles.map((trouble) => trouble.split(":")[0]), ["unsupported", "malformed"]);
  assertNothingLeft(peers);
});

Deno.test("responses that arrive while requests wait for their turn settle their calls", async () => {
  await using peers = openPeers();
  const { client, clientTroubles } = peers;
  client.registerFunction(() => 1, "run");
  const other = peers.stranger(500);
  const [small, large] = [client.call(500, "small"), client.call(500, "large")];
  const broken = client.call(500, "broken").catch((error) => error);
  let requests: Received[] = [];
  peers.clientLink.blocking!.whileReceiving = () => {
    other.send(200, { body: { jsonrpc: "2.0", id: 1, method: "run" } });
    requests = other.readNow();
    other.answer(200, requests.pop()!, "sync");
  };
  assertEquals(client.callSync(500, "sync"), "sync");
  // One datagram with the answers to all three is read first; the request is carried out behind them.
  const answerTo = ({ nlmsgSeq, body }: Received, result: unknown) => ({
    body: { jsonrpc: "2.0", id: (body as { id: number }).id, result },
    netlink: { nlmsgSeq },
    procslink: { payloadType: 2 },
  });
  const [one, two, three] = requests as [Received, Received, Received];
  const lie = { ...answerTo(three, 1), procslink: { payloadType: 2, version: 2 } };
  const pieces = fragments(500, answerTo(two, "x".repeat(1_000)), 300);
  other.sendBytes(200, joined(frame(500, answerTo(one, 1)), ...pieces, frame(500, lie)));
  assertEquals([await small, await large], [1, "x".repeat(1_000)]);
  assertInstanceOf(await broken, DecodeError);
  assertEquals(((await other.next()).body as { result: number }).result, 1);
  assertEquals(clientTroubles.map((trouble) => trouble.split(":")[0]), ["unsupported"]);
});

Deno.test("trouble that arrives meanwhile is told, and the call goes on", async () => {
  await using peers = openSync();
  const { client, clientTroubles, blocking } = peers;
  const mallory = peers.stranger();
  const { whileReceiving } = blocking;
  blocking.whileReceiving = (milliseconds) => {
    mallory.sendBytes(200, new Uint8Array(3));
    mallory.send(200, { body: "", netlink: { nlmsgPid: 100 } });
    // An answer from the wrong port, with every number there is.
    for (const id of sentIds(peers)) {
      const body = { jsonrpc: "2.0", id, result: "a lie" };
      mallory.send(200, { body, netlink: { nlmsgSeq: id }, procslink: { payloadType: 2 } });
    }
    blocking.troubles.push(["overrun", "The kernel dropped messages that were not read in time"]);
    whileReceiving(milliseconds);
  };
  assertEquals(client.callSync(100, "add", [1, 2]), 3);
  assertEquals(clientTroubles.map((trouble) => trouble.split(":")[0]), [
    "overrun",
    "malformed",
    "spoofed",
    "unexpected",
  ]);
  assertNothingLeft(peers);
});

Deno.test("a response that is none ends the call, and says why", async () => {
  await using peers = openPeers();
  const { client, clientTroubles } = peers;
  const blocking = peers.clientLink.blocking!;
  const broken = peers.stranger(500);
  const answer = (body: unknown, version = 1) => {
    blocking.whileReceiving = () => {
      const [{ nlmsgSeq }] = broken.readNow() as [Received];
      broken.send(200, { body, netlink: { nlmsgSeq }, procslink: { payloadType: 2, version } });
    };
    client.callSync(500, "x", [], { timeout: Infinity });
  };
  assertThrows(() => answer("{"), DecodeError, "The body is not JSON");
  assertThrows(() => answer({ jsonrpc: "2.0", id: 1 }), DecodeError, "not a JSON-RPC 2.0 response");
  assertThrows(() => answer([]), DecodeError, "passes over this call");
  assertThrows(() => answer({}, 2), DecodeError, "procslinkhdr.version is 2");
  const error = { code: -32600, message: "Invalid Request" };
  assertThrows(() => answer({ jsonrpc: "2.0", id: null, error }), InvalidRequestError);
  assertEquals(clientTroubles.map((trouble) => trouble.split(":")[0]), ["malformed", "malformed", "unsupported"]);
  assertNothingLeft(peers);
});

Deno.test("the answer may come in one datagram with others", async () => {
  await using peers = openPeers();
  const { client, clientTroubles } = peers;
  const other = peers.stranger(500);
  const async = client.call(500, "async");
  peers.clientLink.blocking!.whileReceiving = () => {
    const messages = other.readNow().reverse().map(({ nlmsgSeq, body }) => {
      const { id, method } = body as { id: number; method: string };
      const answer = { jsonrpc: "2.0", id, result: method };
      return frame(500, { body: answer, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } });
    });
    other.sendBytes(200, joined(...messages));
  };
  assertEquals(client.callSync(500, "sync"), "sync");
  assertEquals(await async, "async");
  assert(clientTroubles.length === 0, clientTroubles.join());
});

/** Ids of what the client has sent. */
function sentIds({ clientLink }: Peers): number[] {
  return clientLink.sent.map(({ bytes }) => JSON.parse(new TextDecoder().decode(bytes.subarray(40))).id);
}
