import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Latencies, shownTime } from "../../src/cli/latencies.ts";
import { check } from "../fakes/property.ts";

Deno.test("a share of times is told within one hundredth, never too short, and never longer than the longest", () => {
  const times = fc.array(fc.double({ min: 0.001, max: 3_600_000, noNaN: true }), { minLength: 1, maxLength: 50 });
  check(fc.property(times, fc.constantFrom(0.01, 0.5, 0.99, 1), (times, share) => {
    const latencies = new Latencies();
    for (const time of times) latencies.add(time);
    const exact = times.toSorted((a, b) => a - b)[Math.ceil(times.length * share) - 1]!;
    const told = latencies.quantile(share)!;
    assert(told >= exact - 0.0001 && told <= exact * 1.0101 + 0.0001, `${told} for ${exact}`);
    assert(told <= latencies.most + 0.0001);
  }));
});

Deno.test("where there are no times, none is told, also after they were forgotten", () => {
  const latencies = new Latencies();
  assertEquals([latencies.count, latencies.most, latencies.quantile(0.5)], [0, 0, undefined]);
  latencies.add(5);
  latencies.add(0);
  assertEquals([latencies.count, latencies.most, latencies.quantile(1)], [2, 5, 5]);
  latencies.clear();
  assertEquals([latencies.count, latencies.most, latencies.quantile(0.5)], [0, 0, undefined]);
});

Deno.test("times are shown with three digits, and a unit that fits", () => {
  const shown = [0, 0.0012345, 0.0123, 0.99951, 1.2345, 12.345, 123.45, 999.6, 61_000].map(shownTime);
  assertEquals(shown, [
    "0.00 µs",
    "1.23 µs",
    "12.3 µs",
    "1.00 ms",
    "1.23 ms",
    "12.3 ms",
    "123 ms",
    "1.00 s",
    "61.0 s",
  ]);
  assertEquals(shownTime(undefined), undefined);
});
