// Whether somebody has a name, and waiting until somebody does.
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { AccessDeniedError, CallTimeoutError, NameNotFoundError, PeerClosedError, RPCPeer } from "../../mod.ts";
import type { LookupOptions } from "../../src/rpc/lookup.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime } from "../fakes/time.ts";
import { CLOCK, CLOCK_PORT, lastNamed, openNamed, questionsTo, TWIN_PORT, TWINS } from "./named.ts";
import { methodsSentBy } from "./wire.ts";

/** The ways to look a name up. */
const looks = [
  (peer: RPCPeer, name: string, options?: LookupOptions): Promise<unknown> => peer.resolve(name, options),
  (peer: RPCPeer, name: string, options?: LookupOptions): Promise<unknown> => peer.isPresent(name, options),
  (peer: RPCPeer, name: string, options?: LookupOptions): Promise<unknown> => peer.waitFor(name, options),
];

/** Follows a promise. */
function follow(promise: Promise<unknown>): { outcome: unknown } {
  const state: { outcome: unknown } = { outcome: "none yet" };
  promise.then((value) => state.outcome = value, (error) => state.outcome = error);
  return state;
}

/** The outcome, which is that time was up. */
function timeoutIn(outcome: unknown): CallTimeoutError {
  if (outcome instanceof CallTimeoutError) return outcome;
  throw new Error(`That is no timeout: ${outcome}`);
}

Deno.test("a name that somebody has is resolved to its port, at each time anew", async () => {
  await using peers = openNamed([CLOCK, TWINS[0]]);
  const { client, server } = peers;
  void server.runServerForever();
  assertEquals([await client.resolve(CLOCK), await client.resolve(TWINS[0])], [CLOCK_PORT, TWIN_PORT]);
  assertEquals([await client.isPresent(CLOCK), await client.isPresent(TWINS[0])], [true, true]);
  await server.release(CLOCK);
  await assertRejects(() => client.resolve(CLOCK), NameNotFoundError);
  assertEquals([await client.isPresent(CLOCK), await client.isPresent(TWINS[0])], [false, true]);
});

Deno.test("a name that another one stands for is not there", async () => {
  await using peers = openNamed([TWINS[0]]);
  const { client, server } = peers;
  void server.runServerForever();
  await assertRejects(() => client.resolve(TWINS[1]), NameNotFoundError, `and "${TWINS[0]}" has that`);
  assertEquals(await client.isPresent(TWINS[1]), false);
});

Deno.test("a peer finds its own names", async () => {
  await using peers = openNamed();
  assertEquals([await peers.server.resolve(CLOCK), await peers.server.isPresent("other")], [CLOCK_PORT, false]);
});

Deno.test("a name that cannot be one is refused, and asked of nobody", async () => {
  await using peers = openPeers();
  const { client } = peers;
  for (const look of looks) {
    await assertRejects(() => look(client, ""), RangeError, "it is empty");
    await assertRejects(() => look(client, "100"), RangeError, "it is a number");
    await assertRejects(() => look(client, 100 as never), TypeError, "must be a string, not number");
  }
  assertEquals(peers.clientLink.sent, []);
});

Deno.test("a name that somebody has who is not trusted is neither there nor not", async () => {
  await using peers = openNamed([CLOCK], {}, { clientUid: 33 });
  const { client, server } = peers;
  void server.runServerForever();
  for (const look of looks) {
    const error = await assertRejects(() => look(client, CLOCK, { trust: { uids: [33] } }), AccessDeniedError);
    assertEquals(error.uid, 10);
    assert(await look(client, CLOCK, { trust: { uids: [10] } }));
  }
});

Deno.test("whoever may call nothing cannot look names up", async () => {
  await using peers = openNamed([CLOCK], {}, { clientUid: 33, server: { access: "same-user" } });
  const { client, server } = peers;
  void server.runServerForever();
  for (const look of looks) {
    await assertRejects(() => look(client, CLOCK), AccessDeniedError);
  }
});

Deno.test("a name whose owner does not answer is not said to be there, or not", async () => {
  using time = fakeTime();
  await using peers = openNamed();
  const { client } = peers;
  const found = looks.map((look) => follow(look(client, CLOCK, { timeout: 100 })));
  await time.pass(99);
  assertEquals(found.map(({ outcome }) => outcome), ["none yet", "none yet", "none yet"]);
  await time.pass(10);
  for (const { outcome } of found) {
    const { port, timeout } = timeoutIn(outcome);
    assertEquals([port, timeout], [CLOCK_PORT, 100]);
  }
});

Deno.test("a closed peer looks nothing up", async () => {
  await using peers = openNamed();
  const { client } = peers;
  await client.close();
  for (const look of looks) {
    await assertRejects(() => look(client, CLOCK), PeerClosedError);
  }
});

Deno.test("a name that is there is not waited for", async () => {
  using time = fakeTime();
  await using peers = openNamed();
  void peers.server.runServerForever();
  const found = follow(peers.client.waitFor(CLOCK));
  await time.pass(1);
  assertEquals([found.outcome, questionsTo(CLOCK_PORT, peers.clientLink)], [CLOCK_PORT, 2]);
});

Deno.test("a name that appears is found within a look", async () => {
  using time = fakeTime();
  await using peers = openNamed([]);
  const { client, clientLink, server } = peers;
  void server.runServerForever();
  const found = follow(client.waitFor(CLOCK));
  await time.pass(1_010);
  assertEquals([found.outcome, methodsSentBy(clientLink)], ["none yet", []]);
  server.claim(CLOCK);
  await time.pass(50);
  assertEquals(found.outcome, CLOCK_PORT);
  assertEquals([clientLink.holds, client.stats().callsInFlight], [0, 0]);
});

Deno.test("a name that its port does not stand for yet is waited for", async () => {
  using time = fakeTime();
  await using peers = openNamed([TWINS[0]]);
  const { client, server } = peers;
  void server.runServerForever();
  const found = follow(client.waitFor(TWINS[1]));
  await time.pass(120);
  await server.release(TWINS[0]);
  server.claim(TWINS[1]);
  await time.pass(50);
  assertEquals(found.outcome, TWIN_PORT);
});

Deno.test("a name that is gone while it is asked for is waited for again", async () => {
  using time = fakeTime();
  await using peers = openNamed();
  const { client, clientLink, network, serverLink } = peers;
  const found = follow(client.waitFor(CLOCK));
  await time.pass(20);
  assertEquals(methodsSentBy(clientLink).length > 0, true);
  lastNamed(serverLink).kill();
  await time.pass(20);
  assertEquals(found.outcome, "none yet");
  await using next = new RPCPeer({ link: network.open(101, { uid: 10 }), name: CLOCK });
  void next.runServerForever();
  await time.pass(50);
  assertEquals(found.outcome, CLOCK_PORT);
});

Deno.test("a name that does not appear is given up when the time is up", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const found = follow(peers.client.waitFor(CLOCK, { timeout: 200 }));
  await time.pass(140);
  assertEquals(found.outcome, "none yet");
  await time.pass(65);
  const { message, port, timeout } = timeoutIn(found.outcome);
  assert(message.endsWith(`within 200 ms. Nobody has the name "${CLOCK}"`), message);
  assertEquals([port, timeout], [CLOCK_PORT, 200]);
});

Deno.test("a name is waited for as long as is said, not less", async () => {
  using time = fakeTime();
  await using peers = openNamed([]);
  const { client, server } = peers;
  void server.runServerForever();
  const found = follow(client.waitFor(CLOCK, { timeout: 80 }));
  await time.pass(70);
  server.claim(CLOCK);
  await time.pass(11);
  assertEquals(found.outcome, CLOCK_PORT);
});

Deno.test("where a name appears whose owner does not answer, the error says how long was waited in all", async () => {
  using time = fakeTime();
  await using peers = openNamed([]);
  const found = follow(peers.client.waitFor(CLOCK, { timeout: 200 }));
  await time.pass(70);
  peers.server.claim(CLOCK);
  await time.pass(140);
  const { message, timeout } = timeoutIn(found.outcome);
  assert(message.endsWith('did not answer "rpc.identity" within 200 ms'), message);
  assertEquals(timeout, 200);
});

Deno.test("a name may be waited for without end", async () => {
  using time = fakeTime();
  await using peers = openNamed([]);
  const { client, server } = peers;
  void server.runServerForever();
  const found = follow(client.waitFor(CLOCK, { timeout: Infinity }));
  await time.pass(100);
  time.busy(10_000_000);
  await time.pass(100);
  assertEquals(found.outcome, "none yet");
  server.claim(CLOCK);
  await time.pass(50);
  assertEquals(found.outcome, CLOCK_PORT);
});

Deno.test("a timeout that is none is refused", async () => {
  await using peers = openPeers();
  await assertRejects(() => peers.client.waitFor(CLOCK, { timeout: -1 }), RangeError);
  await assertRejects(() => peers.client.waitFor(CLOCK, { timeout: NaN }), RangeError);
});

Deno.test("a signal ends the wait at once, and leaves nothing behind", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const controller = new AbortController();
  const { signal } = controller;
  const listening = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...[type, listener]: Parameters<typeof addEventListener>) => {
    listening.add(listener);
    addEventListener.call(signal, type, listener);
  };
  signal.removeEventListener = (...[type, listener]: Parameters<typeof removeEventListener>) => {
    listening.delete(listener);
    removeEventListener.call(signal, type, listener);
  };
  const found = follow(peers.client.waitFor(CLOCK, { signal }));
  await time.pass(220);
  assertEquals(listening.size, 1);
  const reason = new Error("enough");
  controller.abort(reason);
  await settle();
  assertStrictEquals(found.outcome, reason);
  assertEquals(listening.size, 0);
});

Deno.test("a signal ends the wait for an answer, too", async () => {
  using time = fakeTime();
  await using peers = openNamed();
  const controller = new AbortController();
  const found = follow(peers.client.waitFor(CLOCK, { signal: controller.signal }));
  await time.pass(10);
  controller.abort("enough");
  await settle();
  assertEquals(found.outcome, "enough");
});

Deno.test("a signal that has aborted before lets nobody be asked", async () => {
  await using peers = openNamed();
  const signal = AbortSignal.abort("enough");
  for (const look of looks) {
    assertEquals(await look(peers.client, CLOCK, { signal }).catch((reason) => reason), "enough");
  }
  assertEquals(peers.clientLink.sent, []);
});

Deno.test("a peer that is closed while it waits for a name waits no longer than a look", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const found = follow(peers.client.waitFor(CLOCK));
  await time.pass(10);
  await peers.client.close();
  await time.pass(50);
  assert(found.outcome instanceof PeerClosedError, String(found.outcome));
});
