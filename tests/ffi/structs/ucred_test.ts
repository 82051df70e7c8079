import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SCM_CREDENTIALS, SOL_SOCKET } from "../../../ffi/constants.ts";
import { CMSG_UCRED_LENGTH, CMSGHDR_SIZE, findUcred } from "../../../ffi/structs/ucred.ts";
import { writeUcredMessage } from "../../fakes/received_message.ts";
import { check } from "../../fakes/property.ts";

interface Control {
  /** cmsg_len, which need not be true. */
  length: number;
  level?: number;
  type?: number;
  /** Bytes that the message really takes, its header included. */
  room?: number;
}

/** Control messages one after the other, each at a multiple of 8 bytes. */
function controls(...messages: readonly Control[]): DataView {
  const rooms = messages.map(({ length, room }) => (room ?? length) + 7 & ~7);
  const view = new DataView(new ArrayBuffer(rooms.reduce((sum, room) => sum + room, 0)));
  let offset = 0;
  for (const [index, { length, level, type }] of messages.entries()) {
    view.setUint32(offset, length, true);
    view.setUint32(offset + 8, level ?? SOL_SOCKET, true);
    view.setUint32(offset + 12, type ?? SCM_CREDENTIALS, true);
    offset += rooms[index]!;
  }
  return view;
}

function find(...messages: readonly Control[]): number {
  const view = controls(...messages);
  return findUcred(view, 0, view.byteLength);
}

const UCRED: Control = { length: 28 };

Deno.test("writeUcredMessage writes what the kernel writes", () => {
  const bytes = new Uint8Array(36).fill(0xaa);
  writeUcredMessage(new DataView(bytes.buffer), 4, 0x04030201, 0x08070605, 0xfffefdfc);
  assertEquals(
    bytes.toHex(),
    "aaaaaaaa" + "1c00000000000000" + "01000000" + "02000000" + "01020304" + "05060708" + "fcfdfeff" + "aaaaaaaa",
  );
  assertEquals([CMSGHDR_SIZE, CMSG_UCRED_LENGTH], [16, 28]);
});

Deno.test("Credentials alone are found, with and without the padding behind them", () => {
  assertEquals(find(UCRED), 16);
  assertEquals(findUcred(controls(UCRED), 0, 28), 16);
});

Deno.test("Credentials are found wherever the control messages begin", () => {
  const view = new DataView(new ArrayBuffer(128));
  writeUcredMessage(view, 88, 1, 2, 3);
  assertEquals(findUcred(view, 88, 32), 104);
});

Deno.test("Credentials are found behind other control messages, whatever their length", () => {
  for (let length = 16; length <= 40; length++) {
    const other = { length, type: 29 };
    const padded = length + 7 & ~7;
    assertEquals(find(other, UCRED), padded + 16);
    assertEquals(find(other, other, UCRED, other), 2 * padded + 16);
  }
});

Deno.test("A control message of another level or type is not taken for credentials", () => {
  assertEquals(find({ ...UCRED, level: 270 }), -1);
  assertEquals(find({ ...UCRED, type: 1 }), -1);
  assertEquals(find({ ...UCRED, level: 270 }, { ...UCRED, type: 1 }, UCRED), 64 + 16);
});

Deno.test("Nothing is found where the kernel wrote nothing, or less than credentials take", () => {
  const view = controls(UCRED);
  for (let length = 0; length < CMSG_UCRED_LENGTH; length++) assertEquals(findUcred(view, 0, length), -1);
});

Deno.test("Credentials that say they are too short are passed over", () => {
  for (let length = 16; length < 28; length++) {
    assertEquals(find({ length }), -1);
    assertEquals(find({ length }, UCRED), (length + 7 & ~7) + 16);
  }
});

Deno.test("A cmsg_len that cannot be true ends the search", () => {
  for (const length of [0, 1, 15, 65, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 8, 2 ** 32 - 1]) {
    assertEquals(find({ length, room: 32 }, UCRED), -1);
    assertEquals(find({ length, room: 32, type: 1 }, UCRED), -1);
  }
});

Deno.test("Credentials whose second half was cut off are not found", () => {
  const other = { length: 16, type: 29 };
  const view = controls(other, UCRED);
  for (let length = 16; length < 16 + 28; length++) assertEquals(findUcred(view, 0, length), -1);
  assertEquals(findUcred(view, 0, 16 + 28), 32);
});

Deno.test("Whatever the bytes, the search ends, throws nothing, and what it finds lies within them", () => {
  const word = fc.constantFrom(0, 1, 2, 8, 16, 24, 28, 32, 2 ** 31, 2 ** 32 - 1);
  check(
    fc.property(fc.array(word, { maxLength: 40 }), fc.nat(15), (words, cut) => {
      const view = new DataView(new Uint32Array(words).buffer);
      const length = Math.max(0, view.byteLength - cut);
      const found = findUcred(view, 0, length);
      assert(found === -1 || (found >= CMSGHDR_SIZE && found + 12 <= length), `${found} is not in ${length} bytes`);
    }),
    1000,
  );
});
