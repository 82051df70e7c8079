// Who may call: functions that decide, rules of single methods, and loops.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { AccessDeniedError, type AccessRule, RPCPeer, type TroubleEvent } from "../../mod.ts";
import type { Caller } from "../../src/link/link.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { notification, outcomeOf, request } from "./wire.ts";

const DENIED = -32001;
const PEER_CLOSED = -32000;

Deno.test("a function is asked of the caller, in the words of the kernel, and of the method", async () => {
  const asked: unknown[] = [];
  await using peers = openPeers({ access: (caller, method) => asked.push(caller, method) > 2 }, { clientUid: 20 });
  peers.server.registerFunction(() => "pong", "ping");
  peers.server.runServerForever();
  await assertRejects(() => peers.client.call(100, "ping"), AccessDeniedError);
  assertEquals(await peers.client.call(100, "ping"), "pong");
  const caller = { port: 200, uid: 20, gid: 21, pidHint: 22 };
  assertEquals(asked, [caller, "ping", caller, "ping"]);
});

const answers: [name: string, rule: () => unknown, isAllowed: boolean][] = [
  ["true", () => true, true],
  ["a promise of true", () => Promise.resolve(true), true],
  ["a promise that takes its time", () => settle().then(() => true), true],
  ["what can be awaited, and is true", () => ({ then: (resolve: (value: boolean) => void) => resolve(true) }), true],
  ["false", () => false, false],
  ["nothing", () => {}, false],
  ["null", () => null, false],
  ["1", () => 1, false],
  ["a text", () => "yes", false],
  ["an object", () => ({ allowed: true }), false],
  ["a function", () => () => true, false],
  ["a Boolean object", () => Object(true), false],
  ["a promise of false", () => Promise.resolve(false), false],
  ["a promise of 1", () => Promise.resolve(1), false],
  ["a promise of an object", () => Promise.resolve({}), false],
  ["what can be awaited, and is 1", () => ({ then: (resolve: (value: number) => void) => resolve(1) }), false],
];

for (const [name, rule, isAllowed] of answers) {
  Deno.test(`${name} is a ${isAllowed ? "yes" : "no"}`, async () => {
    await using peers = openPeers({ access: rule as () => boolean });
    let ran = 0;
    peers.server.registerFunction(() => ran++, "count");
    peers.server.runServerForever();
    await peers.client.notify(100, "count");
    const outcome = await peers.client.call(100, "count").catch((error) => error.code);
    assertEquals([outcome, ran], isAllowed ? [1, 2] : [DENIED, 0]);
    assertEquals(peers.serverTroubles, isAllowed ? [] : Array(2).fill('denied: User 10 may not call "count"'));
  });
}

const thrown = new Error("the directory is away");
const failing: Record<string, () => unknown> = {
  throws: () => {
    throw thrown;
  },
  rejects: () => Promise.reject(thrown),
  "returns what throws when it is awaited": () => ({
    get then() {
      throw thrown;
    },
  }),
};

for (const [name, rule] of Object.entries(failing)) {
  Deno.test(`a function that ${name} has said no, and its error is trouble of this side alone`, async () => {
    await using peers = openPeers({ access: rule as () => boolean });
    const events: TroubleEvent[] = [];
    peers.server.addEventListener("trouble", (event) => events.push(event));
    peers.server.registerFunction(() => "pong", "ping");
    peers.server.runServerForever();
    const error = await assertRejects(() => peers.client.call(100, "ping"), AccessDeniedError);
    assert(!JSON.stringify(error).includes("directory"));
    assertEquals(events.map(({ kind, port }) => [kind, port]), [["handler", 200], ["denied", 200]]);
    assertEquals(events[0]!.reason, 'The access function has thrown, which is a no, for "ping"');
    assertStrictEquals(events[0]!.error, thrown);
  });
}

const mixed: [name: string, peer: AccessRule, method: AccessRule | undefined, [own: unknown, other: unknown]][] = [
  ["wider than the peer's", { uids: [1] }, "anyone", ["pong", "pong"]],
  ["narrower than the peer's", "anyone", "same-user", ["pong", DENIED]],
  ["another than the peer's", { uids: [1_000] }, { uids: [10] }, ["pong", DENIED]],
  ["a function", "anyone", ({ uid }) => uid === 1_000, [DENIED, "pong"]],
  ["an async function", "anyone", ({ uid }) => settle().then(() => uid === 1_000), [DENIED, "pong"]],
  ["left out", { uids: [1_000] }, undefined, [DENIED, "pong"]],
];

for (const [name, peerRule, rule, outcomes] of mixed) {
  Deno.test(`a method has its own rule: ${name}`, async () => {
    await using peers = openPeers({ access: peerRule });
    const { server, client } = peers;
    server.registerFunction(() => "pong", "ping", { access: rule });
    server.runServerForever();
    const mallory = peers.stranger();
    mallory.send(100, request(1, "ping"));
    const own = await client.call(100, "ping").catch((error) => error.code);
    assertEquals([own, outcomeOf(await mallory.next())], outcomes);
    // The others keep the peer's.
    mallory.send(100, request(2, "missing"));
    const other = outcomeOf(await mallory.next());
    assertEquals(
      other,
      peerRule === "anyone" || (peerRule as { uids: number[] }).uids.includes(1_000) ? -32601 : DENIED,
    );
  });
}

Deno.test("a function whose rule is none is not registered", () => {
  using server = new RPCPeer({ link: new MemoryNetwork().open(100) });
  const access = { uids: [-1] };
  assertThrows(() => server.registerFunction(() => 1, "one", { access }), RangeError, "access.uids must hold ids");
  assertThrows(() => server.registerFunction(() => 1, "one", { access: "all" as "anyone" }), TypeError);
  server.registerFunction(() => 1, "one");
});

Deno.test("a loop never sees a request that is refused", async () => {
  const rule = ({ uid }: Caller, method: string) => method === "later" ? settle().then(() => uid === 10) : uid === 10;
  await using peers = openPeers({ access: rule });
  const { server, client } = peers;
  const seen: unknown[] = [];
  (async () => {
    for await (const { method, caller, isNotification } of server) seen.push([method, caller.uid, isNotification]);
  })();
  const mallory = peers.stranger();
  for (const method of ["now", "later"]) {
    mallory.send(100, request(method, method));
    mallory.send(100, notification(method));
    await client.notify(100, method);
  }
  await settle();
  await settle();
  assertEquals(seen, [["now", 10, true], ["later", 10, true]]);
  assertEquals(mallory.unread.map(outcomeOf), [DENIED, DENIED]);
});

/** A server whose access function decides when a test says so. */
function openUndecided() {
  const decisions: ((allowed: boolean) => void)[] = [];
  const peers = openPeers({ access: () => new Promise((resolve) => decisions.push(resolve)) });
  let ran = 0;
  peers.server.registerFunction(() => ran++, "count");
  peers.server.runServerForever();
  return {
    ...peers,
    get ran() {
      return ran;
    },
    /** Decides on all that has been asked so far. */
    async decide(allowed: boolean) {
      for (const decision of decisions.splice(0)) decision(allowed);
      await settle();
    },
  };
}

Deno.test("a request that nobody has decided on is in hand, and runs once that is done", async () => {
  await using peers = openUndecided();
  const { server, client } = peers;
  const call = client.call(100, "count");
  await settle();
  assertEquals([peers.ran, server.stats().requestsInFlight], [0, 1]);
  await peers.decide(true);
  assertEquals([await call, server.stats().requestsInFlight], [0, 0]);
});

Deno.test("what nobody waits for any more when it is decided on never runs", async () => {
  await using peers = openUndecided();
  const { server, client } = peers;
  const controller = new AbortController();
  const call = client.call(100, "count", [], { signal: controller.signal }).catch((reason) => reason);
  await settle();
  controller.abort("enough");
  assertEquals(await call, "enough");
  await settle();
  assertEquals(server.stats().requestsInFlight, 0);
  await peers.decide(true);
  assertEquals([peers.ran, peers.serverLink.sent, peers.serverTroubles], [0, [], []]);
});

for (const allowed of [true, false]) {
  Deno.test(`a peer that closes answers what nobody has decided on; ${allowed ? "yes" : "no"} comes too late`, async () => {
    await using peers = openUndecided();
    const call = peers.client.call(100, "count").catch((error) => error.code);
    await settle();
    await peers.server.close();
    await peers.decide(allowed);
    assertEquals([await call, peers.ran, peers.serverTroubles], [PEER_CLOSED, 0, []]);
  });
}

Deno.test("a request that may be carried out is not, where its peer drains by then", async () => {
  await using peers = openUndecided();
  const call = peers.client.call(100, "count").catch((error) => error.code);
  await settle();
  const closed = peers.server.close({ drain: true });
  await peers.decide(true);
  await closed;
  assertEquals([await call, peers.ran], [PEER_CLOSED, 0]);
});

Deno.test("a batch is answered once all of its members are decided on", async () => {
  await using peers = openUndecided();
  const batch = peers.client.batch(100, [{ method: "count" }, { method: "count", notify: true }, { method: "count" }]);
  await settle();
  assertEquals([peers.ran, peers.serverLink.sent.length], [0, 0]);
  await peers.decide(true);
  assertEquals((await batch).map(({ status }) => status), ["fulfilled", "fulfilled", "fulfilled"]);
  assertEquals(peers.ran, 3);
});
