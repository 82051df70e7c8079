// Calls that were given up: the other side is told, and so many of them are remembered.
import { assertEquals } from "@std/assert";
import { CancelledCalls } from "../../src/rpc/cancelled_calls.ts";

Deno.test("the answers of so many calls that were given up are told from those that nobody asked for", () => {
  const told: unknown[] = [];
  const cancelled = new CancelledCalls((port, id) => told.push([port, id]));
  for (let id = 0; id <= 4_096; id++) cancelled.add(5, id);
  assertEquals([told.length, told.at(-1)], [4_097, [5, 4_096]]);
  assertEquals([cancelled.isLate(0, 5), cancelled.isLate(1, 5), cancelled.isLate(4_096, 5)], [false, true, true]);
  assertEquals([cancelled.isLate(1, 5), cancelled.isLate(2, 6), cancelled.isLate(2, 5)], [false, false, true]);
  // One that is given up again is the last.
  cancelled.add(5, 3);
  for (let id = 5_000; id < 5_000 + 4_095; id++) cancelled.add(5, id);
  assertEquals([cancelled.isLate(3, 5), cancelled.isLate(4, 5)], [true, false]);
});
