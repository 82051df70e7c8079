// Requests that call a peer by one of its names.
import { assertEquals, assertRejects } from "@std/assert";
import { currentCall, type RPCPeerOptions, ServerError, TooManyRequestsError } from "../../mod.ts";
import type { OwnOptions, Peers } from "../fakes/peers.ts";
import { fragments, settle, type Stranger } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { CLOCK, CLOCK_PORT, lastNamed, openNamed } from "./named.ts";
import { bodyOf, outcomeOf, request, sentBy } from "./wire.ts";

const CLOSED = -32000;

/** A server that has names and serves, and a stranger. */
function openServed(names?: string[], options?: RPCPeerOptions, own?: OwnOptions): Peers & { mallory: Stranger } {
  const peers = openNamed(names, options, own);
  void peers.server.runServerForever();
  return { ...peers, mallory: peers.stranger() };
}

/** What a stranger is answered next. */
async function answerTo(mallory: Stranger): Promise<unknown> {
  return outcomeOf(await mallory.next());
}

Deno.test("a request tells by which name the peer was called, and by its port none", async () => {
  await using peers = openServed([CLOCK, "other"]);
  const { client } = peers;
  assertEquals([await client.call(CLOCK, "via"), await client.call("other", "via")], [CLOCK, "other"]);
  assertEquals(await client.call(100, "via"), null);
  // Whoever knows the port of a name calls the name.
  assertEquals(await client.call(CLOCK_PORT, "via"), CLOCK);
});

Deno.test("a loop gets the requests of all names", async () => {
  await using peers = openNamed([CLOCK]);
  const { client, server } = peers;
  const loop = server[Symbol.asyncIterator]();
  const calls = [client.call(CLOCK, "x"), client.call(100, "x")];
  const names: unknown[] = [];
  for (let count = 0; count < 2; count++) {
    const { value } = await loop.next();
    names.push(value!.calledName ?? null);
    value!.respond(count);
  }
  await Promise.all(calls);
  assertEquals(names.toSorted(), [CLOCK, null]);
  await loop.return!();
});

Deno.test("answers leave from the port of the name, as others expect", async () => {
  await using peers = openServed();
  const { mallory, serverLink } = peers;
  mallory.send(CLOCK_PORT, request("a", "via"));
  assertEquals(await answerTo(mallory), CLOCK);
  mallory.send(100, request("b", "via"));
  assertEquals(await answerTo(mallory), null);
  const answers = [lastNamed(serverLink), serverLink].map((link) => sentBy(link).map(({ id }) => id));
  assertEquals(answers, [["a"], ["b"]]);
});

Deno.test("what a peer calls leaves from its own port, also where it was called by name", async () => {
  await using peers = openServed();
  const { client, server, mallory } = peers;
  server.registerFunction(() => server.call(666, "back"), "forth");
  const call = client.call(CLOCK, "forth");
  const back = await mallory.next();
  assertEquals(bodyOf(back).method, "back");
  mallory.answer(100, back, "here");
  assertEquals([await call, sentBy(lastNamed(peers.serverLink), 666)], ["here", []]);
});

Deno.test("an answer that arrives at a name settles nothing", async () => {
  await using peers = openServed();
  const { server, mallory } = peers;
  const call = server.call(666, "x");
  const question = await mallory.next();
  mallory.answer(CLOCK_PORT, question, "at the wrong door");
  await settle();
  mallory.answer(100, question, "here");
  assertEquals(await call, "here");
});

Deno.test("all names and the port share what a user may take up", async () => {
  await using peers = openServed([CLOCK, "other"], { quotas: { requestsPerUser: 2 } }, { clientUid: 33 });
  const { client } = peers;
  const waiting = [client.call(100, "wait"), client.call(CLOCK, "wait")].map((call) => call.catch(() => {}));
  await settled();
  await assertRejects(() => client.call("other", "via"), TooManyRequestsError);
  await assertRejects(() => client.call(100, "via"), TooManyRequestsError);
  await peers.server.close();
  await Promise.all(waiting);
});

Deno.test("all names and the port share how many requests are in hand", async () => {
  await using peers = openServed([CLOCK], { quotas: { requests: 2 } });
  const { mallory } = peers;
  mallory.send(100, request("a", "wait"));
  mallory.send(CLOCK_PORT, request("b", "wait"));
  await settle();
  for (const port of [CLOCK_PORT, 100]) {
    mallory.send(port, request("c", "via"));
    assertEquals(await answerTo(mallory), -32002);
  }
  assertEquals(peers.server.stats().requestsInFlight, 2);
});

Deno.test("a request that is cancelled at the name's port ends", async () => {
  await using peers = openServed();
  const { client, server } = peers;
  const controller = new AbortController();
  const call = client.call(CLOCK, "wait", undefined, { signal: controller.signal });
  await settled();
  assertEquals(server.stats().requestsInFlight, 1);
  controller.abort("enough");
  assertEquals(await call.catch((reason) => reason), "enough");
  await settled();
  assertEquals(server.stats().requestsInFlight, 0);
});

Deno.test("calls that are not answered when a name is released are told so, and no others", async () => {
  await using peers = openServed([CLOCK, "other"]);
  const { mallory, server } = peers;
  mallory.send(CLOCK_PORT, request("a", "wait"));
  mallory.send(lastNamed(peers.serverLink).port, request("b", "wait"));
  mallory.send(100, request("c", "wait"));
  await settle();
  await server.release(CLOCK);
  const answer = bodyOf(await mallory.next());
  assertEquals([answer.id, answer.error?.code, mallory.unread], ["a", CLOSED, []]);
  assertEquals([server.stats().requestsInFlight, peers.serverTroubles], [2, []]);
});

Deno.test("who waits for an answer of a name that is released learns why it does not come", async () => {
  await using peers = openServed();
  const call = peers.client.call(CLOCK, "wait");
  await settled();
  await peers.server.release(CLOCK);
  await assertRejects(() => call, ServerError, `The name "${CLOCK}" was released`);
});

Deno.test("the signals of calls to a name abort when it is released, and no others", async () => {
  await using peers = openServed();
  const { mallory, server } = peers;
  const reasons: unknown[] = [];
  server.registerFunction(() => {
    const { signal } = currentCall()!;
    signal.addEventListener("abort", () => reasons.push((signal.reason as Error).message));
    return new Promise(() => {});
  }, "listen");
  mallory.send(CLOCK_PORT, request("a", "listen"));
  mallory.send(100, request("b", "listen"));
  await settle();
  await server.release(CLOCK);
  assertEquals(reasons, [`The name "${CLOCK}" was released`]);
});

Deno.test("what has arrived at a name and was not read is refused when it is released, and not begun", async () => {
  await using peers = openNamed();
  const { mallory, server } = { ...peers, mallory: peers.stranger() };
  const ran: string[] = [];
  server.registerFunction((what: string) => void ran.push(what), "run");
  mallory.send(CLOCK_PORT, request("a", "run", ["by name"]));
  mallory.send(100, request("b", "run", ["by port"]));
  await settle();
  await server.release(CLOCK);
  const answer = bodyOf(await mallory.next());
  assertEquals([answer.id, answer.error?.code, ran], ["a", CLOSED, []]);
  void server.runServerForever();
  assertEquals([bodyOf(await mallory.next()).id, ran], ["b", ["by port"]]);
});

Deno.test("a peer that closes answers at its names what is in hand there, and what has arrived", async () => {
  await using peers = openServed([CLOCK, "other"]);
  const { mallory, server, serverLink } = peers;
  mallory.send(CLOCK_PORT, request("a", "wait"));
  await settle();
  mallory.send(lastNamed(serverLink).port, request("b", "via"));
  // Not read yet.
  await server.close();
  const answers = [bodyOf(await mallory.next()), bodyOf(await mallory.next())];
  assertEquals(answers.map(({ id, error }) => [id, error?.code]).toSorted(), [["a", CLOSED], ["b", CLOSED]]);
  assertEquals([serverLink, ...serverLink.opened].map(({ closed }) => closed), [true, true, true]);
  assertEquals(serverLink.opened.map(({ holds }) => holds), [1, 1]);
});

Deno.test("a peer that drains lets what was called by name be answered, and refuses what comes", async () => {
  await using peers = openServed();
  const { client, server, serverLink } = peers;
  const { promise, resolve } = Promise.withResolvers<string>();
  server.registerFunction(() => promise, "late");
  const call = client.call(CLOCK, "late");
  await settled();
  const closed = server.close({ drain: true });
  await assertRejects(() => client.call(CLOCK, "via"), ServerError);
  assertEquals([lastNamed(serverLink).closed, server.names], [false, [CLOCK]]);
  resolve("in time");
  assertEquals(await call, "in time");
  await closed;
  assertEquals([lastNamed(serverLink).closed, server.names], [true, []]);
});

Deno.test("a peer that drains waits until answers have left from its names", async () => {
  await using peers = openServed();
  const { mallory, server, serverLink } = peers;
  mallory.link.queueLimit = 0;
  mallory.link.release();
  mallory.send(CLOCK_PORT, request("a", "via"));
  await settled();
  const order: string[] = [];
  const closed = server.close({ drain: true }).then(() => order.push("closed"));
  await settled(3);
  assertEquals([order, lastNamed(serverLink).patient.map(({ to }) => to)], [[], [666]]);
  mallory.link.queueLimit = Infinity;
  mallory.link.hold();
  mallory.next().then(() => order.push("answered"));
  // Whoever reads makes room.
  mallory.send(666, request("to itself", "x"));
  await closed;
  assertEquals(order, ["answered", "closed"]);
});

Deno.test("names are read exactly while the peer is", async () => {
  await using peers = openNamed([CLOCK]);
  const { server, serverLink, mallory } = { ...peers, mallory: peers.stranger() };
  const holds = () => [serverLink, ...serverLink.opened].map(({ holds }) => holds);
  assertEquals(holds(), [0, 0]);
  const call = server.call(666, "x");
  assertEquals(holds(), [1, 1]);
  server.claim("later");
  assertEquals(holds(), [1, 1, 1]);
  mallory.answer(100, await mallory.next(), 1);
  await call;
  assertEquals(holds(), [0, 0, 0]);
  void server.runServerForever();
  assertEquals(holds(), [1, 1, 1]);
  await server.release(CLOCK);
  assertEquals(holds(), [1, 0, 1]);
});

Deno.test("names keep the process running where the peer does", async () => {
  await using peers = openNamed([CLOCK]);
  const { server, serverLink } = peers;
  const refs = () => serverLink.opened.map(({ isRef }) => isRef);
  server.unref();
  server.claim("later");
  assertEquals(refs(), [false, false]);
  server.ref();
  server.claim("last");
  assertEquals(refs(), [true, true, true]);
});

Deno.test("what is put together at one name is apart from what is at another, and at the port", async () => {
  await using peers = openServed([CLOCK]);
  const { mallory, server } = peers;
  server.registerFunction((text: string) => text[0], "first");
  const messages = ["a", "b"].map((letter) => ({
    ...request(letter, "first", [letter.repeat(100)]),
    netlink: { nlmsgSeq: 7 },
    procslink: { seq: 7 },
  }));
  const [toName, toPort] = messages.map((message) => fragments(666, message, 60));
  for (const [index, fragment] of toName!.entries()) {
    mallory.sendBytes(CLOCK_PORT, fragment);
    mallory.sendBytes(100, toPort![index]!);
  }
  const answers = [bodyOf(await mallory.next()), bodyOf(await mallory.next())];
  assertEquals(answers.map(({ id, result }) => [id, result]).toSorted(), [["a", "a"], ["b", "b"]]);
});

Deno.test("large requests and answers go to and from names", async () => {
  await using peers = openServed([CLOCK], {}, { maxDatagram: 1_000 });
  peers.server.registerFunction((text: string) => text + text, "twice");
  const text = "x".repeat(20_000);
  assertEquals(await peers.client.call(CLOCK, "twice", [text]), text + text);
});
