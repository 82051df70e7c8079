// Synchronous calls to peers of ProcsLink 0.1 for Python.
import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { mock } from "node:test";
import {
  AccessDeniedError,
  CallTimeoutError,
  InternalError,
  MessageTooLargeError,
  PeerGoneError,
  type RPCPeerOptions,
} from "../../mod.ts";
import type { Caller } from "../../src/link/link.ts";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import { legacyFrame, type LegacyStranger, openLegacy } from "../fakes/legacy_stranger.ts";
import type { MemoryBlocking } from "../fakes/memory_network.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import type { Received } from "../fakes/stranger.ts";
import { settle } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { bodyOf } from "./wire.ts";

const LEGACY = { dialect: "procslink-0.1" } as const;

interface Setup extends Peers {
  python: LegacyStranger;
  blocking: MemoryBlocking;
  /** What it has been asked: methods, and their first parameters. */
  asked: unknown[];
  /** How it answers each request; by itself with the first parameter. */
  reply: (request: Received) => void;
  /** What time it is. */
  now: number;
}

/** A client, and a legacy peer at port 600 that reads and answers while the thread of the client waits. */
function openSync(options: RPCPeerOptions = {}, who: Partial<Caller> = {}): Setup {
  const peers = openPeers(options);
  const python = openLegacy(peers, 600, who);
  const blocking = peers.clientLink.blocking!;
  const reply = (request: Received) => {
    python.result(200, request, (bodyOf(request).params as unknown[] | undefined)?.[0] ?? null);
  };
  const clock = mock.method(performance, "now", () => setup.now);
  const close = async () => {
    await peers[Symbol.asyncDispose]();
    clock.mock.restore();
  };
  const setup: Setup = { ...peers, python, blocking, asked: [], reply, now: 1_000, [Symbol.asyncDispose]: close };
  blocking.whileReceiving = (milliseconds) => {
    const requests = python.readNow();
    // Where nothing comes, the time passes.
    if (requests.length === 0) setup.now += milliseconds;
    for (const request of requests) {
      const { method, params } = bodyOf(request);
      setup.asked.push([method, ...(params as unknown[] | undefined) ?? []]);
      setup.reply(request);
    }
  };
  return setup;
}

/** Asserts that nothing is left of a call. */
function assertNothingLeft({ client, clientLink, clientTroubles }: Peers): void {
  assertEquals([client.stats().callsInFlight, isolateDeadlines.size, clientLink.holds, clientTroubles], [0, 0, 0, []]);
}

Deno.test("a synchronous call returns what the method returns, and its request has no deadline", async () => {
  await using setup = openSync();
  const { client, clientLink } = setup;
  assertEquals(client.callSync(600, "echo", ["h\u00e9llo"], { ...LEGACY, timeout: 5_000 }), "h\u00e9llo");
  const { bytes } = clientLink.sent[0]!;
  const { id } = JSON.parse(new TextDecoder().decode(bytes.subarray(40)));
  const text = `{"jsonrpc":"2.0","id":${id},"method":"echo","params":["h\u00e9llo"]}`;
  assertEquals(bytes, legacyFrame(200, { body: text }));
  assertEquals([client.callSync(600, "nothing", undefined, LEGACY), clientLink.sent.length], [null, 2]);
  assertNothingLeft(setup);
});

Deno.test("a synchronous call throws what it is answered with, also where that has no id", async () => {
  await using setup = openSync();
  const { client, python } = setup;
  setup.reply = ({ body }) => {
    const { id } = body as { id: number };
    python.respond(200, { jsonrpc: "2.0", id, error: { code: -32603, message: "Internal error", data: "boom" } });
  };
  assertEquals(assertThrows(() => client.callSync(600, "m", [], LEGACY), InternalError).data, "boom");
  setup.reply = () => python.failedNotification(200, "no id");
  assertEquals(assertThrows(() => client.callSync(600, "m", [], LEGACY), InternalError).data, "no id");
  assertNothingLeft(setup);
});

Deno.test("a synchronous call waits for the call under way, goes before those that are queued, and settles both", async () => {
  await using setup = openSync();
  const { client, asked } = setup;
  const calls = ["under way", "queued"].map((value) => client.call(600, "echo", [value], LEGACY));
  const notified = client.notify(600, "log", [], LEGACY);
  assertEquals(client.callSync(600, "echo", ["sync"], LEGACY), "sync");
  assertEquals(asked, [["echo", "under way"], ["echo", "sync"]]);
  await settle();
  setup.python.result(200, setup.python.readNow()[0]!, "queued");
  assertEquals(await Promise.all(calls), ["under way", "queued"]);
  await notified;
  assertNothingLeft(setup);
});

Deno.test("a synchronous call waits behind a call that is never answered until its own time is up", async () => {
  await using setup = openSync();
  const { client, asked } = setup;
  setup.reply = () => {};
  const call = client.call(600, "never", [], { ...LEGACY, timeout: 1_000 }).catch((error) => error);
  assertThrows(
    () => client.callSync(600, "echo", ["x"], { ...LEGACY, timeout: 50 }),
    CallTimeoutError,
    '"echo" within 50 ms',
  );
  assertEquals([asked, setup.now], [[["never"]], 1_050]);
  await client.close();
  await call;
});

Deno.test("a synchronous call follows once the time of the call under way is up, whose late answer is no trouble", async () => {
  await using setup = openSync();
  const { client, python, asked } = setup;
  const held: Received[] = [];
  setup.reply = (request) => void held.push(request);
  const slow = client.call(600, "slow", ["late"], { ...LEGACY, timeout: 30 }).catch((error) => error);
  await settle();
  setup.reply = (request) => {
    if (held.push(request) < 2) return;
    python.result(200, held[0]!, "late");
    python.result(200, held[1]!, "in time");
  };
  assertEquals(client.callSync(600, "echo", ["x"], { ...LEGACY, timeout: 500 }), "in time");
  assertEquals(asked, [["slow", "late"], ["echo", "x"]]);
  // It has come in time after all: no timer has had its turn.
  assertEquals(await slow, "late");
  assertNothingLeft(setup);
});

Deno.test("a failure of the call under way lets a synchronous call go", async () => {
  await using setup = openSync();
  const { client, clientLink } = setup;
  clientLink.failures.push(new RangeError("no luck"));
  const call = client.call(600, "m", [], LEGACY).catch((error) => error);
  assertEquals(client.callSync(600, "echo", ["sync"], { ...LEGACY, timeout: 100 }), "sync");
  assertInstanceOf(await call, RangeError);
  assertEquals(setup.now, 1_000);
});

Deno.test("a synchronous call that times out is not cancelled, and the answer that comes late is dropped", async () => {
  await using setup = openSync();
  const { client, python, clientLink } = setup;
  const held: Received[] = [];
  setup.reply = (request) => void held.push(request);
  assertThrows(() => client.callSync(600, "slow", ["late"], { ...LEGACY, timeout: 20 }), CallTimeoutError);
  assertEquals([setup.now, clientLink.sent.length], [1_020, 1]);
  setup.reply = (request) => {
    python.result(200, held[0]!, "late");
    python.result(200, request, "in time");
  };
  assertEquals(client.callSync(600, "echo", ["x"], LEGACY), "in time");
  assertNothingLeft(setup);
});

Deno.test("an error without an id after a synchronous call that timed out is of that one", async () => {
  await using setup = openSync();
  const { client, python } = setup;
  setup.reply = () => {};
  assertThrows(() => client.callSync(600, "slow", [], { ...LEGACY, timeout: 20 }), CallTimeoutError);
  setup.reply = (request) => {
    python.failedNotification(200);
    python.result(200, request, "right");
  };
  assertEquals(client.callSync(600, "echo", [], LEGACY), "right");
  assertEquals(setup.clientTroubles.length, 1);
});

Deno.test("a synchronous call that such a peer would not read whole is refused before anything is sent", async () => {
  await using setup = openSync();
  const { client, clientLink } = setup;
  const error = assertThrows(() => client.callSync(600, "m", ["x".repeat(4_096)], LEGACY), MessageTooLargeError);
  assertEquals([error.maximum, clientLink.sent], [4_096, []]);
  // It waits for no turn.
  setup.reply = () => {};
  const never = client.call(600, "never", [], LEGACY).catch((error) => error);
  assertThrows(() => client.callSync(600, "m", ["x".repeat(4_096)], LEGACY), MessageTooLargeError);
  assertEquals([setup.now, setup.asked], [1_000, []]);
  await client.close();
  await never;
});

Deno.test("a synchronous call may be as large as such a peer reads", async () => {
  await using setup = openSync();
  const { client } = setup;
  assertThrows(() => client.callSync(600, "m", [1n], LEGACY), TypeError);
  assertEquals(client.callSync(600, "echo", ["x".repeat(3_900)], LEGACY), "x".repeat(3_900));
  assertNothingLeft(setup);
});

Deno.test("a port of this very thread, and a link that cannot wait, are refused", async () => {
  await using setup = openSync();
  const { client, clientLink, blocking } = setup;
  blocking.own.add(600);
  assertThrows(() => client.callSync(600, "m", [], LEGACY), TypeError, "Port 600 is held by this very thread");
  clientLink.blocking = undefined;
  assertThrows(() => client.callSync(600, "m", [], LEGACY), TypeError, "This link cannot wait");
  assertEquals(clientLink.sent, []);
});

Deno.test("a peer that is gone ends a synchronous call soon, and is looked for without a word", async () => {
  await using setup = openSync();
  const { client, clientLink, python } = setup;
  setup.reply = () => python.link.kill();
  assertThrows(() => client.callSync(600, "m", [], { ...LEGACY, timeout: Infinity }), PeerGoneError);
  assertEquals([clientLink.sent.length, clientLink.socketsAsked.length > 0, setup.now < 1_500], [1, true, true]);
  assertThrows(() => client.callSync(600, "m", [], LEGACY), PeerGoneError, "No peer holds port 600");
  assertNothingLeft(setup);
});

Deno.test("a synchronous call leaves at once where nobody has said whom to trust, and the answer of another user does not count", async () => {
  await using setup = openSync({ trust: undefined }, { uid: 1_000 });
  const error = assertThrows(() => setup.client.callSync(600, "m", ["sent"], LEGACY), AccessDeniedError);
  assertEquals([error.uid, setup.asked], [1_000, [["m", "sent"]]]);
});

Deno.test("where a lifeline tells who holds the port, that counts before a synchronous call is sent", async () => {
  for (const uid of [10, 1_000]) {
    await using setup = openSync({ trust: undefined }, { uid });
    const { client, python, asked } = setup;
    python.link.hasLifeline = true;
    if (uid === 10) assertEquals(client.callSync(600, "echo", ["secret"], LEGACY), "secret");
    else assertThrows(() => client.callSync(600, "echo", ["secret"], LEGACY), AccessDeniedError);
    assertEquals(asked, uid === 10 ? [["echo", "secret"]] : [["rpc.identity"]]);
  }
});

for (const how of ["the peer", "the call"] as const) {
  Deno.test(`where ${how} says whom to trust, a synchronous call asks who holds the port, and sends nothing more to another`, async () => {
    for (const uid of [10, 1_000]) {
      await using setup = openSync({ trust: how === "the peer" ? "same-user" : undefined }, { uid });
      const { client, asked } = setup;
      const options = how === "the call" ? { ...LEGACY, trust: "same-user" as const } : LEGACY;
      if (uid === 10) assertEquals(client.callSync(600, "echo", ["secret"], options), "secret");
      else assertThrows(() => client.callSync(600, "echo", ["secret"], options), AccessDeniedError);
      assertEquals(asked, uid === 10 ? [["rpc.identity"], ["echo", "secret"]] : [["rpc.identity"]]);
      assertNothingLeft(setup);
    }
  });
}

Deno.test("synchronous calls are made one after the other, whatever became of the one before", async () => {
  await using setup = openSync();
  const { client, python } = setup;
  for (const value of [1, 2, 3]) assertEquals(client.callSync(600, "echo", [value], LEGACY), value);
  setup.reply = () => python.respond(200, "{");
  assertThrows(() => client.callSync(600, "m", [], LEGACY), Error, "The body is not JSON");
  setup.reply = (request) => python.result(200, request, "fine");
  assertEquals(client.callSync(600, "m", [], LEGACY), "fine");
  await settled();
  assertEquals([client.stats().callsInFlight, setup.clientTroubles.length], [0, 1]);
});
