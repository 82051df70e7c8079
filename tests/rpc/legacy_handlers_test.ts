// Handlers that call peers of ProcsLink 0.1 for Python, and requests of such peers that arrive during a synchronous call.
import { assertEquals, assertRejects } from "@std/assert";
import { currentCall } from "../../mod.ts";
import { openLegacy } from "../fakes/legacy_stranger.ts";
import type { Peers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { LEGACY, NATIVE } from "./legacy.ts";
import type { Body } from "./wire.ts";
import { openWaiting } from "./legacy_waiting.ts";

const WAITS_FOR_THIS = "Port 601 waits for the answer of this very handler, and takes nothing else: answer first";

Deno.test("a handler that calls its own caller learns at once that this cannot be", async () => {
  await using peers = await openWaiting();
  const { server } = peers;
  const python = openLegacy(peers, 601);
  const errors: unknown[] = [];
  const note = (error: unknown) => void errors.push([error instanceof TypeError, (error as Error).message]);
  server.registerFunction(() => {
    server.call(601, "back", [], LEGACY).catch(note);
    server.notify(601, "back", [], LEGACY).catch(note);
    return "sync";
  }, "sync");
  server.registerFunction(async () => {
    await settle();
    await server.call(601, "back", [], LEGACY).catch(note);
    const outcomes = await server.batch(601, [{ method: "back" }, { method: "back", notify: true }], LEGACY);
    for (const outcome of outcomes) note((outcome as PromiseRejectedResult).reason);
    return "async";
  }, "async");
  for (const method of ["sync", "async"]) assertEquals((await python.call(100, method) as Body).result, method);
  assertEquals([errors, python.unread], [Array(5).fill([true, WAITS_FOR_THIS]), []]);
});

Deno.test("a handler that has answered by itself may call its caller", async () => {
  await using peers = await openWaiting();
  const { server } = peers;
  const python = openLegacy(peers, 601);
  const results: unknown[] = [];
  server.registerFunction(async () => {
    currentCall()!.request.respond("first");
    results.push(await server.call(601, "back", [], LEGACY));
  }, "answering");
  assertEquals((await python.call(100, "answering") as Body).result, "first");
  python.result(100, await python.next(), "hi");
  await settle();
  assertEquals(results, ["hi"]);
});

Deno.test("a handler may call another legacy peer, also one that waits for another answer", async () => {
  await using peers = await openWaiting();
  const { server, python, requests } = peers;
  const caller = openLegacy(peers, 601);
  server.registerFunction(async () => [await server.call(600, "hello", [], LEGACY)], "forward");
  const answer = caller.call(100, "forward");
  await settle();
  assertEquals(python.unread, []);
  requests[0]!.respond("at last");
  await python.answer();
  python.result(100, await python.next(), "hi");
  assertEquals((await answer as Body).result, ["hi"]);
});

Deno.test("the handler of a notification may call who sent it: nobody waits there", async () => {
  await using peers = await openWaiting();
  const { server } = peers;
  const python = openLegacy(peers, 601);
  const results: unknown[] = [];
  server.registerFunction(async () => {
    results.push(await server.call(601, "back", [], LEGACY).catch((error) => error.message));
  }, "poke");
  python.request(100, undefined, "poke");
  await settle();
  assertEquals([results, python.heard], [[], [["back"]]]);
  python.result(100, await python.next(), "hi");
  await settle();
  assertEquals(results, ["hi"]);
});

Deno.test("a synchronous call may follow an answer that waits for no more than the end of the turn", async () => {
  await using peers = await openWaiting();
  const { server, serverLink, python, requests } = peers;
  serverLink.blocking!.whileReceiving = () => {
    const [answer, request] = python.readNow();
    assertEquals((answer!.body as Body).result, "at last");
    python.result(100, request!, "hi");
  };
  requests[0]!.respond("at last");
  assertEquals(server.callSync(600, "hello", [], LEGACY), "hi");
});

/** Has legacy requests arrive while a synchronous call to somebody else waits. */
function callSyncWhile({ server, serverLink, stranger }: Peers, arriving: () => void): void {
  const other = stranger(500);
  serverLink.blocking!.whileReceiving = () => {
    arriving();
    other.answer(100, other.readNow()[0]!, "sync");
  };
  assertEquals(server.callSync(500, "x"), "sync");
}

Deno.test("who has sent a request during a synchronous call waits for its answer, also before that is carried out", async () => {
  await using peers = await openWaiting();
  const { server, requests } = peers;
  const python = openLegacy(peers, 601);
  callSyncWhile(peers, () => python.request(100, 1, "wait"));
  assertEquals(requests.length, 1, "it has not had its turn yet");
  const call = server.call(601, "hello", [], LEGACY);
  await assertRejects(() => server.call(601, "m", [], NATIVE), TypeError, "Port 601 speaks procslink-0.1, and waits");
  await settled(3);
  assertEquals([requests.length, python.unread], [2, []]);
  requests[1]!.respond("at last");
  assertEquals((await python.answer() as Body).result, "at last");
  python.result(100, await python.next(), "hi");
  assertEquals(await call, "hi");
});

Deno.test("requests that arrive during a synchronous call are answered in their dialect", async () => {
  await using peers = await openWaiting();
  const { server, network } = peers;
  const [python, native] = [openLegacy(peers, 601), peers.stranger(700)];
  const denied = openLegacy({ network }, 602);
  callSyncWhile(peers, () => {
    python.send(100, { body: "{" });
    python.request(100, 2, "ping");
    python.request(100, undefined, "ping");
    denied.send(100, { body: {}, version: 2 });
    native.send(100, { body: { jsonrpc: "2.0", id: 3, method: "ping" }, netlink: { nlmsgSeq: 7 } });
  });
  await settled(3);
  const outcomes = python.unread.map(({ body }) => [(body as Body).id, (body as Body).error?.code]);
  assertEquals(outcomes, [[null, -32700], [2, undefined]]);
  assertEquals((await denied.answer() as Body).error?.code, -32600);
  assertEquals(native.unread.map(({ nlmsgSeq }) => nlmsgSeq), [7]);
  // Nobody waits any more.
  await server.notify(601, "log", [], LEGACY);
  await server.notify(602, "log", [], LEGACY);
  await settle();
  assertEquals([python.unread.length, denied.heard], [3, [["log"]]]);
});

Deno.test("a request of before a peer closes is answered, in its dialect, also where it waits behind a synchronous call", async () => {
  await using peers = await openWaiting();
  const python = openLegacy(peers, 601);
  callSyncWhile(peers, () => python.request(100, 2, "ping"));
  await peers.server.close();
  await settle();
  assertEquals(python.unread.map(({ body }) => (body as Body).error?.code), [-32000]);
});
