import { mock } from "node:test";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PeerClosedError, PeerGoneError } from "../../src/errors.ts";
import { GroupClosedError } from "../../src/groups/errors.ts";

import { settle } from "../fakes/stranger.ts";
import { fakeTime } from "../fakes/time.ts";
import { callerAt } from "./members.ts";
import { openGroup, publish } from "./open_group.ts";

Deno.test("nothing leaves before the turn ends; then all of it, at once", async () => {
  const { owner, publisher } = openGroup({ members: 2 });
  publisher.publish('"a"');
  publisher.publish('"b"');
  assertEquals(owner.posted, []);
  await settle();
  assertEquals([owner.sentTo(200), owner.sentTo(201)], [[[1, "a"], [2, "b"]], [[1, "a"], [2, "b"]]]);
  assertEquals(owner.flushes, 2, "before, so that nothing is overtaken, and after it");
});

Deno.test("the next batch leaves once the one before has arrived", async () => {
  using _time = fakeTime();
  const { owner, publisher } = openGroup();
  await publish(publisher, "1");
  await publish(publisher, "2");
  await publish(publisher, "3");
  assertEquals(owner.sentTo(200), [[1, 1]]);
  owner.end();
  assertEquals(owner.sentTo(200), [[1, 1], [2, 2], [3, 3]]);
  owner.end();
  assertEquals(owner.posted.length, 3);
  publisher.close();
});

Deno.test("a member that asks again while something is on its way gets that from there on, once it has arrived", async () => {
  using _time = fakeTime();
  const { owner, publisher, admit } = openGroup();
  await publish(publisher, "1", "2", "3");
  admit(200, 2);
  assertEquals(owner.posted.length, 3, "not beside what is on its way");
  owner.end();
  assertEquals(owner.sentTo(200).slice(3), [[2, 2], [3, 3]]);
  owner.end();
  await publish(publisher, "4");
  assertEquals(owner.sentTo(200).slice(5), [[4, 4]], "once");
  publisher.close();
});

Deno.test("who wants what is not published yet gets all that is", async () => {
  using _time = fakeTime();
  const { owner, publisher, admit } = openGroup();
  admit(200, 50);
  await publish(publisher, "1");
  assertEquals(owner.sentTo(200), [[1, 1]]);
  publisher.close();
});

Deno.test("what is not kept any more is said, and what is kept follows", async () => {
  using _time = fakeTime();
  const { owner, publisher, admit } = openGroup({ members: 0, maxQueuedBytes: 0 });
  await publish(publisher, "1", "2", "3");
  admit(200, 1);
  assertEquals(owner.sentTo(200), [[3], [3, 3]]);
  publisher.close();
});

Deno.test("it is known how many have it once all that keep up have", async () => {
  using time = fakeTime();
  const { owner, publisher } = openGroup({ members: 3 });
  const told = await publish(publisher, "1");
  const [first, second] = owner.posted;
  first!.delivery.delivered();
  await settle();
  assertEquals(told.count, undefined);
  second!.delivery.delivered();
  await time.pass(24);
  assertEquals(told.count, undefined);
  await time.pass(3);
  assertEquals(told.count, 2);
  publisher.close();
});

Deno.test("a member counts where it has all of a turn, and each counts once", async () => {
  using _time = fakeTime();
  const { owner, publisher } = openGroup({ members: 2 });
  const first = await publish(publisher, "1", `"${"x".repeat(20_000)}"`);
  const [ofFirst, ofSecond] = owner.posted;
  ofFirst!.delivery.delivered();
  owner.end();
  const second = await publish(publisher, "3");
  owner.end();
  await settle();
  assertEquals([first.count, second.count], [undefined, undefined]);
  ofSecond!.delivery.delivered();
  await settle();
  assertEquals(first.count, undefined, "the large one is on its way");
  owner.end();
  await settle();
  assertEquals(first.count, 2);
  publisher.close();
});

Deno.test("once it is known, or closed, nothing waits any more", async () => {
  const { mock: set } = mock.method(globalThis, "setTimeout");
  const { mock: cleared } = mock.method(globalThis, "clearTimeout");
  const { owner, publisher } = openGroup();
  const told = await publish(publisher, "1");
  owner.end();
  await settle();
  assertEquals(told.count, 1);
  await publish(publisher, "2");
  owner.end(new Error("full"));
  publisher.close();
  const timers = set.calls.map(({ result }) => result);
  const done = cleared.calls.map(({ arguments: [timer] }) => timer);
  set.restore();
  cleared.restore();
  assertEquals(timers.map((timer) => done.includes(timer)), [true, true, true]);
});

Deno.test("a slow member is waited for again once it has caught up", async () => {
  using time = fakeTime();
  const { owner, publisher } = openGroup();
  const first = await publish(publisher, "1");
  await time.pass(30);
  const second = await publish(publisher, "2");
  assertEquals([first.count, second.count], [0, 0]);
  owner.end();
  const third = await publish(publisher, "3");
  assertEquals(third.count, 0, "2 is on its way");
  owner.end();
  owner.end();
  const fourth = await publish(publisher, "4");
  assertEquals(fourth.count, undefined);
  owner.end();
  await settle();
  assertEquals(fourth.count, 1);
  publisher.close();
});

Deno.test("a member that could not be sent something counts as slow at once, and is tried again", async () => {
  using time = fakeTime();
  const { owner, publisher } = openGroup();
  const told = await publish(publisher, "1");
  owner.end(new Error("full"));
  await settle();
  assertEquals(told.count, 0);
  assertEquals((await publish(publisher, "2")).count, 0, "nobody waits for it");
  for (let round = 1; round <= 3; round++) {
    const before = owner.posted.length;
    await time.pass(49);
    assertEquals(owner.posted.length, before);
    await time.pass(1);
    assertEquals(owner.sentTo(200).slice(before), [[1, 1], [2, 2]]);
    owner.end(new Error("full"));
  }
  publisher.close();
  await time.pass(100);
  assertEquals(owner.posted.length, 7, "and not once it is closed");
});

Deno.test("a member whose port nobody holds is gone; one that is refused since this side closes is not tried again", async () => {
  using time = fakeTime();
  const { owner, publisher, changes } = openGroup({ members: 2 });
  const told = await publish(publisher, "1");
  owner.posted[0]!.delivery.undelivered(new PeerGoneError(200));
  owner.posted[1]!.delivery.undelivered(new PeerClosedError());
  await time.pass(30);
  assertEquals(told.count, 0);
  assertEquals(changes, ["member-joined 200", "member-joined 201", "member-left 200"]);
  assertEquals(owner.watches.map(({ watched }) => watched.isClosed), [true, false]);
  await time.pass(100);
  assertEquals(owner.posted.length, 2);
  publisher.close();
});

Deno.test("nothing is sent to a port that another holds by now", async () => {
  const { owner, publisher, changes } = openGroup();
  owner.watches[0]!.watched.isCurrent = false;
  assertEquals((await publish(publisher, "1")).count, 0);
  assertEquals([owner.posted, changes], [[], ["member-joined 200", "member-left 200"]]);
});

Deno.test("a member that is gone gets nothing more, also where something was on its way", async () => {
  using time = fakeTime();
  const { owner, publisher } = openGroup();
  await publish(publisher, "1");
  await publish(publisher, "2");
  owner.watches[0]!.gone();
  owner.watches[0]!.gone();
  owner.end();
  owner.end(new Error("full"));
  await time.pass(100);
  assertEquals([owner.posted.length, publisher.size], [1, 0]);
});

Deno.test("closing sends what was published, and ends all waits", async () => {
  using _time = fakeTime();
  const { owner, publisher, changes } = openGroup();
  const first = await publish(publisher, "1");
  const second = publisher.publish("2");
  assertEquals(publisher.close().map(({ caller }) => caller.port), [200]);
  await settle();
  assertEquals([first.count, await second], [0, 0]);
  assertEquals(owner.watches[0]!.watched.isClosed, true);
  assertEquals(publisher.close(), []);
  assertThrows(() => publisher.publish("3"), GroupClosedError);
  await assertRejects(() => publisher.publishSync("3", {}), GroupClosedError);
  assertEquals(changes, ["member-joined 200", "member-left 200"]);
});

Deno.test("settled waits for what is on its way, and for this turn", async () => {
  using _time = fakeTime();
  const { owner, publisher } = openGroup();
  let isSettled = false;
  publisher.publish("1");
  publisher.settled().then(() => isSettled = true);
  await settle();
  assertEquals(isSettled, false);
  owner.end();
  await settle();
  assertEquals(isSettled, true);
  publisher.close();
});

Deno.test("there is room for so many members, and for those that are", () => {
  const { publisher } = openGroup({ members: 3 });
  const most = { inAll: 4, ofOnePort: 1 };
  assertEquals(publisher.hasRoomFor(callerAt(203), 1, most), true);
  assertEquals(publisher.hasRoomFor(callerAt(200), 2, most), false);
  assertEquals(publisher.hasRoomFor(callerAt(200), 1, most), true);
  assertEquals(publisher.hasRoomFor(callerAt(203), 1, { inAll: 3, ofOnePort: 1 }), false);
  assertEquals(publisher.hasRoomFor(callerAt(202), 1, { inAll: 3, ofOnePort: 1 }), true);
});

Deno.test("each group has a stream of its own, and a multicast group from 1 to 32", () => {
  const groups = Array.from({ length: 400 }, () => openGroup({ members: 0 }).publisher.welcome);
  assertEquals(new Set(groups.map(({ stream }) => stream)).size, 400);
  const numbers = groups.map(({ multicast }) => multicast);
  assertEquals([Math.min(...numbers), Math.max(...numbers)], [1, 32]);
  assertEquals(groups[0]!.port, 100);
});

Deno.test("of two memberships of a peer, one that has left meanwhile is not counted, although the other has taken it", async () => {
  using _time = fakeTime();
  const { owner, publisher, admit } = openGroup();
  admit(200, 1, 2);
  const asked = Promise.withResolvers<unknown>();
  owner.answer = () => asked.promise;
  const published = publisher.publishSync("1", { timeout: 1_000 });
  await settle();
  for (const { delivery } of [...owner.posted]) delivery.delivered();
  await settle();
  publisher.leave(callerAt(200), 1);
  asked.resolve(true);
  assertEquals(await published, 1);
  publisher.close();
});
