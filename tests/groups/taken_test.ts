import { assertEquals, assertRejects } from "@std/assert";
import { Taken } from "../../src/groups/taken.ts";
import { settle } from "../fakes/stranger.ts";

/** What those who have asked were told by now. */
function asking(taken: Taken, ...numbers: number[]): (boolean | undefined)[] {
  const told: (boolean | undefined)[] = numbers.map(() => undefined);
  for (const [index, number] of numbers.entries()) taken.ask(number).then((answer) => told[index] = answer, () => {});
  return told;
}

Deno.test("who asks before is told once it is known, whatever the order", async () => {
  const taken = new Taken(5);
  const told = asking(taken, 7, 5, 6);
  await settle();
  assertEquals(told, [undefined, undefined, undefined]);
  taken.note(5, true);
  await settle();
  assertEquals(told, [undefined, true, undefined]);
  taken.note(6, false);
  taken.note(7, true);
  await settle();
  assertEquals(told, [true, true, false]);
});

Deno.test("who asks afterwards is told at once", async () => {
  const taken = new Taken(1);
  taken.note(1, true);
  taken.note(2, false);
  taken.note(3, true);
  assertEquals(await Promise.all([1, 2, 3].map((number) => taken.ask(number))), [true, false, true]);
});

Deno.test("messages that are missing were not taken, wherever they stand", async () => {
  const taken = new Taken(1);
  const told = asking(taken, 2, 4, 6);
  taken.miss(4, 6);
  await settle();
  assertEquals(told, [undefined, false, false]);
  assertEquals(await taken.ask(5), false);
  taken.note(1, true);
  taken.note(2, true);
  taken.note(3, true);
  taken.note(7, true);
  await settle();
  assertEquals(told, [true, false, false]);
  assertEquals(await Promise.all([3, 4, 6, 7].map((number) => taken.ask(number))), [true, false, false, true]);
});

Deno.test("ranges that join are one: those of long ago are known for longer", async () => {
  const taken = new Taken(1);
  for (let number = 1; number <= 500; number++) taken.note(number, false);
  assertEquals(await Promise.all([taken.ask(1), taken.ask(250), taken.ask(500)]), [false, false, false]);
});

Deno.test("only the newest ranges are remembered", async () => {
  const taken = new Taken(1);
  for (let number = 1; number <= 200; number += 2) {
    taken.note(number, false);
    taken.note(number + 1, true);
  }
  assertEquals(await Promise.all([taken.ask(199), taken.ask(73)]), [false, false]);
  assertEquals(await taken.ask(71), true, "the 65th from the end");
});

Deno.test("the end rejects those who wait", async () => {
  const taken = new Taken(1);
  const asked = taken.ask(1);
  taken.close(new Error("over"));
  await assertRejects(() => asked, Error, "over");
});
