import { assertEquals, assertMatch } from "@std/assert";
import { constants } from "node:os";
import { ERRNO, errnoDescription, errnoName } from "../../ffi/errno.ts";

Deno.test("Every error number is the one that the system has under that name", () => {
  const system: Record<string, number> = { ...constants.errno };
  for (const [name, number] of Object.entries(ERRNO)) {
    // The runtime does not list all that the kernel has.
    if (name in system) assertEquals(number, system[name], name);
  }
  assertEquals(Object.keys(ERRNO).filter((name) => !(name in system)), ["ESOCKTNOSUPPORT"]);
});

Deno.test("No two errors share a number, and each is named and described", () => {
  assertEquals(new Set(Object.values(ERRNO)).size, Object.keys(ERRNO).length);
  for (const [name, number] of Object.entries(ERRNO)) {
    assertEquals(errnoName(number), name);
    assertMatch(errnoDescription(number), /^[a-z].*[a-z]$/);
  }
});

Deno.test("An error number that is not listed is shown as a number", () => {
  for (const errno of [0, -1, 12345]) {
    assertEquals(errnoName(errno), `errno ${errno}`);
    assertEquals(errnoDescription(errno), "unknown error");
  }
});
