import { assertEquals, assertRejects } from "@std/assert";
import { Arrivals } from "../../src/groups/arrivals.ts";
import { GroupGap } from "../../src/groups/group_gap.ts";
import type { Taken } from "../../src/groups/taken.ts";
import { settle } from "../fakes/stranger.ts";

/** What a message of no bytes takes up. */
const EMPTY = 256;

/** A queue with room for so many messages, and what is told of each. */
function open(room: number) {
  const arrivals = new Arrivals(room * EMPTY);
  const told: [number: number, taken: boolean][] = [];
  const taken = { note: (number: number, taken: boolean) => void told.push([number, taken]) } as Taken;
  const push = (number: number, bytes = 0) => arrivals.push({ number, value: `m${number}`, bytes, taken });
  return { arrivals, told, push };
}

/** All that waits: values, the sizes of gaps, and "restart" where one tells of that. */
async function drain(arrivals: Arrivals): Promise<unknown[]> {
  const all: unknown[] = [];
  while (arrivals.size > 0) {
    const { value } = await arrivals.take();
    if (value instanceof GroupGap) all.push(...(value.isRestart ? ["restart"] : []), value.missed);
    else all.push(value);
  }
  return all;
}

Deno.test("messages are taken in their order, and each is told of", async () => {
  const { arrivals, told, push } = open(10);
  push(1);
  push(2);
  assertEquals([arrivals.size, told], [2, []]);
  assertEquals(await arrivals.take(), { done: false, value: "m1" });
  assertEquals(told, [[1, true]]);
  assertEquals(await drain(arrivals), ["m2"]);
  assertEquals(told, [[1, true], [2, true]]);
});

Deno.test("loops that wait get what comes, the first first", async () => {
  const { arrivals, told, push } = open(10);
  const first = arrivals.take();
  const second = arrivals.take();
  const third = arrivals.take();
  push(1);
  arrivals.miss(3, true);
  push(5);
  assertEquals(await first, { done: false, value: "m1" });
  assertEquals((await second).value, new GroupGap(3, true));
  assertEquals(await third, { done: false, value: "m5" });
  assertEquals([told, arrivals.size], [[[1, true], [5, true]], 0]);
});

Deno.test("where there is no room the oldest go, and one gap in front stands for them", async () => {
  const { arrivals, told, push } = open(3);
  for (let number = 1; number <= 3; number++) push(number);
  assertEquals(told, []);
  push(4);
  push(5);
  assertEquals([told, arrivals.size], [[[1, false], [2, false]], 4]);
  assertEquals(await drain(arrivals), [2, "m3", "m4", "m5"]);
});

Deno.test("bytes count, and a message of any size may wait alone", async () => {
  const { arrivals, push } = open(2);
  push(1, 1_000_000);
  assertEquals(arrivals.size, 1);
  push(2, EMPTY);
  assertEquals(await drain(arrivals), [1, "m2"]);
  push(3, EMPTY + 1);
  push(4);
  assertEquals(await drain(arrivals), [1, "m4"]);
  push(5);
  push(6);
  assertEquals(await drain(arrivals), ["m5", "m6"]);
});

Deno.test("with no room at all the newest waits", async () => {
  const { arrivals, push } = open(0);
  for (let number = 1; number <= 5; number++) push(number);
  assertEquals(await drain(arrivals), [4, "m5"]);
});

Deno.test("a gap stands where messages are missing, and goes with those around it", async () => {
  const { arrivals, push } = open(3);
  push(1);
  arrivals.miss(5, false);
  push(7);
  assertEquals(await drain(arrivals), ["m1", 5, "m7"]);
  push(8);
  arrivals.miss(2, true);
  push(11);
  push(12);
  push(13);
  assertEquals(await drain(arrivals), ["restart", 3, "m11", "m12", "m13"]);
});

Deno.test("gaps in front of all are one", async () => {
  const { arrivals, push } = open(3);
  arrivals.miss(2, false);
  arrivals.miss(3, true);
  arrivals.miss(4, false);
  push(10);
  assertEquals(await drain(arrivals), ["restart", 9, "m10"]);
  arrivals.miss(1, false);
  assertEquals(await drain(arrivals), [1], "and a restart is told once");
});

Deno.test("a restart is told also where nothing is known to be missing", async () => {
  const { arrivals } = open(3);
  arrivals.miss(0, true);
  assertEquals(arrivals.size, 1);
  assertEquals(await drain(arrivals), ["restart", 0]);
});

Deno.test("what waits at the end can still be taken; then it is over, for all loops", async () => {
  const { arrivals, told, push } = open(3);
  push(1);
  arrivals.end();
  arrivals.end({ reason: new Error("too late") });
  push(2);
  arrivals.miss(5, true);
  assertEquals(await drain(arrivals), ["m1"]);
  for (let count = 0; count < 2; count++) assertEquals(await arrivals.take(), { done: true, value: undefined });
  assertEquals(told, [[1, true]]);
});

Deno.test("loops that wait learn the end, or what has failed", async () => {
  const { arrivals } = open(3);
  const waiting = [arrivals.take(), arrivals.take()];
  arrivals.end();
  assertEquals(await Promise.all(waiting), [{ done: true, value: undefined }, { done: true, value: undefined }]);
  const failing = open(3).arrivals;
  const loop = failing.take();
  failing.end({ reason: undefined });
  await assertRejects(() => loop.then(() => {}, () => Promise.reject(new Error("rejected"))), Error, "rejected");
  await assertRejects(() => failing.take().catch(() => Promise.reject(new Error("again"))), Error, "again");
  open(3).arrivals.end({ reason: new Error("nobody asks for it") });
  await settle();
});

Deno.test("what is dropped by leaving is gone, and its gaps too", async () => {
  const { arrivals, push } = open(2);
  for (let number = 1; number <= 4; number++) push(number);
  arrivals.miss(1, true);
  arrivals.clear();
  assertEquals(arrivals.size, 0);
  push(5);
  push(6);
  assertEquals(await drain(arrivals), ["m5", "m6"], "and takes up nothing");
});

Deno.test("nothing is mixed up over many messages", async () => {
  const { arrivals, push } = open(1_500);
  const seen: unknown[] = [];
  let next = 1;
  for (let round = 0; round < 20; round++) {
    for (let count = 0; count < 400; count++) push(next++);
    for (let count = 0; count < 350; count++) seen.push((await arrivals.take()).value);
  }
  seen.push(...await drain(arrivals));
  assertEquals(seen, Array.from({ length: next - 1 }, (_, index) => `m${index + 1}`));
});
