// Who is reached by multicast, and who one by one.
import { assertEquals } from "@std/assert";
import { Publisher } from "../../src/groups/publisher.ts";

import { fakeTime } from "../fakes/time.ts";
import { callerAt, FakeOwner } from "./members.ts";
import { openGroup, publish } from "./open_group.ts";

Deno.test("messages go by multicast to those that hear, and have all before", async () => {
  using _time = fakeTime();
  const { owner, publisher, admit } = openGroup({ members: 3, hears: 100_000 });
  assertEquals((await publish(publisher, "1")).count, 3);
  assertEquals([owner.multicasts, owner.posted], [[1], []]);
  // One has lost it: it gets that, and what comes meanwhile, one by one.
  admit(201, 1);
  assertEquals(owner.sentTo(201), [[1, 1]]);
  await publish(publisher, "2");
  assertEquals([owner.multicasts, owner.posted.length], [[1, 1], 1]);
  owner.end();
  assertEquals(owner.sentTo(201), [[1, 1], [2, 2]]);
  await publish(publisher, "3");
  assertEquals(owner.multicasts, [1, 1, 1]);
  owner.end();
  owner.end();
  assertEquals((await publish(publisher, "4")).count, 3);
  assertEquals([owner.multicasts, owner.posted.length], [[1, 1, 1, 1], 3]);
  publisher.close();
});

Deno.test("one that is behind, or is being sent the same one by one, does not count as hearing", async () => {
  using time = fakeTime();
  const { owner, publisher, admit } = openGroup({ members: 3, hears: 100_000 });
  await publish(publisher, "1");
  admit(202, 1);
  owner.end(new Error("full"));
  assertEquals((await publish(publisher, "2")).count, 2);
  assertEquals([owner.multicasts, owner.sentTo(202)], [[1, 1], [[1, 1]]]);
  await time.pass(50);
  assertEquals(owner.sentTo(202), [[1, 1], [1, 1], [2, 2]]);
  owner.end();
  const told = publish(publisher, "3");
  admit(202, 3);
  const { count } = await told;
  assertEquals([owner.multicasts.length, owner.sentTo(202).at(-1), count], [3, [3, 3], undefined]);
  publisher.close();
});

Deno.test("one that has asked again is not behind for what it heard: its room is counted from there", async () => {
  using _time = fakeTime();
  const { owner, publisher, admit } = openGroup({ members: 2, hears: 6_000 });
  await publish(publisher, "1");
  await publish(publisher, "2");
  assertEquals(owner.multicasts, [1, 1]);
  await publish(publisher, "3");
  assertEquals(owner.multicasts, [1, 1], "no room");
  for (const { delivery } of owner.posted) delivery.delivered();
  for (const port of [200, 201]) admit(port, 4);
  await publish(publisher, "4");
  assertEquals(owner.multicasts, [1, 1, 1]);
  publisher.close();
});

Deno.test("without multicast nobody hears, whatever they say", async () => {
  using _time = fakeTime();
  const owner = new FakeOwner();
  owner.multicast = undefined;
  const publisher = new Publisher(owner, { name: "news", maxQueuedBytes: 1_000, changed() {} });
  for (const port of [200, 201]) {
    publisher.admit(callerAt(port), { group: "news", stream: publisher.stream, id: 1, next: 1, hears: 1_000_000 });
  }
  await publish(publisher, "1");
  assertEquals(owner.posted.length, 2);
  publisher.close();
});

Deno.test("what is larger than a datagram is no multicast, nor what is lost before it leaves", async () => {
  using _time = fakeTime();
  const large = openGroup({ members: 2, hears: 1_000_000 });
  await publish(large.publisher, "1", `"${"x".repeat(20_000)}"`);
  assertEquals([large.owner.multicasts, large.owner.posted.length], [[], 2]);
  large.publisher.close();
  const short = openGroup({ members: 2, hears: 1_000_000, maxQueuedBytes: 0 });
  await publish(short.publisher, "1", "2");
  assertEquals([short.owner.multicasts, short.owner.sentTo(200)], [[], [[2], [2, 2]]]);
  short.publisher.close();
});

Deno.test("who publishes on and on waits for a moment where members have not said that they have half of what they may have", async () => {
  using time = fakeTime();
  const { publisher } = openGroup({ members: 2, hears: 6_000 });
  const outcomes: number[] = [];
  const microtasks = async () => {
    for (let hop = 0; hop < 50; hop++) await Promise.resolve();
  };
  const send = async () => {
    publisher.publish("1").then((count) => outcomes.push(count));
    await microtasks();
  };
  await send();
  assertEquals(outcomes, [2], "There is room: it is known at once");
  await send();
  assertEquals(outcomes, [2], "Half of the room is taken");
  const acknowledge = (port: number, next: number) =>
    publisher.acknowledge(callerAt(port), { stream: publisher.stream, id: 1, next });
  acknowledge(200, 3);
  await microtasks();
  assertEquals(outcomes, [2]);
  acknowledge(201, 3);
  await microtasks();
  assertEquals(outcomes, [2, 2], "They have said so");
  await send();
  await send();
  await time.pass(30);
  assertEquals(outcomes, [2, 2, 2, 2], "Who does not say so is slow");
  for (const port of [200, 201]) acknowledge(port, 5);
  await send();
  await send();
  assertEquals(outcomes.length, 5, "until it has said so");
  publisher.close();
});

Deno.test("one that has not said that it reads stays slow, although what is sent to it alone has room", async () => {
  using time = fakeTime();
  const { owner, publisher } = openGroup({ members: 2, hears: 3_000 });
  await publish(publisher, "1");
  await time.pass(30);
  assertEquals(owner.multicasts, [1]);
  await publish(publisher, "2");
  assertEquals([owner.multicasts.length, owner.posted.length], [1, 2], "There is no room for more");
  for (const { delivery } of [...owner.posted]) delivery.delivered();
  assertEquals((await publish(publisher, "3")).count, 0, "Nobody waits for it");
  publisher.close();
});

Deno.test("what does not fit one datagram leaves in several, by multicast and one by one", async () => {
  using _time = fakeTime();
  const { owner, publisher } = openGroup({ members: 3, hears: 100_000, datagram: 700 });
  publisher.members[2]!.resume(1, 0);
  await publish(publisher, "1", "2", "3", "4", "5");
  assertEquals(owner.multicasts, [2, 2, 1]);
  assertEquals(owner.sentTo(202), [[1, 1], [2, 2]]);
  publisher.close();
});

Deno.test("what is nobody else's to hear is sent one by one, whoever says that it hears", async () => {
  using _time = fakeTime();
  const { owner, publisher } = openGroup({ members: 2, hears: 100_000, isPrivate: true });
  await publish(publisher, "1");
  assertEquals([owner.multicasts, owner.posted.length], [[], 2]);
  publisher.close();
});
