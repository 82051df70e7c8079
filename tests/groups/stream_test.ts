import { assertEquals, assertRejects } from "@std/assert";
import { Arrivals } from "../../src/groups/arrivals.ts";
import { chargeOf } from "../../src/groups/charge.ts";
import { GroupClosedError } from "../../src/groups/errors.ts";
import { GroupGap } from "../../src/groups/group_gap.ts";
import { Stream } from "../../src/groups/stream.ts";
import { settle } from "../fakes/stranger.ts";

/** A stream whose next message is 5, and what it asks of its membership. */
function openStream(room = 1_000_000) {
  const arrivals = new Arrivals(room);
  const resumed: { next: number; answer: PromiseWithResolvers<unknown> }[] = [];
  const acknowledged: number[] = [];
  const told = { closed: 0, drains: 0, onDrain: () => {} };
  const stream = new Stream({ stream: "s", port: 20, next: 5, multicast: 1 }, 10, {
    arrivals,
    resume: (next) => {
      const answer = Promise.withResolvers<unknown>();
      resumed.push({ next, answer });
      return answer.promise;
    },
    acknowledge: (next) => void acknowledged.push(next),
    drain: () => {
      told.drains++;
      told.onDrain();
    },
    closed: () => void told.closed++,
  });
  const take = (...numbers: number[]) => {
    for (const number of numbers) stream.take({ stream: "s", number, hasValue: true, value: number }, 10);
  };
  const skip = (number: number) => stream.take({ stream: "s", number, hasValue: false, value: undefined }, 10);
  return { stream, arrivals, resumed, acknowledged, told, take, skip };
}

/** What waits. */
async function drain(arrivals: Arrivals): Promise<unknown[]> {
  const all: unknown[] = [];
  while (arrivals.size > 0) {
    const { value } = await arrivals.take();
    all.push(value instanceof GroupGap ? `[${value.missed}]` : value);
  }
  return all;
}

Deno.test("each message is taken once, and in order", async () => {
  const { stream, arrivals, resumed, told, take } = openStream();
  take(5, 5, 4, 6, 0, 5, 7);
  assertEquals([stream.next, resumed, told.drains], [8, [], 0]);
  assertEquals(await drain(arrivals), [5, 6, 7]);
});

Deno.test("what is missing is looked for in the other way first", async () => {
  const { arrivals, resumed, told, take } = openStream();
  told.onDrain = () => take(5, 6);
  take(7, 8);
  assertEquals([resumed, told.drains], [[], 1]);
  assertEquals(await drain(arrivals), [5, 6, 7, 8]);
});

Deno.test("what the other way has brought too is taken once", async () => {
  const { stream, arrivals, take, told } = openStream();
  told.onDrain = () => take(5, 6, 7);
  take(6);
  assertEquals(stream.next, 8);
  assertEquals(await drain(arrivals), [5, 6, 7]);
});

Deno.test("what is in neither is asked for: once, and once more where more is missing meanwhile", async () => {
  const { arrivals, resumed, take } = openStream();
  take(6);
  take(7, 8);
  assertEquals(resumed.map(({ next }) => next), [5]);
  take(5, 6);
  resumed[0]!.answer.resolve(null);
  await settle();
  assertEquals(resumed.map(({ next }) => next), [5, 7]);
  take(7);
  resumed[1]!.answer.resolve(null);
  await settle();
  assertEquals(resumed.length, 2);
  take(9);
  assertEquals(resumed.map(({ next }) => next), [5, 7, 8], "another time it is asked again");
  assertEquals(await drain(arrivals), [5, 6, 7]);
});

Deno.test("where it cannot be asked for, the next message asks again", async () => {
  const { resumed, take } = openStream();
  take(6);
  resumed[0]!.answer.reject(new Error("silent"));
  await settle();
  assertEquals(resumed.length, 1);
  take(7);
  assertEquals(resumed.map(({ next }) => next), [5, 5]);
});

Deno.test("what is not to be had any more is a gap; what is here already is none", async () => {
  const { stream, arrivals, take, skip } = openStream();
  take(5);
  skip(9);
  skip(9);
  skip(3);
  take(8, 9);
  assertEquals(stream.next, 10);
  assertEquals(await drain(arrivals), [5, "[3]", 9]);
});

Deno.test("the end brings what has been sent in the other way, and says what is missing", async () => {
  const { stream, arrivals, told, take } = openStream();
  told.onDrain = () => take(5);
  stream.close(8);
  assertEquals(told.closed, 1);
  assertEquals(await drain(arrivals), [5, "[2]"]);
});

Deno.test("the owner is told that messages are here each time after so much of them", () => {
  const { stream, acknowledged, take } = openStream();
  take(5, 6, 7, 8);
  assertEquals(acknowledged, []);
  stream.acknowledges(2 * chargeOf(10));
  take(9);
  assertEquals(acknowledged, [10]);
  take(10, 11, 12, 13, 13, 13);
  assertEquals(acknowledged, [10, 12, 14]);
});

Deno.test("an owner that asks is told once the loop has taken a message, or missed it", async () => {
  const { stream, arrivals, take, skip } = openStream(0);
  take(5);
  const asked = [5, 6, 7].map((number) => stream.ask(number));
  take(6);
  assertEquals(await asked[0], false);
  await drain(arrivals);
  assertEquals(await asked[1], true);
  skip(8);
  assertEquals(await asked[2], false);
});

Deno.test("who asks for what waits in the other way has it taken now", () => {
  const { stream, told, take } = openStream();
  take(5);
  stream.ask(5).catch(() => {});
  assertEquals(told.drains, 0);
  stream.ask(6).catch(() => {});
  assertEquals(told.drains, 1);
  stream.end();
});

Deno.test("the end rejects those who ask", async () => {
  const { stream } = openStream();
  const asked = stream.ask(5);
  stream.end();
  await assertRejects(() => asked, GroupClosedError);
});
