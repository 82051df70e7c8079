import { assert, assertEquals } from "@std/assert";
import { MSG_TRUNC } from "../../ffi/constants.ts";
import { ReceiveSlot, SLOT_CONTROL, SLOT_NAME } from "../../ffi/receive_slot.ts";
import { IOVEC_SIZE, MSGHDR_SIZE } from "../../ffi/structs/msghdr.ts";
import { writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";
import { CMSG_UCRED_LENGTH } from "../../ffi/structs/ucred.ts";
import { writeMsghdrResult, writeUcredMessage } from "../fakes/received_message.ts";

const MEMORY = 0x7fff_0000_1000n;
const DATA = 0x7fff_0000_2000n;

function createSlot(size: number): ReceiveSlot {
  return new ReceiveSlot(size, (buffer) => buffer.length === size ? DATA : MEMORY);
}

Deno.test("A slot's header points to the slot's own memory", () => {
  const { control, data, header } = createSlot(1000);
  const room = control.byteLength - SLOT_CONTROL;
  assertEquals(data.length, 1000);
  assertEquals([header.buffer, header.byteOffset, header.length], [control.buffer, 0, MSGHDR_SIZE]);
  assertEquals([control.getBigUint64(0, true), control.getUint32(8, true)], [MEMORY + BigInt(SLOT_NAME), 12]);
  assertEquals([control.getBigUint64(16, true), control.getBigUint64(24, true)], [MEMORY + BigInt(MSGHDR_SIZE), 1n]);
  assertEquals(control.getBigUint64(32, true), MEMORY + BigInt(SLOT_CONTROL));
  assertEquals(control.getBigUint64(40, true), BigInt(room));
  assertEquals([control.getBigUint64(MSGHDR_SIZE, true), control.getBigUint64(MSGHDR_SIZE + 8, true)], [DATA, 1000n]);
});

Deno.test("The parts of a slot do not overlap, and control messages are aligned and have room for credentials", () => {
  assert(SLOT_NAME >= MSGHDR_SIZE + IOVEC_SIZE);
  assert(SLOT_CONTROL >= SLOT_NAME + 12);
  assertEquals(SLOT_CONTROL % 8, 0);
  assert(createSlot(1000).control.byteLength - SLOT_CONTROL >= CMSG_UCRED_LENGTH);
});

Deno.test("A slot tells port, flags and credentials of a datagram", () => {
  const slot = createSlot(1000);
  writeSockaddrNl(slot.control, SLOT_NAME, 0x80000001);
  writeUcredMessage(slot.control, SLOT_CONTROL, 4242, 1000, 2 ** 32 - 2);
  writeMsghdrResult(slot.control, 0, MSG_TRUNC, CMSG_UCRED_LENGTH);
  assert(slot.findCredentials());
  assertEquals([slot.port, slot.flags, slot.pid, slot.uid, slot.gid], [0x80000001, MSG_TRUNC, 4242, 1000, 2 ** 32 - 2]);
});

Deno.test("A slot does not take the credentials of the datagram before", () => {
  const slot = createSlot(1000);
  writeUcredMessage(slot.control, SLOT_CONTROL, 4242, 1000, 1000);
  writeMsghdrResult(slot.control, 0, 0, CMSG_UCRED_LENGTH);
  assert(slot.findCredentials());
  // The memory is as it was, but the kernel wrote no control message this time.
  writeMsghdrResult(slot.control, 0, 0, 0);
  assert(!slot.findCredentials());
});

Deno.test("reset makes room again for all that the kernel writes", () => {
  const slot = createSlot(1000);
  const fresh = slot.header.toHex();
  slot.control.setUint32(8, 3, true);
  writeMsghdrResult(slot.control, 0, 0xffff_ffff, 0);
  assert(slot.header.toHex() !== fresh);
  slot.reset();
  assertEquals(slot.header.toHex(), fresh);
  assertEquals(slot.flags, 0);
});
