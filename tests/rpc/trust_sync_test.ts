// Whom a synchronous call trusts: as any other, without the event loop.
import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { mock } from "node:test";
import { AccessDeniedError, CallTimeoutError, PeerGoneError, type RPCPeerOptions } from "../../mod.ts";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import type { Caller } from "../../src/link/link.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { type Received, settle, type Stranger } from "../fakes/stranger.ts";
import { heardBy } from "./blind.ts";
import { bodyOf, methodsSentBy } from "./wire.ts";

interface Setup extends Peers {
  /** Whoever holds port 500, on a thread of its own: answers all that it is asked. */
  other: Stranger;
  /** What it has been asked. */
  asked: unknown[];
}

/** A client of user 10, and somebody at port 500. */
function openSync(options: RPCPeerOptions = {}, who: Partial<Caller> = {}): Setup {
  const peers = openPeers({ trust: undefined, ...options });
  const other = peers.stranger(500, { uid: 10, ...who });
  const setup: Setup = { ...peers, other, asked: [] };
  peers.clientLink.blocking!.whileReceiving = () => {
    for (const received of other.readNow()) {
      setup.asked.push(bodyOf(received).method);
      other.answer(200, received, "done");
    }
  };
  return setup;
}

/** Has `performance.now()` tell a time of the test's own. */
function mockNow(now: () => number): Disposable {
  const { mock: mocked } = mock.method(performance, "now", now);
  return { [Symbol.dispose]: () => mocked.restore() };
}

/** Asserts that nothing is left of a call. */
function assertNothingLeft({ clientLink, clientTroubles }: Peers): void {
  assertEquals([isolateDeadlines.size, clientLink.holds, clientTroubles], [0, 0, []]);
}

Deno.test("where a lifeline names somebody whom a synchronous call trusts, nothing is asked", async () => {
  for (const [trust, uid] of [[undefined, 10], [undefined, 0], [{ uids: [7] }, 7], ["anyone", 8]] as const) {
    await using peers = openSync({ trust }, { uid });
    assertEquals([peers.client.callSync(500, "m"), peers.asked], ["done", ["m"]]);
    assertNothingLeft(peers);
  }
});

Deno.test("where a synchronous call does not trust the holder, the port is asked and gets nothing else", async () => {
  for (const [trust, uid] of [[undefined, 1_000], [{ uids: [7] }, 10], [() => false, 10]] as const) {
    await using peers = openSync({ trust }, { uid });
    const error = assertThrows(() => peers.client.callSync(500, "m", ["secret"]), AccessDeniedError);
    assertEquals([error.uid, peers.asked, methodsSentBy(peers.clientLink)], [uid, ["rpc.identity"], ["rpc.identity"]]);
    assertNothingLeft(peers);
  }
});

Deno.test("a synchronous call asks a port without a lifeline, and whatever it answers tells who holds it", async () => {
  const error = { code: -32601, message: "Method not found" };
  for (const [uid, isTrusted] of [[10, true], [0, true], [1_000, false]] as const) {
    await using peers = openSync({}, { uid });
    const { client, other } = peers;
    other.link.hasLifeline = false;
    const { whileReceiving } = peers.clientLink.blocking!;
    let isFirst = true;
    peers.clientLink.blocking!.whileReceiving = (milliseconds) => {
      if (!isFirst) return whileReceiving(milliseconds);
      isFirst = false;
      const [{ nlmsgSeq, body }] = other.readNow() as [Received];
      peers.asked.push((body as { method: string }).method);
      const answer = { jsonrpc: "2.0", id: (body as { id: number }).id, error };
      other.send(200, { body: answer, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } });
    };
    if (isTrusted) assertEquals(client.callSync(500, "m"), "done");
    else assertThrows(() => client.callSync(500, "m"), AccessDeniedError);
    assertEquals(peers.asked, isTrusted ? ["rpc.identity", "m"] : ["rpc.identity"]);
    assertNothingLeft(peers);
  }
});

Deno.test("who has answered a synchronous call's question is known for a second", async () => {
  let now = 1_000;
  using _clock = mockNow(() => now);
  await using peers = openSync();
  const { client, other, asked } = peers;
  other.link.hasLifeline = false;
  client.callSync(500, "a");
  now += 1_000;
  client.callSync(500, "b");
  now += 1_001;
  client.callSync(500, "c");
  assertEquals(asked, ["rpc.identity", "a", "b", "rpc.identity", "c"]);
});

Deno.test("who has answered a question, and is not trusted, is not asked again within the second", async () => {
  let now = 1_000;
  using _clock = mockNow(() => now);
  await using peers = openSync({}, { uid: 1_000 });
  const { client, other, asked } = peers;
  other.link.hasLifeline = false;
  for (const milliseconds of [0, 1_000, 1]) {
    now += milliseconds;
    assertEquals(assertThrows(() => client.callSync(500, "m"), AccessDeniedError).uid, 1_000);
  }
  assertEquals(asked, ["rpc.identity", "rpc.identity"]);
});

Deno.test("the user whom a synchronous call does not trust is the one who holds the port", async () => {
  await using peers = openSync({}, { uid: 1_001 });
  peers.other.link.lifelineOwner = { port: 500, uid: 1_000, gid: 1_000, pidHint: 1 };
  assertEquals(assertThrows(() => peers.client.callSync(500, "m"), AccessDeniedError).uid, 1_001);
  assertEquals(peers.asked, ["rpc.identity"]);
});

Deno.test("a lifeline in the wrong hands does not stop a synchronous call", async () => {
  await using peers = openSync();
  const { client, other, asked } = peers;
  other.link.lifelineOwner = { port: 500, uid: 1_000, gid: 1_000, pidHint: 1 };
  assertEquals([client.callSync(500, "m"), asked], ["done", ["rpc.identity", "m"]]);
  assertEquals(other.link.lifelines.size, 0);
  assertNothingLeft(peers);
});

Deno.test("where the port does not say otherwise within a second, its lifeline is right", async () => {
  let now = 1_000;
  using _clock = mockNow(() => now);
  await using peers = openSync({}, { uid: 1_000 });
  const { client } = peers;
  const blocking = peers.clientLink.blocking!;
  blocking.whileReceiving = (milliseconds) => void (now += milliseconds);
  const error = assertThrows(() => client.callSync(500, "m", [], { timeout: Infinity }), AccessDeniedError);
  assertEquals([error.uid, now, methodsSentBy(peers.clientLink)], [1_000, 2_000, ["rpc.identity"]]);
  // Its own time may be over sooner.
  assertThrows(() => client.callSync(500, "m", [], { timeout: 300 }), AccessDeniedError);
  assertEquals(now, 2_300);
});

Deno.test("a port without a lifeline that does not answer has as long as the call", async () => {
  let now = 1_000;
  using _clock = mockNow(() => now);
  await using peers = openSync({ timeout: 5_000 });
  const { client, other } = peers;
  other.link.hasLifeline = false;
  peers.clientLink.blocking!.whileReceiving = (milliseconds) => void (now += milliseconds);
  const error = assertThrows(() => client.callSync(500, "m", ["secret"]), CallTimeoutError);
  assertEquals([error.method, error.timeout, now], ["m", 5_000, 6_000]);
  assertEquals(methodsSentBy(peers.clientLink), ["rpc.identity"]);
  assertNothingLeft(peers);
});

Deno.test("a port that nobody holds, and one that is gone while it is asked, say so", async () => {
  await using peers = openSync();
  const { client, other } = peers;
  assertInstanceOf(assertThrows(() => client.callSync(999, "m")), PeerGoneError);
  other.link.hasLifeline = false;
  peers.clientLink.blocking!.whileReceiving = () => other.link.close();
  const error = assertThrows(() => client.callSync(500, "m", ["secret"]), PeerGoneError);
  assertEquals([error.port, methodsSentBy(peers.clientLink)], [500, ["rpc.identity"]]);
  assertNothingLeft(peers);
});

Deno.test("a function is asked there and then; one that is async cannot be", async () => {
  const asked: unknown[] = [];
  await using peers = openSync({ trust: ({ uid }, method) => asked.push(uid, method) > 0 });
  const { client } = peers;
  assertEquals([client.callSync(500, "m"), asked], ["done", [10, "m", 10, "m"]], "before, and of the answer");
  const trust = () => Promise.resolve(true);
  const message = "callSync cannot wait for an async trust function: use call()";
  assertThrows(() => client.callSync(500, "m", ["secret"], { trust }), TypeError, message);
  assertEquals(methodsSentBy(peers.clientLink), ["m"]);
  assertNothingLeft(peers);
});

Deno.test("the answer to a synchronous call counts only from somebody whom it trusts", async () => {
  await using peers = openSync();
  const { client, other } = peers;
  peers.clientLink.blocking!.whileReceiving = () => {
    const [received] = other.readNow();
    other.link.close();
    peers.stranger(500, { uid: 1_000 }).answer(200, received!, "forged");
  };
  const error = assertThrows(() => client.callSync(500, "m"), AccessDeniedError);
  assertEquals(error.uid, 1_000);
  assertNothingLeft(peers);
});

Deno.test("what waits for the event loop neither delays a synchronous call nor is forgotten", async () => {
  await using peers = openSync();
  const { client, other } = peers;
  other.link.hasLifeline = false;
  other.link.release();
  const notified = client.notify(500, "before", [1]);
  await settle();
  assertEquals(client.callSync(500, "m", [2]), "done");
  assertEquals(peers.asked, ["rpc.identity", "rpc.identity", "m"]);
  other.link.hold();
  await notified;
  await settle();
  assertEquals(heardBy(other), [["before", 1]]);
});
