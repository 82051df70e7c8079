import { assertEquals } from "@std/assert";
import { Counters } from "../../src/link/counters.ts";

/** Counters that know as many destinations as they may: the first ones have had so many messages, the others one. */
function fullCounters(...messages: number[]): Counters {
  const counters = new Counters();
  for (let to = 1; to <= 4_096; to++) {
    for (let count = 0; count < (messages[to - 1] ?? 1); count++) counters.next(to);
  }
  return counters;
}

Deno.test("each destination is counted from 1 on", () => {
  const counters = new Counters();
  assertEquals([7, 8, 7, 0xffff_ffff, 7, 8].map((to) => counters.next(to)), [1, 1, 2, 1, 3, 2]);
});

Deno.test("of 4,096 destinations none is forgotten", () => {
  const counters = fullCounters(3, 5);
  assertEquals([1, 2, 3, 4_096].map((to) => counters.next(to)), [4, 6, 2, 2]);
});

Deno.test("for one more the one that was met first is forgotten, and no number comes twice for it", () => {
  const counters = fullCounters(3, 5, 2);
  assertEquals([counters.next(5_000), counters.next(5_000)], [4, 5], "behind what the forgotten one had");
  assertEquals([counters.next(2), counters.next(3)], [6, 3], "the next ones are known");
  assertEquals([counters.next(5_001), counters.next(1)], [7, 7], "2 is forgotten, which had 6, and then 3");
});

Deno.test("a destination that had few messages does not take back how far another one had come", () => {
  const counters = fullCounters(9, 1);
  assertEquals([counters.next(5_000), counters.next(5_001), counters.next(1)], [10, 10, 10]);
});
