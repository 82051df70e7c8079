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
