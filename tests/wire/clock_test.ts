import { assert, assertEquals } from "@std/assert";
import { epochMilliseconds } from "../../src/wire/clock.ts";

/** Sets both clocks by hand while `run` runs. All values are sums of powers of two, so that no digit is lost. */
function withClocks(run: (set: (now: number, fine: number) => void) => void): void {
  const { now: realNow } = Date;
  const realFine = performance.now;
  try {
    run((now, fine) => {
      Date.now = () => now;
      performance.now = () => fine;
    });
  } finally {
    Date.now = realNow;
    performance.now = realFine;
  }
}

Deno.test("The clock adds the fraction that Date.now lacks", () => {
  withClocks((set) => {
    set(1000, 500);
    assertEquals(epochMilliseconds(), 1000);
    set(1000, 500.25);
    assertEquals(epochMilliseconds(), 1000.25);
    set(1001, 501.5);
    assertEquals(epochMilliseconds(), 1001.5);
  });
});

Deno.test("The clock follows Date.now where it is ahead: the machine slept, or the clock was set", () => {
  withClocks((set) => {
    set(1000, 500);
    epochMilliseconds();
    set(90_000, 501);
    assertEquals(epochMilliseconds(), 90_000);
    set(90_000, 501.75);
    assertEquals(epochMilliseconds(), 90_000.75);
  });
});

Deno.test("The clock follows Date.now where it is behind: the clock was set back", () => {
  withClocks((set) => {
    set(1000, 500);
    epochMilliseconds();
    set(10, 501);
    assertEquals(epochMilliseconds(), 10);
    set(10, 501.5);
    assertEquals(epochMilliseconds(), 10.5);
  });
});

Deno.test("The clock does not run a whole millisecond ahead of Date.now", () => {
  withClocks((set) => {
    set(1000, 500);
    epochMilliseconds();
    set(1000, 501);
    assertEquals(epochMilliseconds(), 1000);
  });
});

Deno.test("The clock is within a millisecond of Date.now", () => {
  const before = Date.now();
  const time = epochMilliseconds();
  const after = Date.now();
  assert(time >= before && time < after + 1, `${time} is not from ${before} to ${after}`);
});
