import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { MSG_TRUNC } from "../../ffi/constants.ts";
import { ReceiveSlot, SLOT_CONTROL, SLOT_NAME } from "../../ffi/receive_slot.ts";
import { IOVEC_SIZE, MSGHDR_SIZE } from "../../ffi/structs/msghdr.ts";
import { writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";
import { CMSG_UCRED_LENGTH } from "../../ffi/structs/ucred.ts";
import type { Overflow } from "../../ffi/syscalls.ts";
import { Ledger } from "../fakes/ledger.ts";
import { writeMsghdrResult, writeUcredMessage } from "../fakes/received_message.ts";

const MEMORY = 0x7fff_0000_1000n;
const DATA = 0x7fff_0000_2000n;

function createSlot(size: number, createOverflow?: () => Overflow | undefined): ReceiveSlot {
  return new ReceiveSlot(size, (buffer) => buffer.length === size ? DATA : MEMORY, createOverflow);
}

/** Address and size of the second iovec. */
function overflowOf(control: DataView): [address: bigint, size: bigint] {
  const second = MSGHDR_SIZE + IOVEC_SIZE;
  return [control.getBigUint64(second, true), control.getBigUint64(second + 8, true)];
}

/** An overflow whose bytes are all the number of its address. */
class NumberedOverflow implements Overflow {
  readonly size = 8;
  readonly address: bigint;
  free: () => void;

  constructor(address: number, ledger: Ledger) {
    this.address = BigInt(address);
    ledger.opened(`overflow ${address}`, "");
    this.free = () => ledger.closed(`overflow ${address}`);
  }

  copyTo(destination: Uint8Array): void {
    destination.fill(Number(this.address));
  }
}

Deno.test("A slot's header points to the slot's own memory", () => {
  const { control, data, header } = createSlot(1000);
  const room = control.byteLength - SLOT_CONTROL;
  assertEquals(data.length, 1000);
  assertEquals([header.buffer, header.byteOffset, header.length], [control.buffer, 0, MSGHDR_SIZE]);
  assertEquals([control.getBigUint64(0, true), control.getUint32(8, true)], [MEMORY + BigInt(SLOT_NAME), 12]);
  assertEquals([control.getBigUint64(16, true), control.getBigUint64(24, true)], [MEMORY + BigInt(MSGHDR_SIZE), 2n]);
  assertEquals(control.getBigUint64(32, true), MEMORY + BigInt(SLOT_CONTROL));
  assertEquals(control.getBigUint64(40, true), BigInt(room));
  assertEquals([control.getBigUint64(MSGHDR_SIZE, true), control.getBigUint64(MSGHDR_SIZE + 8, true)], [DATA, 1000n]);
  assertEquals(overflowOf(control), [0n, 0n]);
});

Deno.test("The parts of a slot do not overlap, and control messages are aligned and have room for credentials", () => {
  assert(SLOT_NAME >= MSGHDR_SIZE + 2 * IOVEC_SIZE);
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

Deno.test("A slot has an overflow from the start, and another after each datagram that used it, and no other time", () => {
  const ledger = new Ledger();
  let created = 0;
  const slot = createSlot(4, () => new NumberedOverflow(++created, ledger));
  slot.data.set([0xa, 0xb, 0xc, 0xd]);
  assertEquals([overflowOf(slot.control), slot.capacity], [[1n, 8n], 12]);
  for (const length of [0, 1, 4]) assertStrictEquals(slot.whole(length), slot.data);
  assertEquals(created, 1);

  assertEquals(slot.whole(7).toHex(), "0a0b0c0d" + "010101");
  assertEquals([overflowOf(slot.control), slot.capacity, ledger.open], [[2n, 8n], 12, ["overflow 2 ()"]]);
  assertEquals(slot.whole(12).toHex(), "0a0b0c0d" + "0202020202020202");
  assertEquals([overflowOf(slot.control), ledger.open], [[3n, 8n], ["overflow 3 ()"]]);
  slot.free();
  ledger.assertAllClosed();
  slot.free();
  assertEquals([slot.capacity, created], [4, 3]);
});

Deno.test("reset leaves the overflow as it is", () => {
  const slot = createSlot(4, () => new NumberedOverflow(1, new Ledger()));
  slot.reset();
  assertEquals([overflowOf(slot.control), slot.capacity], [[1n, 8n], 12]);
});

Deno.test("Where memory for another overflow is no longer to be had, a slot goes without, and names none to the kernel", () => {
  const ledger = new Ledger();
  const overflows = [new NumberedOverflow(1, ledger)];
  const slot = createSlot(4, () => overflows.pop());
  assertEquals(slot.whole(6).toHex(), "00000000" + "0101");
  assertEquals([overflowOf(slot.control), slot.capacity], [[0n, 0n], 4]);
  ledger.assertAllClosed();
  assertStrictEquals(slot.whole(4), slot.data);
  slot.free();
});
