// Members that hear multicast groups, and those that do not: both are reached alike.
import { assertEquals } from "@std/assert";
import { collect, groupTalk, Newspaper, OWNER, quiet, take } from "./groups.ts";

/** The lengths of long texts. */
function lengths(values: unknown[]): unknown[] {
  return values.map((value) => typeof value === "string" ? value.length : value);
}

Deno.test("members that hear are reached by one send for all, the others one by one", async () => {
  await using paper = new Newspaper();
  const hearing = await paper.readers(3, { hears: true });
  const others = await paper.readers(2);
  const before = paper.link.sent.length;
  assertEquals(await paper.news.publish("both"), 5);
  assertEquals(paper.network.groups.sent.length, 1);
  assertEquals(paper.link.sent.slice(before).map(({ to }) => to), [203, 204]);
  for (const { messages } of [...hearing, ...others]) assertEquals(await take(messages, 1), ["both"]);
});

Deno.test("one that hears alone is sent what cannot be lost", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined({ hears: true });
  assertEquals(await paper.news.publish("alone"), 1);
  assertEquals(await take(messages, 1), ["alone"]);
  assertEquals(paper.network.groups.sent, []);
});

Deno.test("what is published in one turn leaves together", async () => {
  await using paper = new Newspaper();
  const readers = await paper.readers(2, { hears: true });
  await Promise.all([1, 2, 3].map((value) => paper.news.publish(value)));
  assertEquals(paper.network.groups.sent.length, 1);
  for (const { messages } of readers) assertEquals(await take(messages, 3), [1, 2, 3]);
});

Deno.test("what is lost on the way is asked for as soon as something follows, and only by who has lost it", async () => {
  await using paper = new Newspaper();
  const [first, second] = await paper.readers(2, { hears: true });
  first!.ear.loses = () => true;
  await paper.news.publish(1);
  await paper.news.publish(2);
  first!.ear.loses = () => false;
  const before = groupTalk(second!.link).length;
  await paper.news.publish(3);
  assertEquals(await take(first!.messages, 3), [1, 2, 3]);
  assertEquals(await take(second!.messages, 3), [1, 2, 3]);
  assertEquals(groupTalk(second!.link).length, before);
  await paper.news.publish(4);
  assertEquals(paper.network.groups.sent.length, 4, "it hears again");
  assertEquals(await take(first!.messages, 1), [4]);
});

Deno.test("an overrun is asked for at once: nothing needs to follow", async () => {
  await using paper = new Newspaper();
  const [first] = await paper.readers(2, { hears: true });
  first!.ear.isSlow = true;
  await paper.news.publish("lost");
  first!.ear.overrun();
  assertEquals(await take(first!.messages, 1), ["lost"]);
  assertEquals(first!.troubles, ["overrun: Messages were lost"]);
});

Deno.test("what is lost and not to be had any more is a gap that says how many", async () => {
  await using paper = new Newspaper({}, { maxQueuedBytes: 0 });
  const [first] = await paper.readers(2, { hears: true });
  first!.ear.loses = () => true;
  for (let number = 1; number <= 5; number++) await paper.news.publish(number);
  first!.ear.loses = () => false;
  await paper.news.publish(6);
  assertEquals(await take(first!.messages, 2), ["[5]", 6]);
});

Deno.test("what comes in both ways comes once, whichever is faster", async () => {
  await using paper = new Newspaper();
  const [first] = await paper.readers(2, { hears: true });
  const { ear, messages } = first!;
  ear.isSlow = true;
  await paper.news.publish(1);
  // Larger than a datagram: it is not for the multicast, and overtakes what is there.
  const large = "x".repeat(200_000);
  await paper.news.publish(large);
  assertEquals(ear.drains > 0, true);
  assertEquals(await take(messages, 2), [1, large]);
  const again = ear.queue.length;
  assertEquals(again, 0);
  for (const multicast of paper.network.groups.sent) ear.arrive(multicast);
  ear.read();
  await paper.news.publish(3);
  ear.read();
  assertEquals(await take(messages, 1), [3]);
});

Deno.test("what cannot be sent to all at once goes to each", async () => {
  await using paper = new Newspaper();
  const readers = await paper.readers(2, { hears: true });
  paper.network.groups.failures.push(new Error("no memory"));
  assertEquals(await paper.news.publish("each"), 2);
  for (const { messages } of readers) assertEquals(await take(messages, 1), ["each"]);
  assertEquals(paper.network.groups.sent, []);
});

Deno.test("an ear that fails is no end: what is missing comes in the other way", async () => {
  await using paper = new Newspaper();
  const [first] = await paper.readers(2, { hears: true });
  first!.ear.isSlow = true;
  await paper.news.publish("unheard");
  first!.ear.fail(new Error("broken"));
  assertEquals(await take(first!.messages, 1), ["unheard"]);
  await quiet();
  assertEquals(await paper.news.publish("one by one"), 2);
  assertEquals(await take(first!.messages, 1), ["one by one"]);
  assertEquals(paper.network.groups.sent.length, 1, "one that hears is left");
});

Deno.test("who does not acknowledge what it hears is not sent more than it has room for", async () => {
  await using paper = new Newspaper();
  const readers = await paper.readers(2, { hears: true });
  for (const { ear } of readers) ear.isSlow = true;
  const large = "x".repeat(90_000);
  const counts: number[] = [];
  let most = 0;
  for (let number = 0; number < 20; number++) {
    counts.push(await paper.news.publish(large));
    most = Math.max(most, readers[0]!.ear.queue.length);
  }
  assertEquals(counts, counts.map(() => 2));
  // Half of a megabyte.
  assertEquals(most, 5);
  for (const { ear } of readers) ear.read();
  for (const { messages } of readers) assertEquals(lengths(await take(messages, 20)), counts.map(() => 90_000));
});

Deno.test("who acknowledges hears on", async () => {
  await using paper = new Newspaper();
  const readers = await paper.readers(2, { hears: true });
  const large = "x".repeat(90_000);
  for (let number = 0; number < 40; number++) {
    await paper.news.publish(large);
    await quiet();
    for (const { messages } of readers) assertEquals(lengths(await take(messages, 1)), [90_000]);
  }
  assertEquals(paper.network.groups.sent.length, 40);
});

Deno.test("what others send to the group is nothing, also from a port that is not the owner's", async () => {
  await using paper = new Newspaper();
  const [first] = await paper.readers(2, { hears: true });
  const got = collect(first!.messages);
  await paper.news.publish(1);
  const { group, bytes } = paper.network.groups.sent[0]!;
  paper.network.groups.send({ group, bytes, sender: { port: 666, uid: 10, gid: 11, pidHint: 1 } });
  paper.network.groups.send({ group, bytes, sender: { port: OWNER, uid: 77, gid: 11, pidHint: 1 } });
  await quiet();
  assertEquals(got, [1]);
});

Deno.test("a member of its own group takes nothing for a message that is none", async () => {
  await using paper = new Newspaper();
  paper.link.mayHear = true;
  const memberships = [1, 2, 3].map(() => paper.owner.join<string>(OWNER, "news"));
  await Promise.all(memberships.map(({ joined }) => joined));
  const large = "x".repeat(90_000);
  for (let number = 0; number < 10; number++) {
    await paper.news.publish(large);
    await quiet();
    for (const messages of memberships) assertEquals(lengths(await take(messages, 1)), [90_000]);
  }
  const collected = memberships.map(collect);
  await quiet();
  assertEquals(collected, [[], [], []]);
});

Deno.test("what hears goes with the membership", async () => {
  await using paper = new Newspaper();
  const [first, second] = await paper.readers(2, { hears: true });
  const { ear } = first!;
  assertEquals([ear.holds, ear.from], [first!.link.holds, OWNER]);
  first!.messages.leave();
  await quiet();
  assertEquals([ear.closed, ear.holds], [true, 0]);
  await paper.news.close();
  await quiet();
  assertEquals(paper.network.groups.ears.size, 0);
  assertEquals(second!.link.holds, 0);
});

Deno.test("a value that waits to be heard is heard before the loop is asked, and before the end", async () => {
  await using paper = new Newspaper();
  const [first, second] = await paper.readers(2, { hears: true });
  for (const { ear } of [first!, second!]) ear.isSlow = true;
  const published = paper.news.publish("heard", { sync: true });
  const got = collect(first!.messages);
  await quiet();
  assertEquals([got, second!.ear.queue.length], [["heard"], 0]);
  assertEquals(await take(second!.messages, 1), ["heard"]);
  assertEquals(await published, 2);
  await paper.news.publish("last");
  await paper.news.close();
  assertEquals(await take(second!.messages, 2), ["last", "end"]);
  await quiet();
  assertEquals(got, ["heard", "last", "end"]);
});

Deno.test("what an owner has sent before it died is heard", async () => {
  await using paper = new Newspaper();
  const [first] = await paper.readers(2, { hears: true });
  first!.ear.isSlow = true;
  await paper.news.publish("last words");
  paper.link.kill();
  const got = collect(first!.messages);
  await quiet();
  assertEquals(got, ["last words", "PeerGoneError"]);
});
