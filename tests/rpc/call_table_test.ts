import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { check } from "../fakes/property.ts";
import { CallTable } from "../../src/rpc/call_table.ts";

Deno.test("calls are found by their ids and by no others, whatever their places are", () => {
  // Ids that share places, in every table that there may be.
  const id = fc.tuple(fc.nat(3), fc.nat(3)).map(([place, round]) => place + round * 65_536);
  const step = fc.record({ id: fc.oneof(id, fc.nat(1_000)), add: fc.boolean() });
  check(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const table = new CallTable<{ id: number }>();
      const expected = new Map<number, { id: number }>();
      for (const { id, add } of steps) {
        const call = expected.get(id);
        assertEquals(table.get(id) === call, true);
        if (call !== undefined && !add) {
          assertEquals([table.delete(call), table.delete(call)], [true, false]);
          expected.delete(id);
        } else if (call === undefined && add) {
          const added = { id };
          table.add(added);
          expected.set(id, added);
        }
        assertEquals(table.size, expected.size);
      }
      assertEquals(table.all(), [...expected.values()].toSorted((a, b) => a.id - b.id));
    }),
    200,
  );
});

Deno.test("what is no id finds nothing, and another call with the same id is not deleted", () => {
  const table = new CallTable<{ id: number }>();
  const call = { id: 1 };
  table.add(call);
  for (const id of [NaN, -1, 0, 1.5, 257, 2 ** 32 + 1, Infinity]) assertEquals(table.get(id), undefined);
  assertEquals([table.delete({ id: 1 }), table.delete({ id: 257 }), table.get(1)], [false, false, call]);
});

Deno.test("many calls at once are all found", () => {
  const table = new CallTable<{ id: number }>();
  const calls = Array.from({ length: 100_000 }, (_, index) => ({ id: (4_294_900_000 + index) % 2 ** 32 }));
  for (const call of calls) table.add(call);
  assertEquals(calls.every((call) => table.get(call.id) === call), true);
  assertEquals(calls.every((call) => table.delete(call)), true);
  assertEquals([table.size, table.all()], [0, []]);
});

Deno.test("what many calls have taken is given back with the last one, and the table goes on", () => {
  const table = new CallTable<{ id: number }>();
  for (let round = 0; round < 3; round++) {
    const calls = Array.from({ length: 5_000 }, (_, index) => ({ id: round * 5_000 + index + 1 }));
    for (const call of calls) table.add(call);
    assertEquals([table.size, table.all().length], [5_000, 5_000]);
    for (const call of calls) assertEquals([table.get(call.id) === call, table.delete(call)], [true, true]);
    assertEquals([table.size, table.all(), table.get(calls[0]!.id)], [0, [], undefined]);
  }
});
