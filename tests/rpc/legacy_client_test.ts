// Calls to peers of ProcsLink 0.1 for Python: one by one, each in a datagram that such a peer reads whole.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type JSONRPCError, MessageTooLargeError } from "../../mod.ts";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import { legacyFrame, openLegacy } from "../fakes/legacy_stranger.ts";
import type { Received } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { echo, LEGACY, openCalling } from "./legacy.ts";
import { bodyOf } from "./wire.ts";

Deno.test("a request has the bytes that Python sends, and no deadline", async () => {
  await using peers = openCalling();
  const { client, clientLink, python } = peers;
  const call = client.call(600, "hello", ["w\u00f6rld"], { ...LEGACY, timeout: 5_000 });
  const request = await python.next();
  const { id } = bodyOf(request);
  const text = `{"jsonrpc":"2.0","id":${id},"method":"hello","params":["w\u00f6rld"]}`;
  assertEquals(clientLink.sent.map(({ bytes }) => bytes), [legacyFrame(200, { body: text })]);
  assertEquals(request, { nlmsgSeq: 0, payloadType: 1, body: JSON.parse(text) });
  python.result(200, request, "Hello");
  assertEquals(await call, "Hello");
});

Deno.test("named params, no params, and a peer with a timeout of its own are written likewise", async () => {
  await using peers = openCalling({ timeout: 5_000 });
  const { client, python } = peers;
  const remote = client.talkTo<{ add(params: object): number; nothing(): void }>(600, LEGACY);
  const calls = [
    client.call(600, "add", { b: 1, a: 2 }, LEGACY),
    remote.nothing(),
    client.call(600, "none", undefined, LEGACY),
  ];
  const bodies = [];
  for (const _ of calls) {
    const request = await python.next();
    const { id, ...body } = bodyOf(request);
    assertEquals(typeof id, "number");
    bodies.push(body);
    python.result(200, request, null);
  }
  assertEquals(await Promise.all(calls), [null, null, null]);
  const more = (body: object) => ({ jsonrpc: "2.0", ...body });
  assertEquals(bodies.slice(0, 1), [more({ method: "add", params: { b: 1, a: 2 } })] as typeof bodies);
  assertEquals(bodies.map(({ method }) => method), ["add", "nothing", "none"]);
  assert(!("params" in bodies[2]!));
});

Deno.test("calls go one by one and in order; the next one only when the one before is answered", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const calls = [1, 2, 3].map((value) => client.call(600, "echo", [value], LEGACY));
  for (const value of [1, 2, 3]) {
    await settled(2);
    assertEquals(python.heard, [["echo", value]]);
    await echo(python, 1);
    assertEquals(await calls[value - 1], value);
  }
  assertEquals([client.stats().callsInFlight, isolateDeadlines.size], [0, 0]);
});

Deno.test("an error gives way to the next call as a result does", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const failing = client.call(600, "fail", [], LEGACY).catch((error) => error);
  const behind = client.call(600, "echo", ["behind"], LEGACY);
  const { id } = bodyOf(await python.next());
  python.respond(200, { jsonrpc: "2.0", id, error: { code: 1, message: "m" } });
  await echo(python, 1);
  assertEquals([(await failing as JSONRPCError).code, await behind], [1, "behind"]);
});

Deno.test("ports do not wait for each other, and native calls wait for nobody", async () => {
  await using peers = openCalling();
  const { client, server, python } = peers;
  server.registerFunction(() => "pong", "ping");
  server.runServerForever();
  const other = openLegacy(peers, 601);
  const slow = client.call(600, "slow", ["late"], LEGACY);
  const calls = [client.call(601, "echo", ["a"], LEGACY), client.call(601, "echo", ["b"], LEGACY)];
  await echo(other, 2);
  assertEquals(await Promise.all(calls), ["a", "b"]);
  assertEquals(await client.call(100, "ping"), "pong");
  await echo(python, 1);
  assertEquals(await slow, "late");
});

/** Params of a call whose message has so many bytes, where its id has so many digits. */
function paramsOf(size: number, id: string): [string] {
  return ["x".repeat(size - 40 - `{"jsonrpc":"2.0","id":${id},"method":"echo","params":[""]}`.length)];
}

Deno.test("a request that such a peer would not read whole is refused before anything is sent, and takes no turn", async () => {
  await using peers = openCalling();
  const { client, python, clientLink } = peers;
  const first = client.call(600, "echo", ["first"], LEGACY);
  const request = await python.next();
  const id = String(Number(bodyOf(request).id) + 1);
  for (
    const send of [
      () => client.call(600, "echo", paramsOf(4_097, id), LEGACY),
      () => client.notify(600, "echo", ["\u00e9".repeat(2_100)], LEGACY),
    ]
  ) {
    const error = await assertRejects(
      send,
      MessageTooLargeError,
      "larger than a peer of ProcsLink 0.1 reads, which is 4096: split it",
    );
    assertEquals(error.maximum, 4_096);
  }
  assertEquals([clientLink.sent.length, client.stats().callsInFlight], [1, 1]);
  const fits = client.call(600, "echo", paramsOf(4_096, id), LEGACY);
  python.result(200, request, "first");
  assertEquals(await first, "first");
  const { body } = await python.next() as Received;
  assertEquals([clientLink.sent.at(-1)!.bytes.length, (body as { params: unknown[] }).params], [
    4_096,
    paramsOf(4_096, id),
  ]);
  python.result(200, { body } as Received, "fits");
  assertEquals(await fits, "fits");
});

Deno.test("where this side sends less than such a peer reads, that is the limit", async () => {
  await using peers = openCalling({ maxMessageSize: 2_000 });
  const { client } = peers;
  await assertRejects(
    () => client.call(600, "m", ["x".repeat(2_000)], LEGACY),
    MessageTooLargeError,
    "maxMessageSize, which is 2000",
  );
});

Deno.test("what JSON cannot hold is refused before anything is sent", async () => {
  await using peers = openCalling();
  const { client, clientLink } = peers;
  for (const send of [client.call, client.notify]) {
    await assertRejects(() => send.call(client, 600, "m", [1n], LEGACY), TypeError);
  }
  assertEquals([clientLink.sent, client.stats().callsInFlight], [[], 0]);
});

Deno.test("a dialect that is none is refused", async () => {
  await using peers = openCalling();
  const { client, clientLink } = peers;
  for (const [dialect, given] of [["python", '"python"'], [1, "number"], [null, "object"], ["", '""']] as const) {
    const options = { dialect } as never;
    const message = `dialect must be "native" or "procslink-0.1", not ${given}`;
    assertThrows(() => client.talkTo(600, options), TypeError, message);
    await assertRejects(() => client.call(600, "m", [], options), TypeError, message);
    await assertRejects(() => client.notify(600, "m", [], options), TypeError, message);
    await assertRejects(() => client.batch(600, [{ method: "m" }], options), TypeError, message);
    assertThrows(() => client.callSync(600, "m", [], options), TypeError, message);
  }
  assertEquals(clientLink.sent, []);
});

Deno.test("calls are made again after all has been quiet", async () => {
  await using peers = openCalling();
  const { client, python, clientLink } = peers;
  const { holds } = clientLink;
  for (const value of [1, 2, 3]) {
    const call = client.call(600, "echo", [value], LEGACY);
    await echo(python, 1);
    assertEquals(await call, value);
    assertEquals([client.stats().callsInFlight, clientLink.holds], [0, holds]);
  }
});
