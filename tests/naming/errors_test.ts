// What errors about names say.
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { NameNotFoundError, NameTakenError, PeerGoneError } from "../../mod.ts";
import { inWordsOf } from "../../src/naming/errors.ts";

Deno.test("a name that nobody has is one more kind of port that nobody holds", () => {
  const error = new NameNotFoundError("com.example.clock", 4_200_000);
  assertInstanceOf(error, PeerGoneError);
  assertEquals([error.name, error.peerName, error.port, error.mayHaveRun], [
    "NameNotFoundError",
    "com.example.clock",
    4_200_000,
    false,
  ]);
  assertEquals(error.message, 'Nobody has the name "com.example.clock"');
});

Deno.test("where somebody else holds the port of a name, the error says so", () => {
  const { message } = new NameNotFoundError("73629.example.com", 139_647_057, "89067.example.com");
  const stands = 'Nobody has the name "73629.example.com": it stands for port 139647057';
  assertEquals(message, `${stands}, and "89067.example.com" has that`);
  const nameless = new NameNotFoundError("73629.example.com", 139_647_057, null);
  assertEquals(nameless.message, `${stands}, and whoever holds it has no name`);
});

Deno.test("what names say of themselves cannot break out of a message", () => {
  const { message } = new NameNotFoundError("a", 4_200_000, 'b"\n');
  assert(message.endsWith('and "b\\"\\n" has that'), message);
});

Deno.test("a name that is taken says by which port and user", () => {
  const error = new NameTakenError("com.example.clock", 4_200_000, { uid: 33, name: "com.example.clock" });
  assertEquals(error.message, 'The name "com.example.clock" is taken by port 4200000 of user 33');
  assertEquals([error.name, error.peerName, error.port, error.uid, error.holder], [
    "NameTakenError",
    "com.example.clock",
    4_200_000,
    33,
    "com.example.clock",
  ]);
});

Deno.test("a name that is taken by who says nothing is taken all the same", () => {
  const silent = new NameTakenError("a", 4_200_000, { uid: undefined, name: undefined });
  assertEquals(silent.message, 'The name "a" is taken by port 4200000');
  assertEquals([silent.uid, silent.holder], [undefined, undefined]);
  const root = new NameTakenError("a", 4_200_000, { uid: 0, name: undefined });
  assertEquals(root.message, 'The name "a" is taken by port 4200000 of user 0');
});

Deno.test("where another name stands for the same port, the error says which, and what to do", () => {
  const other = { uid: 33, name: "89067.example.com" };
  const error = new NameTakenError("73629.example.com", 139_647_057, other);
  const stands = 'The name "73629.example.com" stands for port 139647057, which "89067.example.com"';
  assertEquals(error.message, `${stands} of user 33 has: choose another name`);
  const unknown = new NameTakenError("73629.example.com", 139_647_057, { ...other, uid: undefined });
  assertEquals(unknown.message, `${stands} has: choose another name`);
  assertEquals([error.holder, error.uid, unknown.uid], ["89067.example.com", 33, undefined]);
});

Deno.test("that nobody holds a port is said in the words of the name that was called", () => {
  const error = inWordsOf("com.example.clock", new PeerGoneError(4_200_000));
  assertInstanceOf(error, NameNotFoundError);
  assertEquals([(error as NameNotFoundError).peerName, (error as NameNotFoundError).port], [
    "com.example.clock",
    4_200_000,
  ]);
});

const others: Record<string, [name: string | undefined, reason: unknown]> = {
  "a call to a port": [undefined, new PeerGoneError(4_200_000)],
  "a call that may have run": ["a", new PeerGoneError(4_200_000, "answering")],
  "what is said in them already": ["a", new NameNotFoundError("a", 4_200_000, "b")],
  "another error": ["a", new Error("no luck")],
  "the reason of a signal": ["a", "enough"],
};

for (const [what, [name, reason]] of Object.entries(others)) {
  Deno.test(`other reasons stay as they are: ${what}`, () => assertStrictEquals(inWordsOf(name, reason), reason));
}
