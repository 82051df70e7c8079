// How much may wait.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { ReceiverFullError } from "../../src/errors.ts";
import { settled } from "../fakes/time.ts";
import { HEADERS, openFragments, openOutbox, type OutboxSetup, PART } from "./outbox_setup.ts";

/** Posts a message of so many bytes, and lets the turn end. */
async function wait({ post }: OutboxSetup, to: number, letter: string, size: number): Promise<void> {
  post(to, letter.repeat(size - HEADERS));
  await settled();
}

/** What the last message that was told something was told. */
function refusal({ deliveries }: OutboxSetup) {
  const [name, error] = deliveries.outcomes.at(-1) as [string, ReceiverFullError];
  assertInstanceOf(error, ReceiverFullError, String(error));
  const { port, queued, maximum } = error;
  return [name, { port, queued, maximum }];
}

Deno.test("just so many bytes may wait for a destination, and not one more", async () => {
  const setup = openOutbox({ maxQueuedBytes: 300 });
  const { link, deliveries, drain } = setup;
  link.full.add(1);
  await wait(setup, 1, "a", 100);
  await wait(setup, 1, "b", 101);
  await wait(setup, 1, "c", 100);
  assertEquals(refusal(setup), ["c", { port: 1, queued: 201, maximum: 300 }]);
  await wait(setup, 1, "d", 99);
  assertEquals(deliveries.told, ["c: ReceiverFullError"], "just as many as may");
  await wait(setup, 1, "e", 63);
  assertEquals(refusal(setup), ["e", { port: 1, queued: 300, maximum: 300 }]);
  await drain(1);
  assertEquals(deliveries.told.slice(2), ["a", "b", "d"]);
  assertEquals(link.bodies.flatMap(([, ...bodies]) => bodies.map((body) => body[0])), ["a", "b", "d"]);
  link.assertIdle();
});

Deno.test("of the messages of a turn those are refused that are too much, and smaller ones behind them may still wait", async () => {
  const setup = openOutbox({ maxQueuedBytes: 250 });
  const { link, post, deliveries, drain } = setup;
  link.full.add(1);
  for (const [letter, size] of [["a", 101], ["b", 102], ["c", 103], ["d", 47], ["e", 62]] as const) {
    post(1, letter.repeat(size - HEADERS));
  }
  await settled();
  assertEquals(deliveries.told, ["c: ReceiverFullError", "e: ReceiverFullError"]);
  await drain(1);
  assertEquals(deliveries.told.slice(2).map((name) => name[0]), ["a", "b", "d"]);
  assertEquals(link.bodies.flatMap(([, ...bodies]) => bodies.map((body) => body.length + HEADERS)), [101, 102, 47]);
  link.assertIdle();
});

Deno.test("where nothing waits one message of any size may", async () => {
  const setup = openOutbox({ maxQueuedBytes: 100 });
  const { link, drain } = setup;
  link.full.add(1);
  await wait(setup, 1, "a", 5_000);
  await wait(setup, 1, "b", HEADERS + 21);
  assertEquals(refusal(setup), ["b", { port: 1, queued: 5_000, maximum: 100 }]);
  await drain(1);
  assertEquals(setup.deliveries.told.slice(1), ["a"]);
  link.assertIdle();
});

Deno.test("what has left, was taken back, or has failed makes room for as much", async () => {
  const setup = openOutbox({ maxQueuedBytes: 300 });
  const { link, deliveries } = setup;
  link.full.add(1);
  const fill = async () => {
    for (const letter of ["x", "y", "z"]) await wait(setup, 1, letter, 100);
    await wait(setup, 1, "!", HEADERS + 21);
    assertEquals(refusal(setup)[1], { port: 1, queued: 300, maximum: 300 });
  };
  await fill();
  await link.endPatient(1, true);
  await wait(setup, 1, "a", 100);
  await wait(setup, 1, "!", HEADERS + 21);
  assertEquals(refusal(setup)[1], { port: 1, queued: 300, maximum: 300 }, "one has left");
  deliveries.withdraw("a", "z");
  await wait(setup, 1, "b", 200);
  await wait(setup, 1, "!", HEADERS + 21);
  assertEquals(refusal(setup)[1], { port: 1, queued: 300, maximum: 300 }, "two were taken back");
  await link.endPatient(1, new Error("no memory"));
  assertEquals(deliveries.told.at(-1), "y: Error");
  await wait(setup, 1, "c", 100);
  await wait(setup, 1, "!", HEADERS + 21);
  assertEquals(refusal(setup)[1], { port: 1, queued: 300, maximum: 300 }, "one has failed");
  await setup.drain(1);
  link.assertIdle();
  link.full.add(1);
  await fill();
});

Deno.test("large messages that wait for their turn count, and those under way do not", async () => {
  const setup = openFragments({ maxQueuedBytes: 600 });
  const { link, deliveries, drain } = setup;
  link.full.add(1);
  for (const letter of ["A", "B", "C", "D"]) await wait(setup, 1, letter, 110);
  for (const letter of ["E", "F"]) await wait(setup, 1, letter, 150);
  await wait(setup, 1, "s", 100);
  assertEquals(deliveries.outcomes, [], "four are under way");
  await wait(setup, 1, "G", 201);
  assertEquals(refusal(setup), ["G", { port: 1, queued: 400, maximum: 600 }]);
  await wait(setup, 1, "H", 200);
  await wait(setup, 1, "t", HEADERS + 21);
  assertEquals(refusal(setup), ["t", { port: 1, queued: 600, maximum: 600 }]);
  await drain(1);
  assertEquals(deliveries.told.slice(2).toSorted(), ["A", "B", "C", "D", "E", "F", "H", "s"]);
  link.assertIdle();
});

Deno.test("a large message no longer counts among those that wait once it is under way", async () => {
  const setup = openFragments({ maxQueuedBytes: 600 });
  const { link, deliveries, drain } = setup;
  link.full.add(1);
  for (const letter of ["A", "B", "C", "D"]) await wait(setup, 1, letter, 110);
  await wait(setup, 1, "E", 300);
  await wait(setup, 1, "F", 301);
  assertEquals(refusal(setup), ["F", { port: 1, queued: 300, maximum: 600 }]);
  for (let count = 0; count < 5; count++) await link.endPatient(1, true);
  assertEquals(deliveries.told.at(-1), "A", "one has left, and E is under way instead");
  await wait(setup, 1, "G", 570);
  await wait(setup, 1, "H", 101);
  assertEquals(refusal(setup), ["H", { port: 1, queued: 570, maximum: 600 }]);
  deliveries.withdraw("G");
  await wait(setup, 1, "I", 570);
  assertEquals(deliveries.told.at(-1), "H: ReceiverFullError", "G was taken back");
  await drain(1);
  assertEquals(deliveries.told.slice(3).toSorted(), ["B", "C", "D", "E", "I"]);
  link.assertIdle();
});

Deno.test("small messages that wait keep no large one from being under way at once", async () => {
  const setup = openFragments({ maxQueuedBytes: 300 });
  const { link, deliveries, drain } = setup;
  link.full.add(1);
  for (const letter of ["a", "b", "c"]) await wait(setup, 1, letter, 100);
  await wait(setup, 1, "L", 300);
  assertEquals(deliveries.outcomes, []);
  await drain(1);
  assertEquals(deliveries.told.toSorted(), ["L", "a", "b", "c"]);
  link.assertIdle();
});

Deno.test("what waits behind others is twice as much for all destinations together", async () => {
  const setup = openOutbox({ maxQueuedBytes: 300 });
  const { link, deliveries, drain } = setup;
  for (const to of [1, 2, 3]) link.full.add(to);
  await wait(setup, 1, "a", 300);
  await wait(setup, 2, "b", 140);
  await wait(setup, 3, "c", 160);
  await wait(setup, 3, "d", 41);
  assertEquals(refusal(setup), ["d", { port: 3, queued: 600, maximum: 600 }]);
  // A third of it is for each in any case: those that have stopped do not use up what is for one that is slow.
  await wait(setup, 3, "e", 40);
  await wait(setup, 2, "f", 60);
  assertEquals([deliveries.told, setup.outbox.queuedBytes], [["d: ReceiverFullError"], 700]);
  await wait(setup, 2, "g", 41);
  assertEquals(refusal(setup)[1], { port: 2, queued: 700, maximum: 600 });
  await drain(1);
  assertEquals(deliveries.told.at(-1), "a");
  await wait(setup, 3, "h", 101);
  assertEquals(refusal(setup), ["h", { port: 3, queued: 200, maximum: 300 }], "for one the lower bound still holds");
  for (const to of [2, 3]) await drain(to);
  link.assertIdle();
});

Deno.test("a destination may have more than its share where others leave theirs", async () => {
  const setup = openOutbox({ maxQueuedBytes: 300 });
  const { link, deliveries } = setup;
  for (const to of [1, 2, 3]) link.full.add(to);
  await wait(setup, 1, "a", 300);
  await wait(setup, 2, "b", 60);
  await wait(setup, 3, "c", 200);
  await wait(setup, 3, "d", 41);
  assertEquals(refusal(setup), ["d", { port: 3, queued: 560, maximum: 600 }]);
  await wait(setup, 3, "e", 40);
  assertEquals([deliveries.told, setup.outbox.queuedBytes], [["d: ReceiverFullError"], 600]);
});

Deno.test("where nothing waits for a destination one message of any size may, however much waits for others", async () => {
  const setup = openFragments({ maxQueuedBytes: 300, maxMessageSize: 100_000 });
  const { link, deliveries, drain, outbox } = setup;
  link.full.add(1).add(2).add(3);
  await wait(setup, 1, "L", 100_000);
  await wait(setup, 2, "M", 100_000);
  await wait(setup, 3, "s", HEADERS + 21);
  assertEquals(deliveries.told, []);
  assertEquals(link.holds, 3);
  assertEquals(outbox.queuedBytes, HEADERS + 21, "what is under way does not wait");
  for (const to of [1, 2, 3]) await drain(to);
  assertEquals(deliveries.told, ["L", "M", "s"]);
  link.assertIdle();
});

Deno.test("what says that an answer will not come may wait where there is no room for others", async () => {
  const setup = openOutbox({ maxQueuedBytes: 1_000_000 });
  const { link, outbox, deliveries, drain } = setup;
  link.full.add(1);
  const reserve = (name: string, size: number) => {
    outbox.response(1, 1, name.repeat(size - HEADERS), { ...deliveries.of(name), reserved: true });
    return settled();
  };
  await wait(setup, 1, "a", 1_000_000);
  await wait(setup, 1, "b", HEADERS + 21);
  assertEquals(refusal(setup), ["b", { port: 1, queued: 1_000_000, maximum: 1_000_000 }]);
  await reserve("r", 548_576);
  await reserve("s", 500_001);
  assertEquals(refusal(setup), ["s", { port: 1, queued: 1_548_576, maximum: 2_048_576 }]);
  await wait(setup, 1, "c", HEADERS + 21);
  assertEquals(refusal(setup), ["c", { port: 1, queued: 1_548_576, maximum: 1_000_000 }], "for others there is none");
  await drain(1);
  assertEquals(deliveries.told.slice(3), ["a", "r"]);
  link.assertIdle();
});

Deno.test("that holds also where others have taken up the room of all destinations", async () => {
  const setup = openOutbox({ maxQueuedBytes: 300 });
  const { link, outbox, deliveries } = setup;
  for (const to of [1, 2, 3]) link.full.add(to);
  for (const to of [1, 2]) await wait(setup, to, "a", 260);
  await wait(setup, 3, "b", 250);
  outbox.response(3, 1, "", { ...deliveries.of("r"), reserved: true });
  await settled();
  assertEquals(deliveries.told, []);
});

Deno.test("messages that a receiver takes at once are bounded by nothing", async () => {
  const { link, post, deliveries } = openFragments({ maxQueuedBytes: 300 });
  for (let count = 0; count < 20; count++) post(1, "s".repeat(PART));
  await settled();
  assertEquals(deliveries.outcomes, Array(20).fill("s"));
  link.assertIdle();
});
