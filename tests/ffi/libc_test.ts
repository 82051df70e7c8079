import { assert, assertEquals, assertInstanceOf, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { libc, LibcUnavailableError, open, seldomLibc } from "../../ffi/libc.ts";

const REFUSED: [what: string, args: Parameters<typeof open>, message: RegExp][] = [
  ["macOS", ["darwin", "aarch64", "granted"], /needs Linux.*this is darwin.*Run it in a Linux/],
  ["Windows", ["windows", "x86_64", "granted"], /needs Linux.*this is windows.*Run it in a Linux/],
  ["another processor", ["linux", "riscv64", "granted"], /needs x86_64 or aarch64.*this is riscv64/],
  ["a permission not yet asked for", ["linux", "x86_64", "prompt"], /deno run --allow-ffi main\.ts/],
  ["a permission denied", ["linux", "aarch64", "denied"], /deno run --allow-ffi main\.ts/],
  ["a permission of some paths only", ["linux", "x86_64", "partial" as "denied"], /without a path/],
  ["macOS without permission: the flag would not help", ["darwin", "aarch64", "prompt"], /needs Linux/],
];

for (const [what, args, message] of REFUSED) {
  Deno.test(`libc is not opened, and the error says what to do: ${what}`, () => {
    const error = assertThrows(() => open(...args), LibcUnavailableError) as LibcUnavailableError;
    assertInstanceOf(error, Error);
    assertEquals(error.name, "LibcUnavailableError");
    assertMatch(error.message, message);
    assertMatch(error.message, /^[A-Z].*[^.]$/);
    assert(!("cause" in error));
  });
}

Deno.test("A libc that does not exist is named in the error, with the first failure as the cause", () => {
  const error = assertThrows(
    () => open("linux", Deno.build.arch, "granted", ["libnone-a.so", "libnone-b.so"]),
    LibcUnavailableError,
    "Cannot open libc as libnone-a.so or libnone-b.so",
  ) as LibcUnavailableError;
  assertInstanceOf(error.cause, Error);
  assertMatch((error.cause as Error).message, /libnone-a\.so/);
});

Deno.test("Libraries are tried one after the other until one opens", () => {
  const symbols = open("linux", Deno.build.arch, "granted", ["libnone-a.so", "libc.so.6", "libnone-b.so"]);
  assertEquals(symbols.getuid(), libc().getuid());
});

Deno.test("libc is opened once", () => {
  assertStrictEquals(libc(), libc());
});

Deno.test("What a call can do without is opened once, and only there", () => {
  const seldom = seldomLibc();
  assertStrictEquals(seldomLibc(), seldom);
  assertEquals(Object.keys(seldom).filter((name) => name in libc()), []);
  assert(seldom.dlsym(null, new TextEncoder().encode("setns\0")) !== null);
  assertEquals(seldom.dlsym(null, new TextEncoder().encode("no_such_symbol\0")), null);
});
