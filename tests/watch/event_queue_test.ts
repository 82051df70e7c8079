// Events on their way to a loop that may be slow.
import { assertEquals, assertRejects } from "@std/assert";
import { EventQueue, MOST_EVENTS } from "../../src/watch/event_queue.ts";
import type { LifecycleEvent } from "../../src/watch/events.ts";

const event = (port: number): LifecycleEvent => ({ type: "peer-added", name: undefined, port, uid: 0 });

/** Takes so many events, as ports or types. */
async function take(queue: EventQueue, count: number): Promise<(string | number)[]> {
  const taken: (string | number)[] = [];
  for (let index = 0; index < count; index++) {
    const { value, done } = await queue.take();
    taken.push(done ? "end" : "port" in value ? value.port : value.type);
  }
  return taken;
}

Deno.test("events are taken in their order, by those who wait in theirs", async () => {
  const queue = new EventQueue(() => []);
  const waiting = [take(queue, 1), take(queue, 1)];
  for (let port = 1; port <= 4; port++) queue.push(event(port));
  assertEquals([await waiting[0], await waiting[1], await take(queue, 2)], [[1], [2], [3, 4]]);
});

Deno.test("many events stay in their order while some are taken", async () => {
  const queue = new EventQueue(() => []);
  const expected: number[] = [];
  const taken: (string | number)[] = [];
  for (let round = 0; round < 30; round++) {
    for (let index = 0; index < 150; index++) {
      expected.push(expected.length);
      queue.push(event(expected.at(-1)!));
    }
    taken.push(...await take(queue, 100));
  }
  taken.push(...await take(queue, expected.length - taken.length));
  assertEquals(taken, expected);
});

Deno.test("a loop that falls behind gets all that is there by the time it goes on", async () => {
  let there = [event(1)];
  const queue = new EventQueue(() => [...there, { type: "ready" }]);
  for (let index = 0; index < MOST_EVENTS; index++) queue.push(event(index));
  assertEquals(await take(queue, 1), [0]);
  queue.push(event(7));
  queue.push(event(8));
  queue.push(event(9));
  there = [event(2), event(3)];
  assertEquals(await take(queue, 4), ["restart", 2, 3, "ready"]);
  queue.push(event(10));
  assertEquals(await take(queue, 1), [10]);
});

Deno.test("what is there may be more than what may wait", async () => {
  const there = Array.from({ length: 2 * MOST_EVENTS }, (_, index) => event(index));
  const queue = new EventQueue(() => there);
  for (let index = 0; index <= MOST_EVENTS; index++) queue.push(event(index));
  assertEquals(await take(queue, 2), ["restart", 0]);
  queue.push(event(99));
  assertEquals((await take(queue, there.length)).at(-1), 99);
});

Deno.test("at its end what waits is still taken, where it is kept; then the loop ends, or throws", async () => {
  for (const failure of [undefined, new Error("failed")]) {
    const queue = new EventQueue(() => [event(5)]);
    queue.push(event(1));
    queue.close(true, failure);
    queue.push(event(2));
    assertEquals(await take(queue, 1), [1]);
    if (failure === undefined) assertEquals(await take(queue, 2), ["end", "end"]);
    else await assertRejects(() => queue.take(), Error, "failed");
    queue.close(false);
    assertEquals(await take(queue, 1), ["end"]);
  }
});

Deno.test("at its end a loop that has fallen behind gets all that is there", async () => {
  const queue = new EventQueue(() => [event(5)]);
  for (let index = 0; index <= MOST_EVENTS; index++) queue.push(event(index));
  queue.close(true);
  assertEquals(await take(queue, 3), ["restart", 5, "end"]);
});

Deno.test("whoever waits at the end learns of it", async () => {
  const queue = new EventQueue(() => []);
  const [first, second] = [queue.take(), queue.take()];
  queue.close(false);
  assertEquals([(await first).done, (await second).done], [true, true]);
  const failing = new EventQueue(() => []);
  const waiting = failing.take();
  failing.close(true, new Error("failed"));
  await assertRejects(() => waiting, Error, "failed");
});
