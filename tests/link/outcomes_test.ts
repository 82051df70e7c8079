import { mock } from "node:test";
import { assertEquals } from "@std/assert";
import { Outcomes } from "../../src/link/outcomes.ts";
import { Deliveries } from "../fakes/deliveries.ts";

Deno.test("nobody is told before it is time, and then all are in order, once", () => {
  const outcomes = new Outcomes();
  const deliveries = new Deliveries();
  const error = new Error("no memory");
  outcomes.add(deliveries.of("a"));
  outcomes.add(deliveries.of("b"), error);
  outcomes.add(deliveries.of("c"));
  assertEquals(deliveries.outcomes, []);
  outcomes.tell();
  assertEquals(deliveries.outcomes, ["a", ["b", error], "c"]);
  outcomes.tell();
  assertEquals(deliveries.outcomes.length, 3);
  outcomes.add(deliveries.of("d"));
  outcomes.tell();
  assertEquals(deliveries.outcomes.slice(3), ["d"]);
});

Deno.test("whoever is told may have others told: they have their turn behind all that were there before", () => {
  const outcomes = new Outcomes();
  const deliveries = new Deliveries();
  const again = () => {
    outcomes.add(deliveries.of("c"));
    outcomes.tell();
    assertEquals(deliveries.outcomes, ["a"], "not in the midst of another's turn");
  };
  outcomes.add(deliveries.of("a", again));
  outcomes.add(deliveries.of("b"));
  outcomes.tell();
  assertEquals(deliveries.outcomes, ["a", "b", "c"]);
});

Deno.test("where one throws that is reported, and the others are told all the same", () => {
  const reported: unknown[] = [];
  const report = mock.method(globalThis, "reportError", (error: unknown) => void reported.push(error));
  try {
    const outcomes = new Outcomes();
    const deliveries = new Deliveries();
    const thrown = new Error("of a listener");
    const fails = () => {
      throw thrown;
    };
    outcomes.add(deliveries.of("a", fails));
    outcomes.add(deliveries.of("b", fails), new Error("no memory"));
    outcomes.add(deliveries.of("c"));
    outcomes.tell();
    assertEquals([deliveries.told, reported], [["a", "b: Error", "c"], [thrown, thrown]]);
    outcomes.add(deliveries.of("d"));
    outcomes.tell();
    assertEquals(deliveries.told.slice(3), ["d"]);
  } finally {
    report.mock.restore();
  }
});
