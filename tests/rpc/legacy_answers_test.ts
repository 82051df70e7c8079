// What peers of ProcsLink 0.1 for Python answer, and what is no answer.
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { InternalError, JSONRPCError, MethodNotFoundError } from "../../mod.ts";
import { legacyFrame, type LegacyStranger, openLegacy } from "../fakes/legacy_stranger.ts";
import { settle } from "../fakes/stranger.ts";
import { echo, kindsOf, LEGACY, openCalling } from "./legacy.ts";
import { bodyOf } from "./wire.ts";

Deno.test("results and errors come back as from any other peer", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const answer = async (outcome: object) => {
    const call = client.call(600, "m", [], LEGACY);
    const { id } = bodyOf(await python.next());
    python.respond(200, { jsonrpc: "2.0", id, ...outcome });
    return await call;
  };
  const value = { text: "h\u00e9llo \u4e16\u754c \ud800", deep: [[{ a: null }]] };
  assertEquals(await answer({ result: value }), value);
  assertEquals(await answer({ result: null }), null);
  await assertRejects(() => answer({ error: { code: -32601, message: "Method not found" } }), MethodNotFoundError);
  const boom = await assertRejects(
    () => answer({ error: { code: -32603, message: "Internal error", data: "boom" } }),
    InternalError,
  );
  assertEquals(boom.data, "boom");
  const own = await assertRejects(
    () => answer({ error: { code: 7, message: "m", data: [1, { a: 2 }] } }),
    JSONRPCError,
  );
  assertEquals(own.toJSON(), { code: 7, message: "m", data: [1, { a: 2 }] });
  assertMatch(own.stack!, /legacy_answers_test/);
});

Deno.test("what nobody has asked for is not even parsed, also of a port that was called", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const call = client.call(600, "echo", ["a"], LEGACY);
  await echo(python, 1);
  assertEquals(await call, "a");
  python.send(200, { body: "no JSON", payloadType: 2 });
  await settle();
  assertEquals(kindsOf(peers.clientTroubles), ["unexpected"]);
});

Deno.test("a second answer to the same call is trouble", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const call = client.call(600, "echo", ["a"], LEGACY);
  const request = await python.next();
  python.result(200, request, "first");
  python.result(200, request, "second");
  assertEquals(await call, "first");
  await settle();
  assertEquals(kindsOf(peers.clientTroubles), ["unexpected"]);
});

Deno.test("an answer of a wrong port, and one with a wrong id, do not count", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const mallory = openLegacy(peers, 666);
  // Something is awaited from that port too.
  const other = client.call(666, "echo", ["other"], LEGACY);
  const call = client.call(600, "echo", ["right"], LEGACY);
  const request = await python.next();
  mallory.result(200, request, "forged");
  const { id } = bodyOf(request);
  for (const wrong of [Number(id) + 77, String(id), 0, -1, 1.5]) {
    python.respond(200, { jsonrpc: "2.0", id: wrong, result: "wrong" });
  }
  await settle();
  assertEquals([client.stats().callsInFlight, kindsOf(peers.clientTroubles)], [2, Array(6).fill("unexpected")]);
  python.result(200, request, "right");
  await echo(mallory, 1);
  assertEquals([await call, await other], ["right", "other"]);
});

const unreadable: [
  name: string,
  answer: (id: unknown) => Partial<Parameters<LegacyStranger["send"]>[1]>,
  message: RegExp,
][] = [
  ["no JSON", () => ({ body: "{" }), /The body is not JSON/],
  ["no response", () => ({ body: { a: 1 } }), /not a JSON-RPC 2.0 response/],
  ["a batch", (id) => ({ body: [{ jsonrpc: "2.0", id, result: 1 }] }), /not a JSON-RPC 2.0 response/],
  ["neither result nor error", (id) => ({ body: { jsonrpc: "2.0", id } }), /not a JSON-RPC 2.0 response/],
  ["an id that is none", () => ({ body: { jsonrpc: "2.0", id: {}, result: 1 } }), /not a JSON-RPC 2.0 response/],
  ["of another version", (id) => ({ body: { jsonrpc: "2.0", id, result: 1 }, version: 2 }), /version is 2/],
  ["too deep", () => ({ body: "[".repeat(1_500) + "]".repeat(1_500) }), /deep/],
  [
    "larger than what is taken",
    (id) => ({ body: { jsonrpc: "2.0", id, result: "x".repeat(5_000) } }),
    /larger than maxMessageSize/,
  ],
];

for (const [name, answer, message] of unreadable) {
  Deno.test(`an answer that is ${name} ends the call under way, and the next one goes`, async () => {
    await using peers = openCalling({ maxMessageSize: 4_500 });
    const { client, python } = peers;
    const call = client.call(600, "m", [], LEGACY).catch((error) => error);
    const next = client.call(600, "echo", ["next"], LEGACY);
    const { id } = bodyOf(await python.next());
    python.send(200, { body: "", ...answer(id), payloadType: 2 });
    assertMatch((await call as Error).message, message);
    assertEquals(peers.clientTroubles.length, 1);
    await echo(python, 1);
    assertEquals(await next, "next");
    assertEquals(peers.clientTroubles.length, 1);
  });
}

Deno.test("a message of an unknown kind, or from elsewhere, ends no call", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const call = client.call(600, "echo", ["a"], LEGACY);
  await settle();
  const body = { jsonrpc: "2.0", id: null, error: { code: 1, message: "m" } };
  python.send(200, { body, payloadType: 3 });
  python.send(200, { body, payloadType: 2, nlmsgPid: 601 });
  await settle();
  assertEquals([client.stats().callsInFlight, kindsOf(peers.clientTroubles)], [1, ["unsupported", "spoofed"]]);
  await echo(python, 1);
  assertEquals(await call, "a");
});

Deno.test("two answers in one datagram are none, and end no call", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const call = client.call(600, "echo", ["a"], LEGACY);
  const request = await python.next();
  const bytes = legacyFrame(600, { body: { jsonrpc: "2.0", id: bodyOf(request).id, result: 1 }, payloadType: 2 });
  python.sendBytes(200, new Uint8Array([...bytes, ...bytes]));
  await settle();
  assertEquals([client.stats().callsInFlight, kindsOf(peers.clientTroubles)], [1, ["malformed"]]);
  python.result(200, request, "a");
  assertEquals(await call, "a");
});
