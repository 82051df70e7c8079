// Sockets that are wanted in the same way: as a set, which leaves no table behind.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type ReactorSource, Registration } from "../../src/netlink/registration.ts";
import { RegistrationGroup } from "../../src/netlink/registration_group.ts";
import { check } from "../fakes/property.ts";

Deno.test("a group holds what was added and not deleted, whatever the order is", () => {
  const step = fc.record({ group: fc.nat(2), index: fc.nat(9), add: fc.boolean() });
  check(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const registrations = Array.from({ length: 10 }, () => new Registration({} as ReactorSource, () => {}));
      const groups = Array.from({ length: 3 }, () => new RegistrationGroup());
      const expected = groups.map(() => new Set<Registration>());
      for (const { group: at, index, add } of steps) {
        const registration = registrations[index]!;
        const elsewhere = expected.some((group, other) => other !== at && group.has(registration));
        if (add && !elsewhere) {
          groups[at]!.add(registration);
          expected[at]!.add(registration);
        } else if (!add) assertEquals(groups[at]!.delete(registration), expected[at]!.delete(registration));
        for (const [index, group] of groups.entries()) {
          assertEquals(new Set(group), expected[index]);
          assertEquals([group.size, group.first === undefined], [expected[index]!.size, expected[index]!.size === 0]);
        }
      }
    }),
    200,
  );
});

Deno.test("what was in a group that is cleared can be added to another", () => {
  const registrations = Array.from({ length: 3 }, () => new Registration({} as ReactorSource, () => {}));
  const [first, second] = [new RegistrationGroup(), new RegistrationGroup()];
  for (const registration of registrations) first.add(registration);
  first.clear();
  for (const registration of registrations) second.add(registration);
  assertEquals([first.size, [...first], second.size], [0, [], 3]);
  assertEquals(first.delete(registrations[0]!), false);
});
