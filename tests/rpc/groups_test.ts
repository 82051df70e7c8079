// Groups between whole peers: who publishes and joins.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { GroupNotFoundError, MessageTooLargeError, PeerGoneError } from "../../mod.ts";
import { Newspaper, OWNER, quiet, take, USER } from "./groups.ts";

Deno.test("what is published arrives at all members, in order and once", async () => {
  await using paper = new Newspaper();
  const readers = await paper.readers(3);
  const counts = await Promise.all([1, { a: [null] }, "é€😀"].map((value) => paper.news.publish(value)));
  assertEquals(counts, [3, 3, 3]);
  assertEquals(await paper.news.publish(undefined), 3);
  for (const { messages } of readers) assertEquals(await take(messages, 4), [1, { a: [null] }, "é€😀", null]);
});

Deno.test("nobody is reached where there is nobody", async () => {
  await using paper = new Newspaper();
  assertEquals(await paper.news.publish("nobody"), 0);
  assertEquals(await paper.news.publish("nobody", { sync: true }), 0);
});

Deno.test("a member gets what is published from its joining on", async () => {
  await using paper = new Newspaper();
  await paper.news.publish("before");
  const { messages } = await paper.joined();
  await paper.news.publish("after");
  assertEquals(await take(messages, 1), ["after"]);
});

Deno.test("what is published while a member is on its way in is not lost", async () => {
  await using paper = new Newspaper();
  const { messages } = paper.reader();
  const published: number[] = [];
  let isJoined = false;
  messages.joined.then(() => isJoined = true);
  for (let number = 1; !isJoined; number++) {
    published.push(number);
    paper.news.publish(number);
    await Promise.resolve();
  }
  await paper.news.publish("last");
  const got = await take(messages, 1);
  const rest = await take(messages, published.length - (got[0] as number) + 1);
  assertEquals([...got, ...rest], [...published.slice(published.indexOf(got[0] as number)), "last"]);
});

Deno.test("all that is published in one turn leaves in one datagram for each", async () => {
  await using paper = new Newspaper();
  await paper.readers(2);
  const before = paper.link.sent.length;
  await Promise.all([1, 2, 3].map((value) => paper.news.publish(value)));
  assertEquals(paper.link.sent.slice(before).map(({ to }) => to), [200, 201]);
});

Deno.test("members are who they are in the kernel's words, one who joins twice is there twice", async () => {
  await using paper = new Newspaper();
  const { peer, messages } = await paper.joined();
  const again = peer.join(OWNER, "news");
  await again.joined;
  const member = { port: 200, uid: USER, gid: 11, pidHint: 200 };
  assertEquals(paper.news.members, [member, member]);
  assertEquals(await paper.news.publish("twice"), 2);
  assertEquals([await take(messages, 1), await take(again, 1)], [["twice"], ["twice"]]);
  messages.leave();
  await quiet();
  assertEquals(paper.news.members, [member]);
  await paper.news.publish("once");
  assertEquals(await take(again, 1), ["once"]);
});

Deno.test("two owners have groups of the same name", async () => {
  await using paper = new Newspaper();
  const other = paper.open(300).peer;
  const otherNews = other.group("news");
  const { peer, messages } = await paper.joined();
  const others = peer.join(300, "news");
  await others.joined;
  await Promise.all([paper.news.publish("ours"), otherNews.publish("theirs")]);
  assertEquals([await take(messages, 1), await take(others, 1)], [["ours"], ["theirs"]]);
});

Deno.test("a group is joined by a name of its owner too, and its end is known", async () => {
  await using paper = new Newspaper();
  paper.owner.claim("com.example.paper");
  const { peer } = paper.reader();
  const messages = peer.join("com.example.paper", "news");
  await messages.joined;
  await paper.news.publish("by name");
  assertEquals(await take(messages, 1), ["by name"]);
});

Deno.test("a peer may be a member of its own group", async () => {
  await using paper = new Newspaper();
  const messages = paper.owner.join(OWNER, "news");
  await messages.joined;
  assertEquals(await paper.news.publish("to myself"), 1);
  assertEquals(await take(messages, 1), ["to myself"]);
  const synchronous = paper.news.publish("again", { sync: true });
  assertEquals([await take(messages, 1), await synchronous], [["again"], 1]);
});

Deno.test("a group that is opened anew is another: old members have left", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined();
  const old = paper.news;
  await old.close();
  const anew = paper.owner.group("news");
  assertEquals(await anew.publish("anew"), 0);
  await old.close();
  assertEquals(await anew.publish("still open"), 0);
  assertEquals(await take(messages, 1), ["end"]);
});

Deno.test("a group is opened once, and found by its name", async () => {
  await using paper = new Newspaper();
  assertEquals(paper.owner.group("news"), paper.news);
  assertThrows(() => paper.owner.group("news", { access: "anyone" }), TypeError, "is open");
  assertThrows(() => paper.owner.group("rpc.groups"), RangeError);
  assertThrows(() => paper.owner.group("more", { maxQueuedBytes: -1 }), RangeError);
  assertThrows(() => paper.owner.group("more", { access: "nobody" as "anyone" }), TypeError);
  assertEquals(await paper.owner.group("more", { maxQueuedBytes: 0 }).publish(1), 0, "what was refused was not opened");
});

Deno.test("what cannot be joined is told at once", async () => {
  await using paper = new Newspaper();
  const { peer } = paper.reader();
  assertThrows(() => peer.join("", "news"), RangeError);
  assertThrows(() => peer.join(0, "news"), RangeError);
  assertThrows(() => peer.join(OWNER, ""), RangeError);
  assertThrows(() => peer.join(OWNER, 5 as unknown as string), TypeError);
  assertThrows(() => peer.join(OWNER, "news", { maxQueuedBytes: 0.5 }), RangeError);
  assertThrows(() => peer.join(OWNER, "news", { timeout: -1 }), RangeError);
  assertThrows(() => peer.join(OWNER, "news", { trust: "nobody" as "anyone" }), TypeError);
});

Deno.test("a group or an owner that is not there ends the membership, where it is not waited for", async () => {
  await using paper = new Newspaper();
  const { peer, link } = await paper.joined();
  const sports = peer.join(OWNER, "sports");
  const error = await assertRejects(() => sports.joined, GroupNotFoundError);
  assertEquals([error.owner, error.group], [OWNER, "sports"]);
  await assertRejects(() => sports.next(), GroupNotFoundError);
  const nobody = peer.join(999, "news");
  await assertRejects(() => nobody.next(), PeerGoneError);
  await assertRejects(() => nobody.joined, PeerGoneError);
  assertEquals(link.holds, 1);
});

Deno.test("messages larger than a datagram arrive in their place", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined();
  const large = "x".repeat(300_000);
  const counts = await Promise.all([1, large, 3, large, large, 6].map((value) => paper.news.publish(value)));
  assertEquals(counts, [1, 1, 1, 1, 1, 1]);
  assertEquals(await take(messages, 6), [1, large, 3, large, large, 6]);
});

Deno.test("what cannot be sent is no message: its number is the next one's", async () => {
  await using paper = new Newspaper({ maxMessageSize: 10_000 });
  const { messages } = await paper.joined();
  await assertRejects(() => paper.news.publish("x".repeat(10_000)), MessageTooLargeError);
  await assertRejects(() => paper.news.publish("x".repeat(10_000), { sync: true }), MessageTooLargeError);
  await assertRejects(() => paper.news.publish(5n), TypeError);
  assertEquals(await paper.news.publish("small"), 1);
  assertEquals(await take(messages, 1), ["small"]);
});
