import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DecodeError } from "../../src/errors.ts";
import { NetlinkMessage, NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import { check } from "../fakes/property.ts";
import { unhex } from "../vectors/native.ts";

Deno.test("A header without fields is of ProcsLink's type, and 0 otherwise", () => {
  assertEquals({ ...new NetlinkMessageHeader() }, {
    nlmsgLen: 0,
    nlmsgType: 0x10,
    nlmsgFlags: 0,
    nlmsgSeq: 0,
    nlmsgPid: 0,
  });
  assertEquals(NetlinkMessageHeader.SIZE, 16);
});

Deno.test("A header refuses a field that does not fit, and names it", () => {
  const largest = { nlmsgLen: 2 ** 32, nlmsgType: 2 ** 16, nlmsgFlags: 2 ** 16, nlmsgSeq: 2 ** 32, nlmsgPid: 2 ** 32 };
  for (const [name, tooLarge] of Object.entries(largest)) {
    for (const value of [tooLarge, -1, 0.5, NaN]) {
      assertThrows(() => new NetlinkMessageHeader({ [name]: value }), RangeError, name);
    }
    assertEquals({ ...new NetlinkMessageHeader({ [name]: tooLarge - 1 }) }[name], tooLarge - 1);
  }
});

Deno.test("A header of fewer than 16 bytes is a DecodeError", () => {
  for (let length = 0; length < 16; length++) {
    for (const decode of [NetlinkMessageHeader.fromBytes, NetlinkMessage.fromBytes]) {
      assertThrows(() => decode(new Uint8Array(length)), DecodeError, `${length} bytes cannot hold an nlmsghdr`);
    }
  }
});

Deno.test("A message whose nlmsg_len is too small or too large is a DecodeError", () => {
  for (const nlmsgLen of [0, 15, 21, 2 ** 31, 2 ** 32 - 1]) {
    const bytes = new Uint8Array([...new NetlinkMessageHeader({ nlmsgLen }).toBytes(), 1, 2, 3, 4]);
    assertThrows(() => NetlinkMessage.fromBytes(bytes), DecodeError, `nlmsg_len is ${nlmsgLen}`);
  }
});

Deno.test("A message is as long as it says: what follows it is not its payload", () => {
  const bytes = new Uint8Array([...new NetlinkMessageHeader({ nlmsgLen: 18 }).toBytes(), 1, 2, 3, 4]);
  assertEquals(NetlinkMessage.fromBytes(bytes).payload, new Uint8Array([1, 2]));
});

Deno.test("A payload is a view of the bytes that it came from, wherever they begin", () => {
  const memory = new Uint8Array(30);
  memory.set(new NetlinkMessage(new NetlinkMessageHeader({ nlmsgSeq: 5 }), new Uint8Array([1, 2, 3])).toBytes(), 7);
  const { header, payload } = NetlinkMessage.fromBytes(memory.subarray(7));
  assertEquals([header.nlmsgLen, header.nlmsgSeq, payload.byteOffset], [19, 5, 23]);
  memory[23] = 9;
  assertEquals(payload, new Uint8Array([9, 2, 3]));
});

Deno.test("toBytes writes the true length, whatever the header says", () => {
  const header = new NetlinkMessageHeader({ nlmsgLen: 4, nlmsgType: 0x20, nlmsgFlags: 3, nlmsgSeq: 5, nlmsgPid: 6 });
  assertEquals(
    new NetlinkMessage(header, unhex("ff")).toBytes().toHex(),
    "11000000" + "2000" + "0300" + "05000000" + "06000000" + "ff",
  );
  assertEquals(header.nlmsgLen, 4);
});

Deno.test("iterate gives nothing for no bytes, and needs no padding behind the last message", () => {
  assertEquals([...NetlinkMessage.iterate(new Uint8Array(0))], []);
  const message = new NetlinkMessage(new NetlinkMessageHeader(), new Uint8Array([1])).toBytes();
  for (const padding of [0, 1, 2, 3]) {
    const datagram = new Uint8Array([...message, ...new Uint8Array(padding)]);
    assertEquals([...NetlinkMessage.iterate(datagram)].length, 1);
  }
});

Deno.test("iterate gives the good messages before it throws at a bad one", () => {
  const good = new NetlinkMessage(new NetlinkMessageHeader({ nlmsgSeq: 1 }), new Uint8Array(4)).toBytes();
  for (const bad of [new Uint8Array(1), new Uint8Array(16)]) {
    const messages = NetlinkMessage.iterate(new Uint8Array([...good, ...bad]));
    const { value } = messages.next();
    assertEquals((value as NetlinkMessage).header.nlmsgSeq, 1);
    assertThrows(() => messages.next(), DecodeError);
  }
});

Deno.test("iterate ends and throws nothing but DecodeError, whatever the bytes", () => {
  check(fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(40), (bytes, length) => {
    if (bytes.length >= 4) bytes.set([length, 0, 0, 0]);
    let count = 0;
    try {
      for (const _message of NetlinkMessage.iterate(bytes)) count++;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
    return count <= bytes.length / NetlinkMessageHeader.SIZE;
  }));
});

Deno.test("Any messages come back from a datagram as they went", () => {
  const u16 = fc.nat(0xffff);
  const u32 = fc.nat(0xffff_ffff);
  const fields = fc.record({ nlmsgType: u16, nlmsgFlags: u16, nlmsgSeq: u32, nlmsgPid: u32 });
  const message = fc.tuple(fields, fc.uint8Array({ maxLength: 20 }));
  check(fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
    const datagram = messages.flatMap(([fields, payload]) => {
      const bytes = new NetlinkMessage(new NetlinkMessageHeader(fields), payload).toBytes();
      return [...bytes, ...new Uint8Array((4 - bytes.length % 4) % 4)];
    });
    const seen = [...NetlinkMessage.iterate(new Uint8Array(datagram))].map(({ header, payload }) => {
      assertEquals(header.nlmsgLen, 16 + payload.length);
      const { nlmsgLen: _, ...fields } = header;
      return [fields, [...payload]];
    });
    assertEquals(seen, messages.map(([fields, payload]) => [fields, [...payload]]));
  }));
});
