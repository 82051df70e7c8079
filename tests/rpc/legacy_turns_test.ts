// What goes to a peer of ProcsLink 0.1 for Python, and when.
import { assertEquals, assertRejects } from "@std/assert";
import { CallTimeoutError, currentCall, PeerGoneError, SyscallError } from "../../mod.ts";
import { LegacyStranger } from "../fakes/legacy_stranger.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { LEGACY } from "./legacy.ts";
import { bodyOf } from "./wire.ts";

const ENOMEM = 12;
/** As long as it takes; nothing here waits for it. */
const PATIENT = { ...LEGACY, timeout: Infinity };

/** A server, and somebody at port 666 who speaks the legacy dialect. */
function openLegacy() {
  const peers = openPeers();
  const python = new LegacyStranger(peers.network.open(666));
  return { ...peers, python, [Symbol.asyncDispose]: () => peers[Symbol.asyncDispose]() };
}

function methodsOf(python: LegacyStranger): unknown[] {
  return python.unread.map((received) => bodyOf(received).method);
}

Deno.test("of calls that one signal ends, those that wait for their turn are not sent", async () => {
  await using peers = openLegacy();
  const { server, python } = peers;
  const controller = new AbortController();
  const options = { ...PATIENT, signal: controller.signal };
  const calls = ["first", "second", "third"].map((method) => server.call(666, method, [], options));
  await settle();
  controller.abort(new Error("enough"));
  for (const call of calls) await assertRejects(() => call, Error, "enough");
  await settle();
  assertEquals(methodsOf(python), ["first"]);
});

Deno.test("of calls whose time is up together, those that wait for their turn are not sent", async () => {
  await using peers = openLegacy();
  const { server, python } = peers;
  const options = { ...LEGACY, timeout: 1 };
  const calls = ["first", "second", "third"].map((method) => server.call(666, method, [], options));
  for (const outcome of await Promise.allSettled(calls)) {
    assertEquals(outcome.status === "rejected" && outcome.reason instanceof CallTimeoutError, true);
  }
  await settle();
  assertEquals(methodsOf(python), ["first"]);
});

Deno.test("calls that wait for their turn at a peer that is gone are not sent to who has its port then", async () => {
  await using peers = openLegacy();
  const { server, python, network } = peers;
  python.link.hasLifeline = true;
  const calls = ["first", "second", "third"].map((method) => server.call(666, method, [], PATIENT));
  await settle();
  const lifelines = [...python.link.lifelines];
  python.link.close();
  const next = new LegacyStranger(network.open(666));
  for (const lifeline of lifelines) lifeline.break();
  for (const call of calls) await assertRejects(() => call, PeerGoneError);
  await settle();
  assertEquals([methodsOf(python), methodsOf(next)], [["first"], []]);
});

Deno.test("a call that waits until a legacy caller has its answer goes behind the error in place of that", async () => {
  await using peers = openLegacy();
  const { server, serverLink, python } = peers;
  const { promise, resolve } = Promise.withResolvers<string>();
  server.registerFunction(() => promise, "slow");
  server.runServerForever();
  python.request(100, 1, "slow");
  await settle();
  const call = server.call(666, "back", [], PATIENT);
  await settle();
  assertEquals(python.unread, []);
  serverLink.failures.push(new SyscallError("sendto", ENOMEM));
  resolve("too late");
  await settle();
  const [error, back] = python.unread;
  assertEquals([bodyOf(error!).id, bodyOf(error!).error?.code, bodyOf(back!).method], [1, -32603, "back"]);
  python.result(100, back!, "thanks");
  assertEquals(await call, "thanks");
});

Deno.test("a legacy peer that has sent a notification waits for nothing, and can be called by its handler", async () => {
  await using peers = openLegacy();
  const { server, python } = peers;
  const { promise, resolve } = Promise.withResolvers<unknown>();
  server.registerFunction(async () => {
    await Promise.resolve();
    resolve(server.call(currentCall()!.caller.port, "back", [], PATIENT));
    await promise;
  }, "note");
  server.runServerForever();
  python.request(100, undefined, "note");
  await settle();
  assertEquals(methodsOf(python), ["back"]);
  python.result(100, python.unread[0]!, "thanks");
  assertEquals(await promise, "thanks");
});

Deno.test("a native message that has waited for what its trust says is not sent to a legacy peer that waits by then", async () => {
  await using peers = openLegacy();
  const { server, python } = peers;
  python.link.hasLifeline = true;
  const { promise, resolve } = Promise.withResolvers<void>();
  server.registerFunction(() => promise, "slow");
  server.runServerForever();
  const trusted = Promise.withResolvers<boolean>();
  const note = server.notify(666, "native", [], { trust: () => trusted.promise });
  await settle();
  python.request(100, 1, "slow");
  await settle();
  trusted.resolve(true);
  await assertRejects(() => note, TypeError, "waits for an answer");
  assertEquals(python.unread, []);
  resolve();
});

Deno.test("a call in one dialect does not wait behind one in the other that is never answered", async () => {
  await using peers = openLegacy();
  const { server, python } = peers;
  python.isTolerant = true;
  const controller = new AbortController();
  const trust = "same-user";
  const native = server.call(666, "native", [], { trust, timeout: Infinity, signal: controller.signal });
  const legacy = server.call(666, "legacy", [], PATIENT);
  await settle();
  assertEquals(methodsOf(python), ["legacy"]);
  python.result(100, python.unread[0]!, "here");
  assertEquals(await legacy, "here");
  controller.abort(new Error("enough"));
  await assertRejects(() => native, Error, "enough");
});

Deno.test("of a batch to a legacy peer nothing is sent once its signal has aborted", async () => {
  await using peers = openLegacy();
  const { server, python } = peers;
  python.link.hasLifeline = true;
  const controller = new AbortController();
  const trust = () => {
    controller.abort(new Error("enough"));
    return true;
  };
  const calls = [{ method: "first" }, { method: "second" }];
  const outcomes = await server.batch(666, calls, { ...PATIENT, trust, signal: controller.signal });
  assertEquals(outcomes.map(({ status }) => status), ["rejected", "rejected"]);
  await settle();
  assertEquals(methodsOf(python).includes("second"), false);
});
