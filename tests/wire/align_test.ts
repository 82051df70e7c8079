import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { NLMSG_ALIGNTO, nlmsgAlign } from "../../src/wire/align.ts";
import { check } from "../fakes/property.ts";

Deno.test("nlmsgAlign rounds up to a multiple of 4", () => {
  const lengths = [0, 1, 2, 3, 4, 5, 15, 16, 17, 2 ** 31 - 5, 2 ** 31 - 4];
  assertEquals(lengths.map(nlmsgAlign), [0, 4, 4, 4, 4, 8, 16, 16, 20, 2 ** 31 - 4, 2 ** 31 - 4]);
});

Deno.test("nlmsgAlign adds less than 4, whatever the length", () => {
  check(fc.property(fc.nat(2 ** 31 - 4), (length) => {
    const aligned = nlmsgAlign(length);
    return aligned % NLMSG_ALIGNTO === 0 && aligned >= length && aligned < length + NLMSG_ALIGNTO;
  }));
});
