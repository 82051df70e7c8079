// Peers of ProcsLink 0.1 for Python that are gone, say nothing, or cannot be reached.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { CallTimeoutError, PeerClosedError, PeerGoneError, SyscallError } from "../../mod.ts";
import { isolateDeadlines, isolateLooks } from "../../src/rpc/isolate.ts";
import { type LegacyStranger, openLegacy } from "../fakes/legacy_stranger.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { echo, LEGACY, openCalling } from "./legacy.ts";

Deno.test("a port that nobody holds rejects the call at once, and each that is queued", async () => {
  await using peers = openCalling();
  const { client } = peers;
  const calls = [1, 2].map((value) => client.call(999, "m", [value], LEGACY).catch((error) => error));
  const notified = client.notify(999, "m", [], LEGACY).catch((error) => error);
  for (const error of await Promise.all([...calls, notified])) assertInstanceOf(error, PeerGoneError);
  assertEquals([client.stats().callsInFlight, isolateDeadlines.size], [0, 0]);
});

Deno.test("a failure of the system ends the one call that it is of", async () => {
  await using peers = openCalling();
  const { client, clientLink, python } = peers;
  const failure = new SyscallError("sendto", 105);
  clientLink.failures.push(failure);
  const [lost, next] = [
    client.call(600, "echo", ["lost"], LEGACY).catch((error) => error),
    client.call(600, "echo", ["next"], LEGACY),
  ];
  await echo(python, 1);
  assertEquals([await lost, await next], [failure, "next"]);
  clientLink.failures.push(failure);
  assertEquals(await client.notify(600, "log", [], LEGACY).catch((error) => error), failure);
});

Deno.test("a port whose holder is gone rejects the call under way and all that are queued, and nothing more is sent", async () => {
  using time = fakeTime();
  await using peers = openCalling();
  const { client, clientLink, python } = peers;
  const calls = ["under way", "queued", "queued"].map((value) =>
    client.call(600, "m", [value], { ...LEGACY, timeout: Infinity }).catch((error) => error)
  );
  const notified = client.notify(600, "log", [], LEGACY).catch((error) => error);
  await time.pass(500);
  assertEquals([clientLink.sent.length, clientLink.socketsAsked], [1, [600, 600, 600]]);
  python.link.kill();
  // Who comes next at this port has nothing to do with it.
  await time.pass(100);
  const sentBefore = clientLink.sent.length;
  await time.pass(100);
  await settled(5);
  for (const error of await Promise.all([...calls, notified])) assertInstanceOf(error, PeerGoneError);
  assertEquals([clientLink.sent.length, client.stats().callsInFlight, isolateLooks.size], [sentBefore, 0, 0]);
});

Deno.test("whoever takes over the port of a peer that is gone gets nothing that was meant for that", async () => {
  using time = fakeTime();
  await using peers = openCalling();
  const { client, clientLink, python } = peers;
  let heir: LegacyStranger | undefined;
  // Between the look that finds the peer gone and the end of what was awaited from it.
  const socketAt = () => {
    python.link.close();
    heir = openLegacy(peers, 600, { uid: 1_000 });
    return null;
  };
  Object.assign(clientLink, { socketAt });
  const calls = ["under way", "queued"].map((value) => client.call(600, "m", [value], LEGACY).catch((error) => error));
  const notified = client.notify(600, "log", [], LEGACY).catch((error) => error);
  await time.pass(250);
  await settled(5);
  for (const error of await Promise.all([...calls, notified])) assertInstanceOf(error, PeerGoneError);
  assertEquals(heir!.unread, []);
  const anew = client.call(600, "echo", ["anew"], { ...LEGACY, trust: "anyone" });
  await echo(heir!, 1);
  assertEquals(await anew, "anew");
});

Deno.test("the last answer of a peer that is gone counts, and what was queued behind it is not sent to whoever comes next", async () => {
  using time = fakeTime();
  await using peers = openCalling();
  const { client, clientLink, python } = peers;
  const call = client.call(600, "echo", ["answered"], LEGACY);
  const queued = client.call(600, "echo", ["queued"], LEGACY).catch((error) => error);
  const notified = client.notify(600, "log", [], LEGACY).catch((error) => error);
  const request = await python.next();
  let heir: LegacyStranger | undefined;
  const socketAt = () => {
    python.result(200, request, "answered");
    python.link.close();
    heir = openLegacy(peers, 600);
    return null;
  };
  Object.assign(clientLink, { socketAt });
  await time.pass(250);
  await settled(5);
  assertEquals([await call, heir!.unread], ["answered", []]);
  for (const error of [await queued, await notified]) assertInstanceOf(error, PeerGoneError);
  assertEquals([client.stats().callsInFlight, isolateDeadlines.size], [0, 0]);
});

Deno.test("where a lifeline tells the end, it is told at once", async () => {
  await using peers = openCalling();
  const { client, clientLink, python } = peers;
  python.link.hasLifeline = true;
  const calls = [1, 2].map((value) => client.call(600, "m", [value], LEGACY).catch((error) => error));
  await settle();
  python.link.kill();
  for (const error of await Promise.all(calls)) assertInstanceOf(error, PeerGoneError);
  assertEquals(clientLink.sent.length, 1);
});

Deno.test("where a link cannot tell who is absent, calls time out, and nothing is probed", async () => {
  using time = fakeTime();
  await using peers = openCalling();
  const { client, clientLink } = peers;
  Object.assign(clientLink, { socketAt: undefined });
  const call = client.call(600, "m", [], { ...LEGACY, timeout: 1_000 }).catch((error) => error);
  await time.pass(1_000);
  await settled(2);
  assertInstanceOf(await call, CallTimeoutError);
  assertEquals(clientLink.sent.length, 1);
});

Deno.test("a peer that closes rejects the call under way and all that are queued, which are never sent", async () => {
  await using peers = openCalling();
  const { client, clientLink } = peers;
  const { holds } = clientLink;
  const calls = [1, 2, 3].map((value) => client.call(600, "m", [value], LEGACY).catch((error) => error));
  const notified = client.notify(600, "log", [], LEGACY).catch((error) => error);
  await settle();
  await client.close();
  for (const error of await Promise.all([...calls, notified])) assertInstanceOf(error, PeerClosedError);
  await settled(2);
  assertEquals([clientLink.sent.length, clientLink.holds, isolateDeadlines.size], [1, holds, 0]);
});

for (const method of ["call", "callSync"] as const) {
  Deno.test(`a native ${method} to a port that says nothing names the dialect in its error, and no other does`, async () => {
    using time = fakeTime();
    await using peers = openCalling();
    const { client } = peers;
    const hint = 'within 20 ms. If it is ProcsLink 0.1 for Python, call it with { dialect: "procslink-0.1" }';
    const messageOf = async (port: number, options = {}) => {
      const { blocking } = peers.clientLink;
      blocking!.whileReceiving = (milliseconds) => time.busy(milliseconds);
      const call = (async () => await client[method](port, "m", [], { timeout: 20, ...options }))().catch((error) =>
        error
      );
      await time.pass(20);
      await settled(2);
      return (await call as Error).message;
    };
    for (const [port, hasLifeline] of [[700, false], [701, true]] as const) {
      const link = peers.network.open(port, { uid: 10 });
      link.hasLifeline = hasLifeline;
      assertEquals((await messageOf(port)).endsWith(hint), !hasLifeline);
      assertEquals((await messageOf(port, LEGACY)).endsWith("within 20 ms"), true);
    }
    const spoken = peers.stranger(702);
    spoken.link.hasLifeline = false;
    const call = client.call(702, "m");
    spoken.answer(200, await spoken.next(), 1);
    await call;
    assertEquals((await messageOf(702)).endsWith("within 20 ms"), true);
  });
}
