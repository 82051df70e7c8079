import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { TIMEVAL_SIZE, writeTimeval } from "../../../ffi/structs/timeval.ts";
import { check } from "../../fakes/property.ts";

Deno.test("writeTimeval writes 16 bytes, seconds and microseconds, and leaves its neighbours alone", () => {
  const bytes = new Uint8Array(TIMEVAL_SIZE + 8).fill(0xaa);
  writeTimeval(new DataView(bytes.buffer), 4, 258_772);
  assertEquals(TIMEVAL_SIZE, 16);
  assertEquals(bytes.toHex(), "aaaaaaaa" + "0201000000000000" + "a0c70b0000000000" + "aaaaaaaa");
});

const SPANS: [milliseconds: number, seconds: bigint, microseconds: bigint][] = [
  [0, 0n, 0n],
  [1, 0n, 1_000n],
  [999, 0n, 999_000n],
  [1_000, 1n, 0n],
  [1_001, 1n, 1_000n],
  // Further than 32 bits reach, and as far as a double counts.
  [2 ** 32 * 1_000, 2n ** 32n, 0n],
  [Number.MAX_SAFE_INTEGER, 9_007_199_254_740n, 991_000n],
];

for (const [milliseconds, seconds, microseconds] of SPANS) {
  Deno.test(`writeTimeval splits ${milliseconds} ms into seconds and microseconds`, () => {
    const view = new DataView(new ArrayBuffer(TIMEVAL_SIZE));
    writeTimeval(view, 0, milliseconds);
    assertEquals([view.getBigInt64(0, true), view.getBigInt64(8, true)], [seconds, microseconds]);
  });
}

Deno.test("Any time span loses nothing, and its microseconds are less than a second", () => {
  const view = new DataView(new ArrayBuffer(TIMEVAL_SIZE));
  check(fc.property(fc.maxSafeNat(), (milliseconds) => {
    writeTimeval(view, 0, milliseconds);
    const [seconds, microseconds] = [view.getBigInt64(0, true), view.getBigInt64(8, true)];
    assertEquals(seconds * 1_000_000n + microseconds, BigInt(milliseconds) * 1_000n);
    assertEquals(microseconds >= 0n && microseconds < 1_000_000n, true);
  }));
});
