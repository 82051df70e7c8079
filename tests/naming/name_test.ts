// What can be a name, and which port it stands for.
import { assert, assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { checkName, FIRST_NAMED_PORT, isName, isNameOf, LAST_NAMED_PORT, portOfName } from "../../src/naming/name.ts";
import { check } from "../fakes/property.ts";

/** FNV-1a with 64 bits, in the words of its definition. */
function fnv1a(bytes: Uint8Array): bigint {
  return bytes.reduce(
    (hash, byte) => ((hash ^ BigInt(byte)) * 1_099_511_628_211n) % 2n ** 64n,
    14_695_981_039_346_656_037n,
  );
}

/** Names as long as they may be, in letters of so many bytes of UTF-8. */
const longest: Record<string, string> = {
  "1 byte": "n".repeat(255),
  "2 bytes": "é".repeat(127) + "n",
  "3 bytes": "€".repeat(85),
  "4 bytes": "𝕟".repeat(63) + "€",
};

for (const [letters, name] of Object.entries(longest)) {
  Deno.test(`a name has up to 255 bytes of UTF-8: letters of ${letters}`, () => {
    assertStrictEquals(checkName(name), name);
    assertThrows(() => checkName(`${name}n`), RangeError, "it has 256 bytes, and at most 255 may be");
  });
}

for (
  const name of ["a", "com.example.clock", "7 dwarfs", "-1", "1.5", "0x10", "７", "né à Genève", " ", "/a/path", "🕰️"]
) {
  Deno.test(`this can be a name: ${JSON.stringify(name)}`, () => assertStrictEquals(checkName(name), name));
}

const refused: [name: string, problem: string][] = [
  ["", "it is empty"],
  ["0", "it is a number"],
  ["4242", "it is a number"],
  ["99999999999999999999", "it is a number"],
  ["a\0b", "it has a control character"],
  ["a\n", "it has a control character"],
  ["7\n", "it has a control character"],
  ["\x7f", "it has a control character"],
  ["\x9f", "it has a control character"],
  ["\ud800", "it is not well-formed Unicode"],
  ["a\udc00b", "it is not well-formed Unicode"],
];

for (const [name, problem] of refused) {
  Deno.test(`this cannot be a name, since ${problem}: ${JSON.stringify(name)}`, () => {
    const error = assertThrows(() => checkName(name), RangeError);
    assertEquals(error.message, `${JSON.stringify(name)} cannot be the name of a peer: ${problem}`);
  });
}

Deno.test("of a name that is too long, the message shows the beginning", () => {
  const error = assertThrows(() => checkName("n".repeat(1_000)), RangeError);
  const problem = "it has 1000 bytes, and at most 255 may be";
  assertEquals(error.message, `"${"n".repeat(64)}" cannot be the name of a peer: ${problem}`);
});

for (const name of [undefined, null, 4242, 7n, true, Symbol("n"), ["clock"], new String("clock")]) {
  Deno.test(`only a string can be a name, not ${Deno.inspect(name)}`, () => {
    const error = assertThrows(() => checkName(name), TypeError);
    assertEquals(error.message, `The name of a peer must be a string, not ${typeof name}`);
  });
}

/** Other programs, and other versions of this one, must find the same ports. */
const ports: Record<string, number> = {
  "com.example.clock": 1_094_314_021,
  "org.example.nobody": 275_500_577,
  a: 2_063_163_618,
  "né à Genève": 890_144_134,
  "🕰️": 2_127_966_647,
  ["n".repeat(255)]: 476_770_728,
};

for (const [name, port] of Object.entries(ports)) {
  Deno.test(`a name stands for the same port for ever: ${JSON.stringify(name)}`, () => {
    assertEquals(portOfName(name), port);
  });
}

Deno.test("the hash by which names are spread is the one of its definition", () => {
  // Test vectors of draft-eastlake-fnv.
  assertEquals(fnv1a(new Uint8Array()), 0xcbf2_9ce4_8422_2325n);
  assertEquals(fnv1a(new TextEncoder().encode("a")), 0xaf63_dc4c_8601_ec8cn);
  assertEquals(fnv1a(new TextEncoder().encode("foobar")), 0x8594_4171_f739_67e8n);
});

Deno.test("each name stands for a port that is kept for names, by the hash of its UTF-8", () => {
  check(fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }), (name) => {
    const port = portOfName(name);
    assert(port >= FIRST_NAMED_PORT && port <= LAST_NAMED_PORT, `${port}`);
    const count = BigInt(0x7fff_ffff - 0x0040_0001 + 1);
    assertEquals(port, 0x0040_0001 + Number(fnv1a(new TextEncoder().encode(name)) % count));
  }));
});

Deno.test("two names may stand for one port", () => {
  assertEquals([portOfName("73629.example.com"), portOfName("89067.example.com")], [139_647_057, 139_647_057]);
  assertNotEquals(portOfName("73629.example.com"), portOfName("73630.example.com"));
});

Deno.test("letters that look the same are other letters", () => {
  assertNotEquals(portOfName("caf\u00e9"), portOfName("cafe\u0301"));
  assertNotEquals(portOfName("Clock"), portOfName("clock"));
});

Deno.test("ports of names are above every process id, and below those that the kernel gives out", () => {
  assertEquals([FIRST_NAMED_PORT, LAST_NAMED_PORT], [4_194_305, 2_147_483_647]);
});

Deno.test("a port stands for its names, and for nothing else", () => {
  const name = "com.example.clock";
  assertEquals(isNameOf(name, portOfName(name)), true);
  for (const other of ["com.example.other", "", "5", "\u0000", "x".repeat(1_000), 5, null, undefined, {}]) {
    assertEquals(isNameOf(other, portOfName(name)), false);
  }
  const long = "x".repeat(256);
  assertEquals(isNameOf(long, portOfName(long)), false);
});

Deno.test("what somebody else says is a name is one only where it could be claimed", () => {
  for (const name of ["com.example.clock", "x".repeat(255)]) assertEquals(isName(name), true);
  for (const name of ["", "12", "\n", "x".repeat(256), "é".repeat(128), undefined, null, 5, ["a"]]) {
    assertEquals(isName(name), false, String(name));
  }
});
