// Those that wait for equally long stand in queues. What comes of them is the same as with a heap alone.
import { assertEquals } from "@std/assert";
import type { DeadlineQueue, Waiting } from "../../src/rpc/deadline_queue.ts";
import { Deadlines, type Timed } from "../../src/rpc/deadlines.ts";
import { fakeTime, settled } from "../fakes/time.ts";

class Call implements Waiting {
  deadline = Infinity;
  queue: DeadlineQueue | undefined;
  previous: Waiting | undefined;
  next: Waiting | undefined;
  constructor(readonly name: string, readonly log: string[], readonly then = () => {}) {}
  expire(): void {
    this.log.push(this.name);
    this.then();
  }
}

function setUp() {
  const log: string[] = [];
  const deadlines = new Deadlines();
  const wait = (name: string, timeout: number, then?: () => void): Call => {
    const call = new Call(name, log, then);
    deadlines.wait(call, timeout);
    return call;
  };
  return { log, deadlines, wait };
}

Deno.test("calls of several timeouts end in the order of their deadlines, together with all else", async () => {
  using time = fakeTime();
  const { log, deadlines, wait } = setUp();
  wait("a20", 20);
  await time.pass(5);
  wait("b20", 20);
  wait("c10", 10);
  const timed: Timed = { deadline: performance.now() + 17, heapIndex: -1, expire: () => log.push("timed") };
  deadlines.add(timed);
  await time.pass(9);
  assertEquals([log, deadlines.size], [[], 4]);
  await time.pass(20);
  await settled(2);
  assertEquals([log, deadlines.size], [["c10", "a20", "timed", "b20"], 0]);
  deadlines.rest();
});

Deno.test("what has left does not end, and those beside it do, when their time has come and not before", async () => {
  using time = fakeTime();
  const { log, deadlines, wait } = setUp();
  const calls = [];
  for (const name of ["a", "b", "c", "d"]) {
    calls.push(wait(name, 10));
    await time.pass(2);
  }
  for (const index of [0, 2]) {
    deadlines.leave(calls[index]!);
    deadlines.leave(calls[index]!);
  }
  await time.pass(3);
  await settled(2);
  assertEquals([log, deadlines.size], [[], 2]);
  await time.pass(1);
  await settled(2);
  assertEquals(log, ["b"]);
  await time.pass(3);
  await settled(2);
  assertEquals(log, ["b"]);
  await time.pass(1);
  await settled(2);
  assertEquals([log, deadlines.size], [["b", "d"], 0]);
  deadlines.rest();
});

Deno.test("what comes late in a busy turn has all of its time", async () => {
  using time = fakeTime();
  const { deadlines, wait } = setUp();
  const first = wait("a", 10);
  time.busy(50);
  const second = wait("b", 10);
  await settled();
  assertEquals(second.deadline - first.deadline, 50);
  for (const call of [first, second]) deadlines.leave(call);
  deadlines.rest();
});

Deno.test("what comes while others end, and leaves then, is as all others", async () => {
  using time = fakeTime();
  const { log, deadlines, wait } = setUp();
  const others: Call[] = [];
  wait("a", 5, () => {
    others.push(wait("c", 5), wait("d", 5));
    deadlines.leave(others[0]!);
    deadlines.leave(b);
  });
  const b = wait("b", 5);
  await time.pass(5);
  await settled(2);
  assertEquals([log, deadlines.size], [["a"], 1]);
  await time.pass(6);
  await settled(2);
  assertEquals([log, deadlines.size], [["a", "d"], 0]);
  deadlines.rest();
});

Deno.test("of many timeouts nothing is kept once nobody waits for them", async () => {
  using _time = fakeTime();
  const { deadlines, wait } = setUp();
  for (let timeout = 1_000; timeout < 2_000; timeout++) deadlines.leave(wait("", timeout));
  await settled();
  assertEquals(deadlines.size, 0);
  deadlines.rest();
});
