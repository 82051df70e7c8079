// Whom calls to peers of ProcsLink 0.1 for Python trust. Such a peer answers the question who it is with an error, which is one too.
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { AccessDeniedError, CallTimeoutError, type RPCPeerOptions } from "../../mod.ts";
import type { Caller } from "../../src/link/link.ts";
import { type LegacyStranger, openLegacy } from "../fakes/legacy_stranger.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { bodyOf } from "./wire.ts";

const LEGACY = { dialect: "procslink-0.1" } as const;

/** A client of user 10, and a legacy peer of whoever a test says. */
function openTrusting(options: RPCPeerOptions, who: Partial<Caller> = {}): Peers & { python: LegacyStranger } {
  const peers = openPeers({ trust: undefined, ...options });
  peers.client.runServerForever();
  return { ...peers, python: openLegacy(peers, 600, who) };
}

/** Answers the question who holds the port, as such a peer does. */
async function identify(python: LegacyStranger): Promise<void> {
  const { id, method, params } = bodyOf(await python.next());
  assertEquals([method, params], ["rpc.identity", undefined]);
  python.respond(200, { jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } });
  await settle();
}

Deno.test("where nobody has said whom to trust, a call leaves at once, and an answer of the same user counts", async () => {
  for (const uid of [10, 0]) {
    await using peers = openTrusting({}, { uid });
    const call = peers.client.call(600, "m", ["sent"], LEGACY);
    await settle();
    assertEquals(peers.python.heard, [["m", "sent"]]);
    peers.python.result(200, await peers.python.next(), "right");
    assertEquals(await call, "right");
  }
});

Deno.test("where nobody has said whom to trust, an answer of another user does not count, and the next call goes", async () => {
  await using peers = openTrusting({}, { uid: 1_000 });
  const { client, python } = peers;
  const calls = [1, 2].map((value) => client.call(600, "m", [value], LEGACY).catch((error) => error));
  for (const call of calls) {
    python.result(200, await python.next(), "forged");
    assertEquals(((await call) as AccessDeniedError).uid, 1_000);
  }
  await client.notify(600, "log", [], LEGACY);
  assertEquals([client.stats().callsInFlight, peers.clientTroubles], [0, []]);
});

for (const how of ["the peer", "the call"] as const) {
  const options = how === "the call" ? { ...LEGACY, trust: "same-user" as const } : LEGACY;
  const peerOptions = how === "the peer" ? { trust: "same-user" as const } : {};

  Deno.test(`where ${how} says whom to trust, the port is asked first, once for all that follows soon`, async () => {
    await using peers = openTrusting(peerOptions);
    const { client, python } = peers;
    const calls = [1, 2].map((value) => client.call(600, "m", [value], options));
    const notified = client.notify(600, "log", [3], options);
    await settle();
    assertEquals(python.heard, ["rpc.identity"]);
    await identify(python);
    for (const value of [1, 2]) {
      await settle();
      assertEquals(python.heard, [["m", value]]);
      python.result(200, await python.next(), value);
    }
    assertEquals(await Promise.all(calls), [1, 2]);
    await notified;
    await settle();
    assertEquals([python.heard, peers.clientTroubles], [[["log", 3]], []]);
  });

  Deno.test(`where ${how} says whom to trust, whoever else holds the port gets the question, and nothing more`, async () => {
    await using peers = openTrusting(peerOptions, { uid: 1_000 });
    const { client, python } = peers;
    const calls = Promise.all([
      client.call(600, "m", ["secret"], options).catch((error) => error),
      client.call(600, "m", ["secret"], options).catch((error) => error),
      client.notify(600, "m", ["secret"], options).catch((error) => error),
    ]);
    await identify(python);
    for (const error of await calls) {
      assertInstanceOf(error, AccessDeniedError);
      assertEquals(error.uid, 1_000);
    }
    await settled(2);
    assertEquals([python.heard, client.stats().callsInFlight], [[], 0]);
  });
}

Deno.test("a call that trusts anyone asks nobody, whatever its peer says", async () => {
  await using peers = openTrusting({ trust: "same-user" }, { uid: 1_000 });
  const call = peers.client.call(600, "m", [], { ...LEGACY, trust: "anyone" });
  peers.python.result(200, await peers.python.next(), "right");
  assertEquals(await call, "right");
});

Deno.test("the question is answered as well by a result, and by an error without an id", async () => {
  for (const isResult of [true, false]) {
    await using peers = openTrusting({ trust: "same-user" });
    const { client, python } = peers;
    const call = client.call(600, "m", ["x"], LEGACY);
    const question = await python.next();
    if (isResult) python.result(200, question, {});
    else python.failedNotification(200);
    const request = await python.next();
    assertEquals(bodyOf(request).params, ["x"]);
    python.result(200, request, "right");
    assertEquals([await call, peers.clientTroubles], ["right", []]);
  }
});

Deno.test("where a lifeline tells who holds the port, that counts before anything is sent, whether trust is given or not", async () => {
  for (const trust of [undefined, "same-user"] as const) {
    for (const uid of [10, 1_000]) {
      await using peers = openTrusting({ trust }, { uid });
      const { client, python } = peers;
      python.link.hasLifeline = true;
      const call = client.call(600, "m", ["secret"], LEGACY).catch((error) => error);
      await settle();
      if (uid === 10) {
        assertEquals(python.heard, [["m", "secret"]]);
        python.result(200, await python.next(), "right");
        assertEquals(await call, "right");
        continue;
      }
      // The lifeline may be somebody else's: the port itself has the last word.
      await identify(python);
      assertInstanceOf(await call, AccessDeniedError);
      assertEquals(python.heard, []);
    }
  }
});

Deno.test("a call that is given up while the port is asked is never sent, and the next one is", async () => {
  using time = fakeTime();
  await using peers = openTrusting({ trust: "same-user" });
  const { client, python } = peers;
  const lost = client.call(600, "m", ["lost"], { ...LEGACY, timeout: 20 }).catch((error) => error);
  const next = client.call(600, "m", ["next"], LEGACY);
  await settled();
  await time.pass(20);
  assertInstanceOf(await lost, CallTimeoutError);
  await identify(python);
  await settled(2);
  assertEquals(python.heard, [["m", "next"]]);
  python.result(200, await python.next(), "right");
  assertEquals([await next, peers.clientTroubles, client.stats().callsInFlight], ["right", [], 0]);
});

Deno.test("who is asked and nobody waits for is not asked twice, and its late answer is no trouble", async () => {
  using time = fakeTime();
  await using peers = openTrusting({ trust: "same-user" });
  const { client, python } = peers;
  const lost = client.call(600, "m", ["lost"], { ...LEGACY, timeout: 20 }).catch((error) => error);
  await time.pass(25);
  await lost;
  assertEquals(client.stats().callsInFlight, 0);
  await identify(python);
  await settled(2);
  assertEquals([python.heard, peers.clientTroubles], [[], []]);
});

Deno.test("a function may take its time to say whom a call trusts: the calls behind wait, and it is asked again of who answers", async () => {
  await using peers = openTrusting({});
  const { client, python } = peers;
  const asked: unknown[] = [];
  const trust = async (
    { port, uid }: Caller,
    method: string,
  ) => (await settle(), asked.push([port, uid, method]), true);
  const call = client.call(600, "m", [1], { ...LEGACY, trust });
  const behind = client.call(600, "m", [2], LEGACY);
  await identify(python);
  await settled(2);
  assertEquals(python.heard, [["m", 1]]);
  python.result(200, await python.next(), "first");
  assertEquals(await call, "first");
  python.result(200, await python.next(), "second");
  assertEquals(await behind, "second");
  assertEquals(asked, [[600, 10, "m"], [600, 10, "m"]]);
});

Deno.test("a batch asks once, and a rule that is none is refused", async () => {
  await using peers = openTrusting({ trust: "same-user" });
  const { client, python } = peers;
  const batch = client.batch(600, [{ method: "a" }, { method: "b" }], LEGACY);
  await identify(python);
  for (const value of [1, 2]) python.result(200, await python.next(), value);
  assertEquals(await batch, [1, 2].map((value) => ({ status: "fulfilled" as const, value })));
  await assertRejects(() => client.call(600, "m", [], { ...LEGACY, trust: "nobody" as never }), TypeError);
});
