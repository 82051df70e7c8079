import { assertEquals, assertThrows } from "@std/assert";
import { checkUint, checkUint64, UINT16_MAX, UINT32_MAX, UINT64_MAX } from "../../src/wire/integers.ts";

Deno.test("checkUint gives back what fits", () => {
  for (const maximum of [UINT16_MAX, UINT32_MAX]) {
    for (const value of [0, 1, maximum - 1, maximum]) assertEquals(checkUint("field", value, maximum), value);
  }
});

Deno.test("checkUint refuses what does not fit, and names the field", () => {
  for (const value of [-1, 0.5, UINT16_MAX + 1, NaN, Infinity, -Infinity, "1", 1n, null, {}]) {
    assertThrows(
      () => checkUint("seq", value as number, UINT16_MAX),
      RangeError,
      `seq must be an integer from 0 to 65535, not ${value}`,
    );
  }
});

Deno.test("checkUint64 gives back what fits", () => {
  for (const value of [0n, 1n, UINT64_MAX]) assertEquals(checkUint64("timestamp", value), value);
});

Deno.test("checkUint64 refuses what does not fit, and names the field", () => {
  for (const value of [-1n, UINT64_MAX + 1n, 1, "1", null]) {
    assertThrows(
      () => checkUint64("timestamp", value as bigint),
      RangeError,
      `timestamp must be a bigint from 0n to 18446744073709551615n, not ${value}`,
    );
  }
});
