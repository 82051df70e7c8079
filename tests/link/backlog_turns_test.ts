// How a backlog's messages take turns.
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { MAX_UNDER_WAY } from "../../src/link/large_lane.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { HEADERS, openFragments, type OutboxSetup, PART } from "./outbox_setup.ts";

const fragments = (letter: string, count: number) => letter.repeat(count * PART);

/** What was sent to port 1, as the first characters of the bodies. */
function order({ link }: OutboxSetup): string {
  return link.bodies.map(([, body]) => body![0]).join("");
}

Deno.test("small messages and fragments take turns", async () => {
  const setup = openFragments();
  const { link, post, deliveries } = setup;
  post(1, fragments("L", 5));
  for (const letter of ["a", "b", "c"]) post(1, letter.repeat(PART));
  await settled();
  assertEquals(order(setup), "aLbLcLLL");
  assertEquals(deliveries.outcomes, ["a", "b", "c", "L"]);
  link.assertIdle();
});

Deno.test("a small message leaves after one more fragment at most, also where it is posted while one waits", async () => {
  const setup = openFragments();
  const { link, post, drain, deliveries } = setup;
  link.full.add(1);
  post(1, fragments("L", 4));
  await settled();
  assertEquals(link.waiting, [[1, "L*60"]]);
  post(1, "s");
  await settled();
  await link.endPatient(1, true);
  assertEquals(link.waiting, [[1, "s"]]);
  await link.endPatient(1, true);
  assertEquals(link.waiting, [[1, "L*60"]]);
  await link.endPatient(1, true);
  post(1, "t");
  post(1, "u");
  await settled();
  await drain(1);
  assertEquals(link.bodies.map(([, ...bodies]) => bodies.join()), ["L*60", "s", "L*60", "L*60", "t,u", "L*60."]);
  assertEquals(deliveries.outcomes, ["s", "t", "u", "L"]);
  link.assertIdle();
});

Deno.test("a large message is not kept waiting by small ones that keep coming", async () => {
  const setup = openFragments();
  const { link, post, drain } = setup;
  link.full.add(1);
  post(1, fragments("L", 3));
  post(1, "s".repeat(PART));
  await settled();
  for (let count = 0; count < 5; count++) {
    post(1, "s".repeat(PART));
    await link.endPatient(1, true);
  }
  assertEquals(order(setup), "sLsLs");
  await drain(1);
  link.assertIdle();
});

Deno.test("both lanes have their turn, also where each turn has time for one datagram only", async () => {
  using time = fakeTime();
  const setup = openFragments();
  const { link, outbox, post } = setup;
  link.onSend = () => time.busy(6);
  post(1, fragments("L", 3));
  for (let count = 0; count < 6; count++) post(1, "s".repeat(PART));
  outbox.flush();
  await settled(20);
  const seen = order(setup);
  assertEquals(seen.length, 9);
  assertEquals(seen.slice(0, 6), "sLsLsL");
  link.assertIdle();
});

Deno.test("large messages take turns, fragment by fragment", async () => {
  const setup = openFragments();
  for (const letter of ["A", "B", "C"]) setup.post(1, fragments(letter, 3));
  await settled();
  assertEquals(order(setup).slice(0, 6), "ABCABC");
  assertEquals(setup.deliveries.outcomes.toSorted(), ["A", "B", "C"]);
  setup.link.assertIdle();
});

Deno.test("a short message does not wait until a long one before it has left", async () => {
  const setup = openFragments();
  setup.post(1, fragments("L", 50));
  setup.post(1, fragments("S", 2));
  await settled();
  assertEquals(order(setup).slice(0, 5), "LSLSL");
  assertEquals(setup.deliveries.outcomes, ["S", "L"]);
});

Deno.test("so many large messages take turns, and the others wait in order until one of them has left", async () => {
  const setup = openFragments();
  const letters = [..."ABCDEFGHIJ"];
  for (const letter of letters) setup.post(1, fragments(letter, 2));
  await settled();
  const begun = new Map<string, number>();
  let most = 0;
  const begunInOrder: string[] = [];
  for (const letter of order(setup)) {
    const seen = (begun.get(letter) ?? 0) + 1;
    if (seen === 1) begunInOrder.push(letter);
    begun.set(letter, seen);
    if (seen === 2) begun.delete(letter);
    most = Math.max(most, begun.size);
  }
  assertEquals([order(setup).length, begun.size], [2 * letters.length, 0]);
  assertEquals(order(setup).slice(0, MAX_UNDER_WAY), "ABCD");
  assertEquals(begunInOrder, letters);
  assertLessOrEqual(most, MAX_UNDER_WAY);
  assertEquals(MAX_UNDER_WAY, 4, "what a receiver puts together at once is made for this");
  assertEquals(setup.deliveries.outcomes.toSorted(), letters);
  setup.link.assertIdle();
});

Deno.test("of equal messages none is passed over: each sends a fragment before another sends its second next", async () => {
  const setup = openFragments();
  const { link, post, drain } = setup;
  link.full.add(1);
  const letters = [..."ABCDEFGH"];
  for (const letter of letters) post(1, fragments(letter, 3));
  await settled();
  await drain(1);
  const seen = order(setup);
  // Under way are four at most: so between two fragments of one message there are three others, or four where a new one begins.
  for (const letter of letters) {
    const at = [...seen].flatMap((other, index) => other === letter ? [index] : []);
    const gaps = at.slice(1).map((index, before) => index - at[before]!);
    assert(gaps.every((gap) => gap <= MAX_UNDER_WAY), `${letter} waits too long in ${seen}`);
  }
  assertEquals(setup.deliveries.outcomes, letters, seen);
});

Deno.test("a message that comes later begins later, whatever turn it is", async () => {
  for (let sent = 1; sent <= 6; sent++) {
    const setup = openFragments();
    const { link, post, drain, deliveries } = setup;
    link.full.add(1);
    post(1, fragments("L", 12));
    await settled();
    for (let count = 0; count < sent; count++) await link.endPatient(1, true);
    for (const letter of ["A", "B", "C"]) post(1, fragments(letter, 2));
    await settled();
    await drain(1);
    const begun = [..."ABC"].map((letter) => order(setup).indexOf(letter));
    assertEquals(begun, begun.toSorted((a, b) => a - b), order(setup));
    assertEquals(deliveries.outcomes, ["A", "B", "C", "L"], order(setup));
  }
});

Deno.test("those under way are no more than the largest message together", async (t) => {
  const [size, count] = [HEADERS + 3 * PART, 3];
  for (
    const [name, maxMessageSize, together] of [["exactly", count * size, 3], [
      "a byte less",
      count * size - 1,
      2,
    ]] as const
  ) {
    await t.step(name, async () => {
      const setup = openFragments({ maxMessageSize });
      for (const letter of ["A", "B", "C"]) setup.post(1, fragments(letter, 3));
      await settled();
      assertEquals(order(setup).slice(0, 3), together === 3 ? "ABC" : "ABA");
      assertEquals(setup.deliveries.outcomes.toSorted(), ["A", "B", "C"]);
      setup.link.assertIdle();
    });
  }
});

Deno.test("a message of the largest size is under way alone, and none passes it while it waits for that", async () => {
  const maxMessageSize = HEADERS + 20 * PART;
  const setup = openFragments({ maxMessageSize });
  setup.post(1, fragments("A", 2));
  setup.post(1, fragments("L", 20));
  setup.post(1, fragments("B", 2));
  await settled();
  assertEquals(order(setup), `AA${"L".repeat(20)}BB`);
  assertEquals(setup.deliveries.outcomes, ["A", "L", "B"]);
});
