// Members that do not keep up: they slow nobody, and are told how many messages they have missed.
import { assertEquals } from "@std/assert";
import { fakeTime } from "../fakes/time.ts";
import { collect, groupTalk, Newspaper, quiet, take } from "./groups.ts";

Deno.test("a loop that is too slow loses the oldest beyond its bound, and is told how many", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined({ maxQueuedBytes: 10_000 });
  const other = collect((await paper.joined()).messages);
  for (let number = 1; number <= 100; number++) assertEquals(await paper.news.publish(number), 2);
  const [gap, first] = await take(messages, 2) as [string, number];
  assertEquals(gap, `[${first - 1}]`);
  assertEquals(first > 50, true);
  assertEquals(await take(messages, 100 - first), Array.from({ length: 100 - first }, (_, index) => first + 1 + index));
  await quiet();
  assertEquals(other.length, 100);
  assertEquals(await paper.news.publish("goes on"), 2);
  assertEquals(await take(messages, 1), ["goes on"]);
});

Deno.test("a member whose queue is full is waited for but a moment, and then not before it has caught up", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { messages, link } = await paper.joined();
  const others = await paper.joined();
  link.queueLimit = 0;
  let count: number | undefined;
  paper.news.publish(1).then((reached) => count = reached);
  await time.pass(24);
  assertEquals(count, undefined);
  await time.pass(3);
  assertEquals(count, 1);
  // Nobody waits for it a second time.
  assertEquals(await paper.news.publish(2), 1);
  assertEquals(await take(others.messages, 2), [1, 2]);
  link.queueLimit = Infinity;
  link.giveUp();
  await time.pass(100);
  assertEquals(await take(messages, 2), [1, 2]);
  assertEquals(await paper.news.publish(3), 2, "it has caught up");
  assertEquals(await take(messages, 1), [3]);
});

Deno.test("a member that has room within that moment is reached", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { link } = await paper.joined();
  link.queueLimit = 0;
  let count: number | undefined;
  paper.news.publish(1).then((reached) => count = reached);
  await time.pass(10);
  link.queueLimit = Infinity;
  link.giveUp();
  await time.pass(5);
  assertEquals(count, 1);
});

Deno.test("the moment is longer for what is larger", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { link } = await paper.joined();
  link.queueLimit = 0;
  let count: number | undefined;
  paper.news.publish("x".repeat(1_638_400)).then((reached) => count = reached);
  await time.pass(120);
  assertEquals(count, undefined);
  await time.pass(10);
  assertEquals(count, 0);
});

Deno.test("what is kept for a member has a bound: beyond it the oldest are a gap", async () => {
  using time = fakeTime();
  await using paper = new Newspaper({}, { maxQueuedBytes: 10_000 });
  const { messages, link } = await paper.joined();
  const others = collect((await paper.joined()).messages);
  link.queueLimit = 0;
  for (let number = 1; number <= 100; number++) {
    const published = paper.news.publish(number);
    await time.pass(1);
    void published;
  }
  await time.pass(100);
  assertEquals(others.length, 100);
  link.queueLimit = Infinity;
  link.giveUp();
  await time.pass(200);
  const got = collect(messages);
  await quiet();
  const values = got.filter((value) => typeof value === "number");
  const gaps = got.filter((value) => typeof value === "string").map((gap) => Number(/^\[(\d+)\]$/.exec(gap)![1]));
  assertEquals(values.at(-1), 100);
  assertEquals(values.length + gaps.reduce((sum, gap) => sum + gap, 0), 100);
  assertEquals(gaps.length, 1);
});

Deno.test("of a member that does not read nothing piles up: one batch is on its way", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { link } = await paper.joined();
  link.queueLimit = 0;
  const before = paper.link.patient.length;
  for (let number = 1; number <= 50; number++) paper.news.publish("x".repeat(1_000));
  await time.pass(30);
  for (let number = 1; number <= 50; number++) await paper.news.publish("x".repeat(1_000));
  assertEquals(paper.link.patient.length - before, 1);
});

Deno.test("what could not be sent is tried again after a while", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { messages } = await paper.joined();
  paper.link.failures.push(new Error("no memory"));
  let count: number | undefined;
  paper.news.publish("again").then((reached) => count = reached);
  await time.pass(1);
  assertEquals(count, 0);
  const got = collect(messages);
  await time.pass(48);
  assertEquals(got, []);
  await time.pass(2);
  assertEquals(got, ["again"]);
  assertEquals(groupTalk(paper.link).filter(({ method }) => method === "rpc.publish").length, 1);
});

Deno.test("a group that closes waits for those that keep up, and not for others", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { link } = await paper.joined();
  link.queueLimit = 0;
  let isClosed = false;
  paper.news.publish(1);
  paper.news.close().then(() => isClosed = true);
  await time.pass(20);
  assertEquals(isClosed, false);
  await time.pass(10);
  assertEquals(isClosed, true);
});

Deno.test("a member that dies while it is waited for is waited for no longer", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { link } = await paper.joined();
  link.queueLimit = 0;
  let count: number | undefined;
  paper.news.publish(1).then((reached) => count = reached);
  await time.pass(5);
  assertEquals(count, undefined);
  link.kill();
  await time.pass(1);
  assertEquals(count, 0);
});
