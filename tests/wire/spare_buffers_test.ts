import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { SpareBuffers } from "../../src/wire/spare_buffers.ts";
import { check } from "../fakes/property.ts";

const [SMALLEST, LARGEST, KEPT] = [65_536, 67_108_864, 8];

Deno.test("Memory has the size that was asked for, at the start of a buffer that has a little more", () => {
  const spare = new SpareBuffers();
  const cases: [size: number, capacity: number][] = [
    // What is not kept has just its size.
    [0, 0],
    [1, 1],
    [4_097, 4_097],
    [SMALLEST - 1, SMALLEST - 1],
    [SMALLEST, SMALLEST],
    [SMALLEST + 1, 81_920],
    [LARGEST - 1, LARGEST],
    [LARGEST, LARGEST],
    [LARGEST + 1, LARGEST + 1],
  ];
  // Four sizes from one power of two to the next.
  for (let power = SMALLEST; power < LARGEST; power *= 2) {
    for (let step = 1; step <= 4; step++) {
      const capacity = power + step * power / 4;
      cases.push([capacity - power / 4 + 1, capacity], [capacity - 1, capacity], [capacity, capacity]);
    }
  }
  for (const [size, capacity] of cases) {
    const { byteOffset, length, buffer } = spare.take(size);
    assertEquals([byteOffset, length, buffer.byteLength], [0, size, capacity]);
  }
});

Deno.test("Memory that was given back is taken again, for any size of the same step", () => {
  const spare = new SpareBuffers();
  const bytes = spare.take(200_000);
  bytes.fill(7);
  spare.give(bytes);
  for (const size of [196_609, 229_376, 200_000]) {
    const again = spare.take(size);
    assertStrictEquals(again.buffer, bytes.buffer);
    assertEquals([again.byteOffset, again.length], [0, size]);
    // It is taken by now.
    assert(spare.take(size).buffer !== bytes.buffer, "It is taken twice");
    spare.give(again);
  }
});

Deno.test("Memory that is taken a second time is another", () => {
  const spare = new SpareBuffers();
  const bytes = spare.take(200_000);
  spare.give(bytes);
  assertStrictEquals(spare.take(200_000).buffer, bytes.buffer);
  assertNotStrictEquals(spare.take(200_000).buffer, bytes.buffer);
});

Deno.test("A part of the memory gives all of it back", () => {
  const spare = new SpareBuffers();
  const bytes = spare.take(100_000);
  spare.give(bytes.subarray(10, 20));
  assertStrictEquals(spare.take(114_688).buffer, bytes.buffer);
});

Deno.test("Memory serves only what is about as large", () => {
  const spare = new SpareBuffers();
  const bytes = spare.take(200_000);
  spare.give(bytes);
  for (const size of [1, 163_840, 196_608, 229_377, 262_144]) {
    assertNotStrictEquals(spare.take(size).buffer, bytes.buffer);
  }
  assertStrictEquals(spare.take(196_609).buffer, bytes.buffer);
});

Deno.test("Of one size, so many are kept and no more, and what was given last is taken first", () => {
  const spare = new SpareBuffers();
  const given = Array.from({ length: KEPT + 1 }, () => spare.take(SMALLEST));
  for (const bytes of given) spare.give(bytes);
  const taken = Array.from({ length: KEPT + 1 }, () => spare.take(SMALLEST).buffer);
  assertEquals(taken.map((buffer) => given.findIndex((bytes) => bytes.buffer === buffer)), [
    7,
    6,
    5,
    4,
    3,
    2,
    1,
    0,
    -1,
  ]);
  // Other sizes have their own.
  const larger = spare.take(2 * SMALLEST);
  spare.give(larger);
  assertStrictEquals(spare.take(2 * SMALLEST).buffer, larger.buffer);
});

Deno.test("What is larger than is kept has just its size, and is not kept", () => {
  const spare = new SpareBuffers();
  const bytes = spare.take(LARGEST + 1);
  assertEquals([bytes.length, bytes.buffer.byteLength], [LARGEST + 1, LARGEST + 1]);
  spare.give(bytes);
  assertNotStrictEquals(spare.take(LARGEST + 1).buffer, bytes.buffer);
});

Deno.test("Memory that comes from elsewhere is kept where it has the size for it, and else not", () => {
  const spare = new SpareBuffers();
  for (const size of [0, 1, 4_096, SMALLEST - 1, SMALLEST + 1, 3 * SMALLEST + 1, LARGEST - 1]) {
    const bytes = new Uint8Array(size);
    spare.give(bytes);
    assertNotStrictEquals(spare.take(size).buffer, bytes.buffer);
  }
  for (const size of [SMALLEST, 5 / 4 * SMALLEST, 3 * SMALLEST, LARGEST]) {
    const bytes = new Uint8Array(size);
    spare.give(bytes);
    assert(spare.take(size).buffer === bytes.buffer, `${size} bytes are not kept`);
  }
});

Deno.test("However memory is taken and given back, nobody has that of another", () => {
  const step = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 300_000 }));
  check(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const spare = new SpareBuffers();
      const inUse: Uint8Array<ArrayBuffer>[] = [];
      for (const [gives, size] of steps) {
        if (gives && inUse.length > 0) {
          spare.give(inUse.splice(size % inUse.length, 1)[0]!);
        } else {
          const bytes = spare.take(size);
          assertEquals(bytes.length, size);
          assert(inUse.every(({ buffer }) => buffer !== bytes.buffer), "It is in use");
          inUse.push(bytes);
        }
      }
    }),
    100,
  );
});
