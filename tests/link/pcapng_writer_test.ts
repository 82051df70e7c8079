// A whole file, as an independent reader finds it; and how it is written.
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type CapturedDatagram, PcapngWriter } from "../../mod.ts";
import { readPcapng } from "../fakes/pcapng_reader.ts";
import { check } from "../fakes/property.ts";

const SENDER = { port: 77, uid: 1_000, gid: 100, pidHint: 4_711 };

function datagram(given: Partial<CapturedDatagram> = {}): CapturedDatagram {
  const bytes = Uint8Array.of(1, 2, 3);
  return { direction: "out", time: 5.5, bytes, from: 100, to: 200, group: undefined, sender: undefined, ...given };
}

/** Joins what was written. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Writes a capture into memory. */
function written(datagrams: readonly CapturedDatagram[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => void parts.push(bytes));
  for (const datagram of datagrams) writer.capture(datagram);
  return joined(parts);
}

Deno.test("a capture of nothing is a file already", () => {
  assertEquals(readPcapng(written([])), {
    application: "ProcsLink for Deno",
    interfaces: [{ linkType: 253, snapLength: 262_144, name: "procslink" }],
    packets: [],
  });
});

Deno.test("a packet tells its way, and who has sent it where it arrived", () => {
  const { packets } = readPcapng(written([
    datagram(),
    datagram({ direction: "in", from: 77, to: 100, sender: SENDER }),
    datagram({ to: 0, group: 9 }),
    datagram({ direction: "in", from: 77, to: 0, group: 9, sender: SENDER }),
  ]));
  assertEquals(packets.map(({ type, from, to, flags, comment }) => [type, from, to, flags, comment]), [
    [4, 100, 200, 0b0110, undefined],
    [0, 77, 100, 0b0101, "uid 1000, gid 100, pid 4711"],
    [4, 100, 0, 0b1010, "group 9"],
    [2, 77, 0, 0b1001, "group 9, uid 1000, gid 100, pid 4711"],
  ]);
});

Deno.test("any datagrams are read as they were captured, in order", () => {
  const u32 = fc.nat(0xffff_ffff);
  const record = fc.record({
    direction: fc.constantFrom("in" as const, "out" as const),
    time: fc.integer({ min: 0, max: 4e12 }).map((eighths) => eighths / 8),
    bytes: fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.slice()),
    from: u32,
    to: u32,
    group: fc.option(fc.integer({ min: 1, max: 32 }), { nil: undefined }),
    sender: fc.option(fc.record({ port: u32, uid: u32, gid: u32, pidHint: u32 }), { nil: undefined }),
  });
  check(fc.property(fc.array(record, { maxLength: 5 }), (datagrams) => {
    const { packets } = readPcapng(written(datagrams));
    assertEquals(
      packets.map(({ time, from, to, datagram, originalLength }) => ({ time, from, to, datagram, originalLength })),
      datagrams.map(({ time, from, to, bytes }) => ({
        time: BigInt(time * 8) * 125_000n,
        from,
        to,
        datagram: bytes,
        originalLength: bytes.length + 16,
      })),
    );
  }));
});

Deno.test("what is not taken at once is given again", () => {
  const whole = written([datagram(), datagram()]);
  for (const most of [1, 7, 1_000]) {
    const parts: Uint8Array[] = [];
    const writer = new PcapngWriter((bytes) => parts.push(bytes.slice(0, most)) && Math.min(most, bytes.length));
    writer.capture(datagram());
    writer.capture(datagram());
    assertEquals(joined(parts), whole);
  }
});

Deno.test("a file that takes nothing more is an error, and no endless loop", () => {
  for (const written of [0, -1, 1.5, NaN, 10_000]) {
    assertThrows(() => new PcapngWriter(() => written), RangeError, `bytes of a capture ${written} were written`);
  }
});

Deno.test("what the file throws is thrown, at the beginning and later", () => {
  const full = new Error("No space left on device");
  assertStrictEquals(
    assertThrows(() =>
      new PcapngWriter(() => {
        throw full;
      })
    ),
    full,
  );
  let isFull = false;
  const writer = new PcapngWriter(() => {
    if (isFull) throw full;
  });
  isFull = true;
  assertStrictEquals(assertThrows(() => writer.capture(datagram())), full);
});
