import { assertEquals, assertInstanceOf } from "@std/assert";
import { TroubleEvent } from "../../src/link/trouble.ts";

Deno.test("a trouble event says what kind of trouble it is, why, and from where", () => {
  const event = new TroubleEvent("spoofed", "a reason", 0xffff_fff0);
  assertInstanceOf(event, Event);
  assertEquals([event.type, event.kind, event.reason, event.port], ["trouble", "spoofed", "a reason", 0xffff_fff0]);
  assertEquals(event.cancelable, false);
});

Deno.test("a trouble event without a port has none", () => {
  assertEquals(new TroubleEvent("overrun", "a reason").port, undefined);
});

Deno.test("a trouble event reaches the listeners of its type", () => {
  const target = new EventTarget();
  const seen: Event[] = [];
  target.addEventListener("trouble", (event) => seen.push(event));
  const event = new TroubleEvent("malformed", "a reason", 7);
  target.dispatchEvent(event);
  assertEquals(seen, [event]);
});
