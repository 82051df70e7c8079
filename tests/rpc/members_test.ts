// What is awaited from one port: in the order in which it came, however it goes.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Member, Members } from "../../src/rpc/members.ts";
import { check } from "../fakes/property.ts";

/** A member that does nothing. */
function member(): Member {
  return { reject() {}, abort() {} };
}

Deno.test("members are listed in the order in which they came, also where others have left", () => {
  const members = new Members();
  const [a, b, c, d] = [member(), member(), member(), member()];
  for (const each of [a, b, c, d]) members.add(each);
  assertEquals(members.size, 4);
  assert(members.delete(b));
  assert(members.inOrder().every((each, index) => each === [a, c, d][index]));
  assert(members.delete(a));
  assert(members.inOrder().every((each, index) => each === [c, d][index]));
  members.add(a);
  assert(members.inOrder().every((each, index) => each === [c, d, a][index]));
  assertEquals(members.size, 3);
});

Deno.test("who is a member already is none twice, and keeps its place", () => {
  const members = new Members();
  const [a, b] = [member(), member()];
  for (const each of [a, b, a]) members.add(each);
  assertEquals([members.size, members.inOrder()[0] === a], [2, true]);
  assertEquals([members.delete(a), members.delete(a), members.size], [true, false, 1]);
});

Deno.test("who is a member elsewhere, or nowhere, cannot be deleted", () => {
  const [here, there] = [new Members(), new Members()];
  const [a, b] = [member(), member()];
  here.add(a);
  assertEquals([here.delete(b), there.delete(a), here.size], [false, false, 1]);
});

Deno.test("a list of members is its own: they may leave while it is read", () => {
  const members = new Members();
  const all = [member(), member(), member()];
  for (const each of all) members.add(each);
  for (const each of members.inOrder()) members.delete(each);
  assertEquals([members.size, members.inOrder()], [0, []]);
});

Deno.test("whatever comes and goes, the members are those of a set", () => {
  check(fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9))), (steps) => {
    const members = new Members();
    const expected = new Set<Member>();
    const all = Array.from({ length: 10 }, member);
    for (const [adds, index] of steps) {
      const each = all[index]!;
      if (adds) members.add(each);
      else assertEquals(members.delete(each), expected.has(each));
      if (adds) expected.add(each);
      else expected.delete(each);
      assertEquals(members.size, expected.size);
    }
    const list = members.inOrder();
    assert([...expected].every((each, index) => each === list[index]));
  }));
});
