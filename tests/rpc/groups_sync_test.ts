// A publication that waits until the loops of all members have taken it.
import { assertEquals, assertRejects } from "@std/assert";
import { ReceiverFullError } from "../../mod.ts";
import { fakeTime } from "../fakes/time.ts";
import { Newspaper, OWNER, quiet, take, welcomed } from "./groups.ts";
import { bodyOf, request } from "./wire.ts";

/** What became of a promise, so far. */
function outcomeOf(promise: Promise<unknown>): { outcome: unknown } {
  const told: { outcome: unknown } = { outcome: "unknown" };
  promise.then((value) => told.outcome = value, (error) => told.outcome = error.name);
  return told;
}

Deno.test("it waits for the loops of all, not only for their queues", async () => {
  await using paper = new Newspaper();
  const readers = await paper.readers(3);
  const told = outcomeOf(paper.news.publish("all", { sync: true }));
  for (const { messages } of readers) {
    await quiet();
    assertEquals(told.outcome, "unknown");
    assertEquals(await take(messages, 1), ["all"]);
  }
  await quiet();
  assertEquals(told.outcome, 3);
});

Deno.test("it waits until what was published before is taken too", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined();
  await paper.news.publish(1);
  const told = outcomeOf(paper.news.publish(2, { sync: true }));
  await take(messages, 1);
  await quiet();
  assertEquals(told.outcome, "unknown");
  await take(messages, 1);
  await quiet();
  assertEquals(told.outcome, 1);
});

Deno.test("a loop that waits takes it at once", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined();
  const next = messages.next();
  assertEquals(await paper.news.publish("now", { sync: true }), 1);
  assertEquals((await next).value, "now");
});

Deno.test("who joins later is not waited for", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined();
  const told = outcomeOf(paper.news.publish("early", { sync: true }));
  const late = await paper.joined();
  await take(messages, 1);
  await quiet();
  assertEquals(told.outcome, 1);
  await paper.news.publish("late");
  assertEquals(await take(late.messages, 1), ["late"]);
});

Deno.test("a member that has missed the value is told: it was too slow", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined({ maxQueuedBytes: 0 });
  const told = outcomeOf(paper.news.publish("missed", { sync: true }));
  await quiet();
  assertEquals(told.outcome, "unknown");
  await paper.news.publish("newer");
  await quiet();
  assertEquals(told.outcome, "ReceiverFullError");
  assertEquals(await take(messages, 2), ["[1]", "newer"]);
});

Deno.test("it says of which port", async () => {
  await using paper = new Newspaper();
  await paper.joined({ maxQueuedBytes: 0 });
  const published = paper.news.publish("missed", { sync: true });
  paper.news.publish("newer");
  assertEquals((await assertRejects(() => published, ReceiverFullError)).port, 200);
});

Deno.test("a member that leaves, or dies, is not waited for, and does not count", async () => {
  await using paper = new Newspaper();
  const [stays, leaves, closes, dies] = await paper.readers(4);
  const told = outcomeOf(paper.news.publish("all", { sync: true }));
  await quiet();
  leaves!.messages.leave();
  await quiet();
  await closes!.peer.close();
  dies!.link.kill();
  await quiet();
  assertEquals(told.outcome, "unknown");
  await take(stays!.messages, 1);
  await quiet();
  assertEquals(told.outcome, 1);
});

Deno.test("one membership of a peer that leaves does not fail what its others take", async () => {
  await using paper = new Newspaper();
  const { peer, messages } = await paper.joined();
  const other = peer.join(OWNER, "news");
  await other.joined;
  const told = outcomeOf(paper.news.publish("both", { sync: true }));
  await quiet();
  messages.leave();
  await quiet();
  assertEquals(await take(other, 1), ["both"]);
  await quiet();
  assertEquals(typeof told.outcome, "number");
});

Deno.test("a member that does not take it in time is an error, 30 seconds where nothing is said", async () => {
  using time = fakeTime();
  await using paper = new Newspaper({ timeout: 1 });
  await paper.joined();
  const told = outcomeOf(paper.news.publish("late", { sync: true, timeout: 50 }));
  const long = outcomeOf(paper.news.publish("later", { sync: true }));
  const endless = outcomeOf(paper.news.publish("never", { sync: true, timeout: Infinity }));
  await time.pass(49);
  assertEquals(told.outcome, "unknown");
  await time.pass(20);
  assertEquals(told.outcome, "CallTimeoutError");
  await time.pass(29_900);
  assertEquals(long.outcome, "unknown");
  await time.pass(100);
  assertEquals([long.outcome, endless.outcome], ["CallTimeoutError", "unknown"]);
});

Deno.test("a signal ends the wait; the value is published all the same", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined();
  const controller = new AbortController();
  const published = paper.news.publish("all the same", { sync: true, signal: controller.signal });
  await quiet();
  controller.abort(new Error("enough"));
  await assertRejects(() => published, Error, "enough");
  assertEquals(await take(messages, 1), ["all the same"]);
});

Deno.test("a signal that has aborted before publishes nothing", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined();
  await assertRejects(
    () => paper.news.publish("nothing", { sync: true, signal: AbortSignal.abort(new Error("enough")) }),
    Error,
    "enough",
  );
  await paper.news.publish("something");
  assertEquals(await take(messages, 1), ["something"]);
});

Deno.test("when the group is closed nobody is waited for any more", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined();
  const told = outcomeOf(paper.news.publish("last", { sync: true }));
  await paper.news.close();
  await quiet();
  assertEquals(told.outcome, 0);
  assertEquals(await take(messages, 2), ["last", "end"]);
});

Deno.test("a member that answers something else has not taken it", async () => {
  for (const [answer, outcome] of [[null, 0], [1, 0], ["true", 0], [false, "ReceiverFullError"], [true, 1]] as const) {
    await using paper = new Newspaper();
    const liar = paper.stranger();
    const welcome = await welcomed(liar);
    liar.send(OWNER, request("in", "rpc.join", { group: "news", ...welcome, id: 1, hears: 0 }));
    await liar.next();
    const told = outcomeOf(paper.news.publish("value", { sync: true }));
    assertEquals(bodyOf(await liar.next()).params, [welcome.stream, 1, "value"]);
    const asked = await liar.next();
    assertEquals([bodyOf(asked).method, bodyOf(asked).params], ["rpc.publish", [welcome.stream, 1]]);
    liar.answer(OWNER, asked, answer);
    await quiet();
    assertEquals(told.outcome, outcome);
  }
});
