import { assertEquals } from "@std/assert";
import { abstractAddress } from "../../../ffi/structs/sockaddr_un.ts";

Deno.test("An abstract address is the family, a zero, and the name without a zero behind it", () => {
  assertEquals(abstractAddress("abc").toHex(), "0100" + "00" + "616263");
  assertEquals(abstractAddress("procslink/77").toHex(), "0100" + "00" + "70726f63736c696e6b2f3737");
});

Deno.test("An abstract address without a name is the family and a zero", () => {
  assertEquals(abstractAddress("").toHex(), "010000");
});

Deno.test("The longest name that the kernel takes is written whole: sun_path has 108 bytes with its zero", () => {
  const address = abstractAddress("x".repeat(107));
  assertEquals([address.length, address.subarray(3).every((byte) => byte === 0x78)], [2 + 108, true]);
});

Deno.test("Each address has memory of its own", () => {
  const first = abstractAddress("a");
  abstractAddress("b");
  assertEquals(first.toHex(), "01000061");
});
