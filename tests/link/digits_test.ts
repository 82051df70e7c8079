import { assertEquals } from "@std/assert";
import { Digits } from "../../src/link/digits.ts";

Deno.test("numbers are written as they are, one after the other or not", () => {
  const digits = new Digits();
  const bytes = new Uint8Array(12);
  const starts = [0, 7, 8, 98, 4_294_967_290, 0, 1, 999_999_995, 99, 4_294_967_295, 0, 5];
  for (const start of starts) {
    for (let value = start; value <= Math.min(start + 12, 4_294_967_295); value++) {
      const end = digits.write(bytes, 1, value);
      assertEquals(new TextDecoder().decode(bytes.subarray(1, end)), String(value));
    }
  }
});
