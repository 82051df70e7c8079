import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { check } from "../fakes/property.ts";
import { Deadlines, type Timed } from "../../src/rpc/deadlines.ts";

class Item implements Timed {
  heapIndex = -1;
  readonly expired = Promise.withResolvers<void>();
  constructor(readonly deadline: number, readonly log: Item[] = []) {}
  expire(): void {
    this.log.push(this);
    this.expired.resolve();
  }
}

/** Keeps the event loop running, as a link that is held does: the timer of deadlines does not. */
async function running<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1_000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

Deno.test("deadlines come in their order, whatever the order of adding, and not before their time", async () => {
  const deadlines = new Deadlines();
  const log: Item[] = [];
  const now = performance.now();
  const items = [30, 10, 20, 10, 25].map((after) => new Item(now + after, log));
  for (const item of items) deadlines.add(item);
  await running(items[0]!.expired.promise);
  assert(performance.now() >= now + 30);
  assertEquals(log.map(({ deadline }) => Math.round(deadline - now)), [10, 10, 20, 25, 30]);
  assertEquals(deadlines.size, 0);
});

Deno.test("what is deleted does not expire, and the others still do", async () => {
  const deadlines = new Deadlines();
  const log: Item[] = [];
  const now = performance.now();
  const items = [5, 10, 15].map((after) => new Item(now + after, log));
  for (const item of items) deadlines.add(item);
  deadlines.delete(items[0]!);
  deadlines.delete(items[0]!);
  deadlines.delete(items[1]!);
  await running(items[2]!.expired.promise);
  assertEquals(log, [items[2]!]);
});

Deno.test("what is settled right after a busy stretch does not expire, although its time has come", async () => {
  const deadlines = new Deadlines();
  const log: Item[] = [];
  const late = new Item(performance.now() + 5, log);
  const lost = new Item(late.deadline, log);
  deadlines.add(late);
  deadlines.add(lost);
  while (performance.now() < late.deadline + 5);
  // As an answer that has arrived meanwhile, and is read in this turn of the event loop.
  setImmediate(() => deadlines.delete(late));
  await running(lost.expired.promise);
  assertEquals(log, [lost]);
});

Deno.test("a deadline further away than a timer can be set for does not come at once", async () => {
  const deadlines = new Deadlines();
  const far = new Item(performance.now() + 2 ** 40);
  const near = new Item(performance.now() + 5);
  deadlines.add(far);
  deadlines.add(near);
  await running(near.expired.promise);
  assertEquals(deadlines.size, 1);
  deadlines.delete(far);
  deadlines.rest();
});

Deno.test("the heap keeps its order through any adding and deleting", () => {
  const steps = fc.array(fc.record({ add: fc.boolean(), value: fc.nat(50) }), { maxLength: 200 });
  check(
    fc.property(steps, (steps) => {
      const deadlines = new Deadlines();
      const base = performance.now() + 1e9;
      const items: Item[] = [];
      for (const { add, value } of steps) {
        if (add || items.length === 0) {
          const item = new Item(base + value);
          items.push(item);
          deadlines.add(item);
        } else deadlines.delete(items.splice(value % items.length, 1)[0]!);
        const places = items.map(({ heapIndex }) => heapIndex).toSorted((a, b) => a - b);
        assertEquals(places, items.map((_, index) => index));
        for (const item of items) {
          const parent = items.find(({ heapIndex }) => heapIndex === (item.heapIndex - 1) >> 1);
          if (item.heapIndex > 0) assert(parent!.deadline <= item.deadline);
        }
      }
      for (const item of items) deadlines.delete(item);
      deadlines.rest();
      assertEquals(deadlines.size, 0);
    }),
    50,
  );
});
