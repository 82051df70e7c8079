// Memberships that wait for the owner, and join again when it is back.
import { assertEquals, assertRejects } from "@std/assert";
import { AccessDeniedError } from "../../mod.ts";
import { fakeTime } from "../fakes/time.ts";
import { collect, groupTalk, Newspaper, OWNER, quiet, take } from "./groups.ts";

Deno.test("a group that is not there yet is waited for", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { peer } = paper.open(300);
  const messages = peer.join(OWNER, "sports", { wait: true });
  let isJoined = false;
  messages.joined.then(() => isJoined = true);
  await time.pass(1_000);
  assertEquals(isJoined, false);
  const sports = paper.owner.group("sports");
  await time.pass(210);
  assertEquals([isJoined, sports.members.length], [true, 1]);
  await sports.publish("at last");
  assertEquals(await take(messages, 1), ["at last"]);
});

Deno.test("an owner that is not there yet is waited for, by port and by name", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { peer } = paper.open(300);
  const byPort = peer.join(400, "news", { wait: true });
  const byName = peer.join("com.example.late", "news", { wait: true });
  await time.pass(500);
  const late = paper.open(400).peer;
  const news = late.group("news");
  late.claim("com.example.late");
  await time.pass(300);
  assertEquals(news.members.length, 2);
  await news.publish("here");
  assertEquals([await take(byPort, 1), await take(byName, 1)], [["here"], ["here"]]);
});

Deno.test("tries become rarer, up to five in a second", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { peer, link } = paper.open(300);
  peer.join(OWNER, "sports", { wait: true });
  const tries: number[] = [];
  for (let round = 0; round < 3; round++) {
    const before = groupTalk(link).length;
    await time.pass(1_000);
    tries.push(groupTalk(link).length - before);
  }
  assertEquals(tries, [9, 5, 5]);
});

Deno.test("when the owner is restarted a member is back, and its loop learns it in its place", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { messages } = paper.reader({ wait: true });
  await messages.joined;
  await paper.news.publish("before");
  paper.restart();
  await paper.news.publish("missed");
  await paper.news.publish("missed too");
  await time.pass(300);
  assertEquals(await paper.news.publish("after"), 1);
  assertEquals(await take(messages, 3), ["before", "[2r]", "after"]);
});

Deno.test("a restart is told also where nothing has been published since", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { messages } = paper.reader({ wait: true });
  const got = collect(messages);
  for (let round = 1; round <= 3; round++) {
    await time.pass(300);
    await paper.news.publish(round);
    await time.pass(1);
    paper.restart();
  }
  await time.pass(300);
  assertEquals(got, [1, "[0r]", 2, "[0r]", 3, "[0r]"]);
});

Deno.test("an owner that is restarted while a member is on its way in has no gap: it has missed nothing", async () => {
  using time = fakeTime();
  await using paper = new Newspaper({}, {
    access: () => new Promise((resolve) => setTimeout(() => resolve(true), 10)),
  });
  const { messages } = paper.reader({ wait: true });
  await time.pass(12);
  paper.restart();
  await paper.news.publish("before it has joined");
  await time.pass(300);
  await messages.joined;
  await paper.news.publish("first");
  assertEquals(await take(messages, 1), ["first"]);
});

Deno.test("a group that is closed and opened anew is a restart too", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { messages } = paper.reader({ wait: true });
  await messages.joined;
  const got = collect(messages);
  await paper.news.publish("old");
  await paper.news.close();
  await time.pass(1_000);
  assertEquals(got, ["old"]);
  const anew = paper.owner.group("news");
  await time.pass(300);
  await anew.publish("new");
  await quiet();
  assertEquals(got, ["old", "[0r]", "new"]);
});

Deno.test("a loop that has not taken what was before the restart gets it first", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { messages } = paper.reader({ wait: true });
  await messages.joined;
  for (const value of [1, 2, 3]) await paper.news.publish(value);
  await time.pass(1);
  paper.restart();
  await time.pass(300);
  await paper.news.publish(4);
  assertEquals(await take(messages, 5), [1, 2, 3, "[0r]", 4]);
});

Deno.test("who is not let in does not wait", async () => {
  await using paper = new Newspaper({}, { access: { uids: [77] } });
  const { messages } = paper.reader({ wait: true });
  await assertRejects(() => messages.joined, AccessDeniedError);
  await assertRejects(() => messages.next(), AccessDeniedError);
});

Deno.test("whoever waits can leave, and keeps nothing running", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { peer, link } = paper.open(300);
  const messages = peer.join(OWNER, "sports", { wait: true });
  await time.pass(50);
  assertEquals(link.holds > 0, true);
  messages.leave();
  await quiet();
  const before = link.sent.length;
  await time.pass(1_000);
  assertEquals([link.holds, link.sent.length], [0, before]);
});

Deno.test("an owner that closes itself is waited for; the loop of a peer that closes ends", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const { peer, messages } = paper.reader({ wait: true });
  await messages.joined;
  const got = collect(messages);
  await paper.owner.close();
  await time.pass(500);
  assertEquals(got, []);
  await peer.close();
  await quiet();
  assertEquals(got, ["end"]);
});

Deno.test("an owner that does not answer is asked again, where it is waited for", async () => {
  using time = fakeTime();
  await using paper = new Newspaper();
  const silent = paper.stranger(500);
  const { peer } = paper.open(300);
  const messages = peer.join(500, "news", { wait: true, timeout: 50 });
  const impatient = peer.join(500, "news", { timeout: 50 });
  const got = collect(messages);
  const failed = collect(impatient);
  await time.pass(400);
  assertEquals([got, failed], [[], ["CallTimeoutError"]]);
  assertEquals(silent.unread.length > 3, true);
});

Deno.test("an owner that welcomes with rubbish ends the membership, wait or not", async () => {
  for (const welcome of [null, {}, { stream: "s", port: 0, next: 1, multicast: 1 }, "welcome"]) {
    await using paper = new Newspaper();
    const liar = paper.stranger(500);
    const { peer } = paper.open(300);
    const got = collect(peer.join(500, "news", { wait: true }));
    liar.answer(300, await liar.next(), welcome);
    await quiet();
    assertEquals(got, ["DecodeError"]);
  }
});

Deno.test("an owner that is slower than it is waited for does not keep a member that has given up", async () => {
  using time = fakeTime();
  const delays = [1, 500];
  await using paper = new Newspaper({}, {
    access: () => new Promise((resolve) => void setTimeout(() => resolve(true), delays.shift())),
  });
  const { peer } = paper.open(300);
  const got = collect(peer.join(OWNER, "news", { timeout: 100 }));
  await time.pass(300);
  assertEquals([got, delays], [["CallTimeoutError"], []]);
  await time.pass(500);
  assertEquals(paper.news.members, []);
});
