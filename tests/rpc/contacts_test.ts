// Ports that are called: what becomes of all that is pending when whoever holds one is gone, and what a peer keeps of them.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { PeerGoneError } from "../../mod.ts";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { heardBy } from "./blind.ts";

/** The errors of what was rejected; undefined for what was not. */
function reasonsOf(outcomes: PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.map((outcome) => outcome.status === "rejected" ? outcome.reason : undefined);
}

/** Everything that can be sent to a port, and how it ends. */
async function sendAll({ client }: Peers, port: number, large = "x".repeat(200_000)): Promise<unknown[]> {
  const options = { timeout: Infinity };
  const batch = client.batch(port, [{ method: "m" }, { method: "m", notify: true }, { method: "m" }], options);
  const outcomes = await Promise.allSettled([
    client.call(port, "m", [], options),
    client.call(port, "m", [large], options),
    client.notify(port, "m", [], options),
    client.notify(port, "m", [large], options),
    client.batch(port, [{ method: "m", notify: true }], options),
  ]);
  return [...reasonsOf(outcomes), ...reasonsOf(await batch)];
}

/** Asserts that nothing is left of what was sent. */
function assertNothingLeft({ client, clientLink }: Peers): void {
  const { callsInFlight, queuedBytes } = client.stats();
  assertEquals([isolateDeadlines.size, clientLink.holds, callsInFlight, queuedBytes], [0, 0, 0, 0]);
}

Deno.test("when the process of a port ends, all that is pending is rejected at once", async () => {
  await using peers = openPeers();
  const dying = peers.stranger(500);
  const outcomes = sendAll(peers, 500);
  await settled(5);
  dying.link.kill();
  const reasons = await outcomes;
  const gone = reasons.filter((reason) => reason !== undefined);
  // Notifications had arrived, as had that of the batch.
  assertEquals(reasons.map((reason) => reason === undefined), [false, false, true, true, true, false, true, false]);
  for (const reason of gone) {
    assertInstanceOf(reason, PeerGoneError);
    const { port, message } = reason as PeerGoneError;
    assertEquals([port, message], [500, "The peer at port 500 was gone before it answered"]);
  }
  assertNothingLeft(peers);
});

for (const room of [0, 2]) {
  Deno.test(`when the process of a port ends, what waits is taken back, after ${room} datagrams have left`, async () => {
    await using peers = openPeers();
    const dying = peers.stranger(500);
    dying.link.release();
    dying.link.queueLimit = room;
    peers.clientLink.maxDatagram = 2_000;
    const outcomes = sendAll(peers, 500, "x".repeat(20_000));
    await settled(2);
    dying.link.kill();
    // Whoever binds the port at once gets nothing of it.
    const heir = peers.stranger(500);
    dying.link.giveUp();
    const reasons = await outcomes;
    assert(reasons.filter((reason) => reason instanceof PeerGoneError).length >= 4);
    await settled(5);
    assertEquals([heardBy(heir), heir.fragments, heir.farewells], [[], 0, []]);
    assertNothingLeft(peers);
  });
}

Deno.test("calls after the end of a port's process go to whoever holds it next", async () => {
  await using peers = openPeers({ trust: "same-user" });
  const { client } = peers;
  const dying = peers.stranger(500, { uid: 10 });
  const first = client.call(500, "m", [1]).catch((error) => error);
  await settle();
  dying.link.kill();
  const heir = peers.stranger(500, { uid: 10 });
  const second = client.call(500, "m", [2]);
  assertInstanceOf(await first, PeerGoneError);
  heir.answer(200, await heir.next(), "done");
  assertEquals([await second, heardBy(heir)], ["done", []]);
  assertNothingLeft(peers);
});

Deno.test("calls that follow at once look whether the port was bound anew, also where nobody has told so yet", async () => {
  await using peers = openPeers({ trust: "same-user" });
  const { client } = peers;
  const old = peers.stranger(500, { uid: 10 });
  await client.notify(500, "m", [1]);
  // The process lives on.
  old.link.close();
  const heir = peers.stranger(500, { uid: 1_000 });
  const refused = client.notify(500, "m", [2]).catch((error) => error.uid);
  // Its lifeline may be in the wrong hands alone: the port itself is asked as well.
  heir.answer(200, await heir.next(), {});
  assertEquals([await refused, heardBy(heir)], [1_000, []]);
  assertEquals(old.link.lifelines.size, 0);
});

Deno.test("the end of one port's process is no concern of calls to another", async () => {
  await using peers = openPeers();
  const { client } = peers;
  const [dying, other] = [peers.stranger(500), peers.stranger(501)];
  const gone = client.call(500, "m").catch((error) => error);
  const call = client.call(501, "m");
  await settle();
  dying.link.kill();
  assertInstanceOf(await gone, PeerGoneError);
  other.answer(200, await other.next(), "done");
  assertEquals(await call, "done");
});

Deno.test("an answer that has come before the end counts", async () => {
  await using peers = openPeers();
  const { client } = peers;
  const last = peers.stranger(500);
  const calls = Promise.allSettled([client.call(500, "m"), client.call(500, "m")]);
  last.answer(200, await last.next(), "the last words");
  await settle();
  last.link.kill();
  const [answered, pending] = await calls;
  assertEquals(answered, { status: "fulfilled", value: "the last words" });
  assertInstanceOf((pending as PromiseRejectedResult).reason, PeerGoneError);
});

Deno.test("a port has one lifeline for all that is sent to it, until this peer is closed", async () => {
  const peers = openPeers();
  const { client } = peers;
  const { link } = peers.stranger(500);
  await Promise.all([client.notify(500, "m"), client.notify(500, "m")]);
  const [lifeline] = link.lifelines;
  const call = client.call(500, "m").catch(() => {});
  await client.notify(500, "m");
  assertEquals([[...link.lifelines], lifeline?.isWatched], [[lifeline], true]);
  await client.close();
  assertEquals([link.lifelines.size, lifeline?.isWatched], [0, false]);
  await Promise.all([call, peers.server.close()]);
});

Deno.test("of ports from which nothing is awaited 256 are kept, and those of which something is always", async () => {
  await using peers = openPeers();
  const { client } = peers;
  const strangers = Array.from({ length: 300 }, (_, index) => peers.stranger(1_000 + index));
  const lifelines = () => strangers.map(({ link }) => link.lifelines.size);
  const calls = [0, 1, 2].map((index) => client.call(1_000 + index, "m").catch((error) => error));
  await settle();
  for (const index of strangers.keys()) if (index > 2) await client.notify(1_000 + index, "m");
  // The oldest that are idle are forgotten.
  assertEquals(lifelines(), strangers.map((_, index) => index > 2 && index < 3 + 300 - 256 ? 0 : 1));
  // And found again.
  await client.notify(1_003, "m");
  assertEquals(lifelines()[3], 1);
  await client.close();
  assertEquals(lifelines(), strangers.map(() => 0));
  await Promise.all(calls);
});

Deno.test("a port without a lifeline is forgotten soon after the last answer", async () => {
  using time = fakeTime();
  await using peers = openPeers({ trust: "same-user" });
  const { client } = peers;
  const blind = peers.stranger(500, { uid: 10 });
  blind.link.hasLifeline = false;
  const call = client.call(500, "m");
  blind.answer(200, await blind.next(), {});
  blind.answer(200, await blind.next(), "done");
  await call;
  // It may have one the next time.
  blind.link.hasLifeline = true;
  await time.pass(200);
  await settled(2);
  const notified = client.notify(500, "m");
  await settle();
  assertEquals([blind.link.lifelines.size, heardBy(blind)], [1, ["m"]]);
  await notified;
});

for (const how of ["call", "notify", "callSync"] as const) {
  Deno.test(`whoever has a port that nobody held before is looked up anew, so that the end is noticed: after ${how}`, async () => {
    await using peers = openPeers();
    const { client, network } = peers;
    await assertRejects(async () => void await client[how](300, "m"), PeerGoneError);
    const link = network.open(300, { uid: 10 });
    link.start({ receive() {}, trouble() {}, failed() {} });
    const call = client.call(300, "m");
    await settle();
    link.kill();
    await assertRejects(() => call, PeerGoneError, "gone before it answered");
  });
}
