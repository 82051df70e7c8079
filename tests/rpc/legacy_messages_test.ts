// Notifications and batches for peers of ProcsLink 0.1 for Python, which know no batch: they go one by one, in order with the calls.
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { CallTimeoutError, JSONRPCError, MessageTooLargeError } from "../../mod.ts";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { LEGACY, openCalling } from "./legacy.ts";
import { bodyOf } from "./wire.ts";

Deno.test("a notification has no id, and resolves when it is in the queue", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  await client.notify(600, "log", ["line"], { ...LEGACY, timeout: 5_000 });
  const { payloadType, body } = await python.next();
  assertEquals([payloadType, body], [1, { jsonrpc: "2.0", method: "log", params: ["line"] }]);
});

Deno.test("notifications keep their order among the calls, and do not wait for each other's answers", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const notify = (line: number) => client.notify(600, "log", [line], LEGACY);
  const before = [notify(1), notify(2)];
  const call = client.call(600, "m", [3], LEGACY);
  const after = [notify(4), notify(5)];
  await Promise.all(before);
  await settled(2);
  assertEquals(python.heard, [["log", 1], ["log", 2], ["m", 3]]);
  for (let count = 0; count < 2; count++) await python.next();
  python.result(200, await python.next(), "done");
  assertEquals(await call, "done");
  await Promise.all(after);
  await settle();
  assertEquals(python.heard, [["log", 4], ["log", 5]]);
  assertEquals(isolateDeadlines.size, 0);
});

Deno.test("a notification that is queued times out by its own timeout, and is never sent", async () => {
  using time = fakeTime();
  await using peers = openCalling();
  const { client, clientLink, python } = peers;
  const { holds } = clientLink;
  const call = client.call(600, "m", [], LEGACY);
  const notified = client.notify(600, "log", [], { ...LEGACY, timeout: 20 });
  const error = assertRejects(() => notified, CallTimeoutError, 'Port 600 did not take "log" within 20 ms');
  await time.pass(20);
  await settled(2);
  await error;
  python.result(200, await python.next(), "done");
  await call;
  await settled(2);
  assertEquals([python.unread, clientLink.holds, isolateDeadlines.size], [[], holds, 0]);
});

Deno.test("a notification for a receiver that is full times out, and the next message goes", async () => {
  using time = fakeTime();
  await using peers = openCalling();
  const { client, python } = peers;
  python.link.release();
  python.link.queueLimit = 0;
  const notified = client.notify(600, "lost", [], { ...LEGACY, timeout: 20 }).catch((error) => error);
  const next = client.notify(600, "next", [], LEGACY);
  // It counts from when there was no room.
  await settled();
  await time.pass(20);
  await settled(2);
  assertInstanceOf(await notified, CallTimeoutError);
  python.link.queueLimit = Infinity;
  python.link.hold();
  python.link.giveUp();
  await settled(5);
  await next;
  assertEquals(python.heard, [["next"]]);
});

Deno.test("a batch goes one by one, and tells what became of each", async () => {
  await using peers = openCalling();
  const { client, python, clientLink } = peers;
  const batch = client.batch(600, [
    { method: "a", params: [1] },
    { method: "log", params: [2], notify: true },
    { method: "b", params: { x: 3 } },
    { method: "c" },
  ], LEGACY);
  await settle();
  assertEquals(python.heard, [["a", 1]]);
  python.result(200, await python.next(), "one");
  await settled(2);
  assertEquals(python.heard, [["log", 2], "b"]);
  await python.next();
  const { id } = bodyOf(await python.next());
  python.respond(200, { jsonrpc: "2.0", id, error: { code: 7, message: "m" } });
  const last = await python.next();
  assertEquals([bodyOf(last).method, "params" in bodyOf(last)], ["c", false]);
  python.result(200, last, "three");
  const [one, two, three, four] = await batch;
  assertEquals([one, two, four], [
    { status: "fulfilled", value: "one" },
    { status: "fulfilled", value: undefined },
    { status: "fulfilled", value: "three" },
  ]);
  assertInstanceOf((three as PromiseRejectedResult).reason, JSONRPCError);
  assertEquals(clientLink.sent.length, 4);
});

Deno.test("a batch of nothing sends nothing", async () => {
  await using peers = openCalling();
  assertEquals([await peers.client.batch(600, [], LEGACY), peers.clientLink.sent], [[], []]);
});

Deno.test("where JSON cannot hold one member of a batch, none is sent", async () => {
  await using peers = openCalling();
  const { client, clientLink } = peers;
  const calls = [{ method: "a" }, { method: "log", notify: true }, { method: "b", params: [1n] }];
  await assertRejects(() => client.batch(600, calls, LEGACY), TypeError);
  await settle();
  assertEquals([clientLink.sent, client.stats().callsInFlight], [[], 0]);
});

Deno.test("one member of a batch that is too large does not keep the others", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const large = ["x".repeat(5_000)];
  const batch = client.batch(600, [
    { method: "a", params: large },
    { method: "b" },
    { method: "log", params: large, notify: true },
    { method: "c" },
  ], LEGACY);
  for (const value of ["b", "c"]) python.result(200, await python.next(), value);
  const outcomes = await batch;
  assertEquals(outcomes.map((outcome) => outcome.status === "fulfilled" ? outcome.value : outcome.reason.name), [
    "MessageTooLargeError",
    "b",
    "MessageTooLargeError",
    "c",
  ]);
  assertInstanceOf((outcomes[0] as PromiseRejectedResult).reason, MessageTooLargeError);
});

Deno.test("a notification of a batch that fails on the other side is trouble, and no error of the call behind it", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const batch = client.batch(600, [{ method: "boom", notify: true }, { method: "a" }], LEGACY);
  await python.next();
  const request = await python.next();
  python.failedNotification(200);
  python.result(200, request, "done");
  assertEquals((await batch).map(({ status }) => status), ["fulfilled", "fulfilled"]);
  assertEquals(peers.clientTroubles.length, 1);
});

Deno.test("a notification of a batch that cannot be sent rejects alone", async () => {
  await using peers = openCalling();
  const { client, clientLink, python } = peers;
  clientLink.failures.push(new RangeError("no luck"));
  const batch = client.batch(600, [{ method: "log", notify: true }, { method: "a" }], LEGACY);
  python.result(200, await python.next(), "done");
  assertEquals((await batch).map(({ status }) => status), ["rejected", "fulfilled"]);
});

Deno.test("each member of a batch has the timeout and the signal of all", async () => {
  using time = fakeTime();
  await using peers = openCalling();
  const { client, python } = peers;
  const batch = client.batch(600, [{ method: "a" }, { method: "b" }, { method: "log", notify: true }], {
    ...LEGACY,
    timeout: 20,
  });
  await settled();
  await time.pass(20);
  await settled(2);
  const names = (await batch).map((outcome) => (outcome as PromiseRejectedResult).reason?.name);
  assertEquals(names, Array(3).fill("CallTimeoutError"));
  assertEquals(python.heard, ["a"]);
  const controller = new AbortController();
  const other = client.batch(600, [{ method: "c" }, { method: "d" }], { ...LEGACY, signal: controller.signal });
  await settle();
  controller.abort("enough");
  assertEquals((await other).map((outcome) => (outcome as PromiseRejectedResult).reason), ["enough", "enough"]);
});

Deno.test("what is called is checked for each member of a batch", async () => {
  await using peers = openCalling();
  const { client, clientLink } = peers;
  await assertRejects(() => client.batch(600, [{ method: "a" }, { method: 5 as never }], LEGACY), TypeError);
  await assertRejects(() => client.batch(600, {} as never, LEGACY), TypeError);
  assertEquals(clientLink.sent, []);
});
