import { assertEquals } from "@std/assert";
import { chargeOf } from "../../src/groups/charge.ts";
import { type Encoded, GroupLog } from "../../src/groups/log.ts";

Deno.test("what all before a message take up stays right over many messages, of which most were dropped", () => {
  const log = new GroupLog(100_000);
  const before = [0];
  for (let number = 1; number <= 5_000; number++) {
    const message: Encoded = { size: number % 97 };
    before[number] = log.charge;
    log.append(message);
    assertEquals(log.charge, before[number]! + chargeOf(message.size));
  }
  for (let number = log.first; number < log.next; number++) assertEquals(log.chargeBefore(number), before[number]);
  assertEquals(log.chargeBefore(log.next), log.charge);
  assertEquals(log.chargeBefore(Number.MAX_SAFE_INTEGER), log.charge);
  // Of those that were dropped it is not known any more.
  assertEquals([log.chargeBefore(0), log.chargeBefore(log.first - 1)], [before[log.first], before[log.first]]);
});
