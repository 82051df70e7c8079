// Whoever holds a peer holds all of its links.
import { assertEquals, assertThrows } from "@std/assert";
import { HeldLinks } from "../../src/rpc/held_links.ts";
import { RecordingLink } from "../fakes/recording_link.ts";

/** So many links, and what holds them: the first from the start, the others as they are added. */
function openLinks(count: number) {
  const links = Array.from({ length: count }, (_, index) => new RecordingLink(100 + index));
  const held = new HeldLinks(links[0]!);
  for (const link of links.slice(1)) held.add(link);
  return { held, links, holds: () => links.map(({ holds }) => holds) };
}

Deno.test("each hold holds all links once, and each release lets go of all", () => {
  const { held, holds } = openLinks(3);
  assertEquals(holds(), [0, 0, 0]);
  held.hold();
  held.hold();
  assertEquals(holds(), [2, 2, 2]);
  held.release();
  assertEquals(holds(), [1, 1, 1]);
  held.release();
  assertEquals(holds(), [0, 0, 0]);
});

Deno.test("a link that is added later is held as often as the others, and released with them", () => {
  const { held, links, holds } = openLinks(1);
  held.hold();
  held.hold();
  links.push(new RecordingLink(101));
  held.add(links[1]!);
  assertEquals(holds(), [2, 2]);
  held.release();
  held.release();
  assertEquals(holds(), [0, 0]);
});

Deno.test("a link that is taken away is held no longer, and left alone from then on", () => {
  const { held, links, holds } = openLinks(2);
  held.hold();
  held.hold();
  held.delete(links[1]!);
  assertEquals(holds(), [2, 0]);
  held.delete(links[1]!);
  held.hold();
  held.release();
  held.release();
  held.unref();
  assertEquals([holds(), links.map(({ refs }) => refs)], [[1, 0], [false, true]]);
});

for (const failing of [0, 1, 2]) {
  Deno.test(`where one of three links cannot be held, none is: number ${failing + 1}`, () => {
    const { held, links, holds } = openLinks(3);
    held.hold();
    const failure = links[failing]!.holdFailure = new Error("no luck");
    assertEquals(assertThrows(() => held.hold()), failure);
    assertEquals(holds(), [1, 1, 1]);
    // It does not count: a link that is added then is held once.
    links.push(new RecordingLink(103));
    held.add(links[3]!);
    assertEquals(holds(), [1, 1, 1, 1]);
    held.release();
    assertEquals(holds(), [0, 0, 0, 0]);
  });
}

Deno.test("a link that cannot be held is not added", () => {
  const { held, holds } = openLinks(2);
  held.hold();
  const broken = new RecordingLink(102);
  broken.holdFailure = new Error("no luck");
  assertThrows(() => held.add(broken), Error, "no luck");
  held.release();
  assertEquals([holds(), broken.holds], [[0, 0], 0]);
});

Deno.test("all links keep the process running, or none, also one that is added later", () => {
  const { held, links } = openLinks(2);
  const refs = () => links.map(({ refs }) => refs);
  assertEquals(refs(), [true, true]);
  held.unref();
  links.push(new RecordingLink(102));
  held.add(links[2]!);
  assertEquals(refs(), [false, false, false]);
  held.ref();
  links.push(new RecordingLink(103));
  held.add(links[3]!);
  assertEquals(refs(), [true, true, true, true]);
});
