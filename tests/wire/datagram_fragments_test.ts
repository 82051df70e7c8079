// Fragments, as DatagramReader reads them. What is right or wrong with them together, it cannot know.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { writeFrameHeaders } from "../../src/wire/frame.ts";
import { check } from "../fakes/property.ts";
import { bytesOf, FIELDS, fragment, join } from "./fragments.ts";

/** A message that is whole. */
function whole(body: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(40 + body.length);
  writeFrameHeaders(new DataView(bytes.buffer), 0, body.length, FIELDS);
  bytes.set(body, 40);
  return bytes;
}

function start(datagram: Uint8Array): DatagramReader {
  const reader = new DatagramReader();
  reader.start(datagram, datagram.length);
  return reader;
}

function next(reader: DatagramReader): DatagramReader {
  assert(reader.next());
  assertEquals(reader.problem, undefined);
  return reader;
}

Deno.test("Each message of a datagram is told to be whole, a fragment, or the last one, whatever was before it", () => {
  const parts = [
    fragment(bytesOf(3), 10, false),
    whole(bytesOf(5)),
    fragment(bytesOf(4), 10, true),
    fragment(bytesOf(2), 20, false),
    whole(bytesOf(0)),
  ];
  const reader = start(join(parts));
  const seen = parts.map(() => {
    const { fragment, last, size, bodyStart, bodyEnd } = next(reader);
    return { fragment, last: fragment && last, size, length: bodyEnd - bodyStart };
  });
  assertEquals(reader.next(), false);
  assertEquals(seen, [
    { fragment: true, last: false, size: 50, length: 3 },
    { fragment: false, last: false, size: 45, length: 5 },
    { fragment: true, last: true, size: 50, length: 4 },
    { fragment: true, last: false, size: 60, length: 2 },
    { fragment: false, last: false, size: 40, length: 0 },
  ]);
});

Deno.test("A fragment may state any size: it is not this part's to say whether that is true", () => {
  for (const last of [false, true]) {
    // The stated length counts from the procslinkhdr on, which has 24 bytes.
    for (const total of [-24, -1, 0, 3, 2 ** 31, 2 ** 32 - 25]) {
      const { fragment: isFragment, size, bodyStart, bodyEnd } = next(start(fragment(bytesOf(4), total, last)));
      assertEquals([isFragment, size, bodyStart, bodyEnd], [true, 40 + total, 40, 44]);
    }
  }
});

Deno.test("A fragment of another version is handed out like any other", () => {
  const datagram = fragment(bytesOf(4), 10, true);
  new DataView(datagram.buffer).setUint16(16, 2, true);
  const { version, fragment: isFragment, last } = next(start(datagram));
  assertEquals([version, isFragment, last], [2, true, true]);
});

Deno.test("A fragment may have any other flags", () => {
  const { fragment: isFragment, last } = next(start(fragment(bytesOf(4), 10, false, { flags: 0xfffd })));
  assertEquals([isFragment, last], [true, false]);
});

Deno.test("The timestamp is read as two halves", () => {
  const datagram = fragment(bytesOf(4), 10, false);
  new DataView(datagram.buffer).setBigUint64(32, 0x8877_6655_4433_2211n, true);
  assertEquals(next(start(datagram)).timestamp, [0x4433_2211, 0x8877_6655]);
});

Deno.test("A fragment without a part is handed out, and a NOOP with the flag of a fragment is not", () => {
  const noop = fragment(bytesOf(4), 10, false);
  new DataView(noop.buffer).setUint16(4, 1, true);
  const reader = next(start(join([noop, fragment(bytesOf(0), 10, true), noop])));
  assertEquals([reader.last, reader.bodyStart, reader.bodyEnd], [true, 84, 84]);
  assertEquals(reader.next(), false);
});

Deno.test("Any fragments come back from a datagram as they went", () => {
  const u32 = fc.nat(0xffff_ffff);
  const fields = fc.record({ nlmsgSeq: u32, port: u32, payloadType: fc.nat(0xffff), seq: u32, time: fc.nat(2 ** 42) });
  const one = fc.tuple(fields, fc.uint8Array({ maxLength: 30 }), fc.nat(2 ** 32 - 25), fc.boolean());
  check(fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), (fragments) => {
    const datagram = join(fragments.map(([fields, part, total, last]) => fragment(part, total, last, fields)));
    const reader = start(datagram);
    for (const [fields, part, total, last] of fragments) {
      const { nlmsgSeq, nlmsgPid, payloadType, seq, size, timestamp, bodyStart, bodyEnd } = next(reader);
      assertEquals({ nlmsgSeq, port: nlmsgPid, payloadType, seq, time: fields.time }, fields);
      assertEquals([reader.fragment, reader.last, size], [true, last, 40 + total]);
      assertEquals(timestamp[0] + timestamp[1] * 2 ** 32, fields.time * 1e6);
      assertEquals(datagram.subarray(bodyStart, bodyEnd).toHex(), part.toHex());
    }
    assertEquals(reader.next(), false);
  }));
});
