/**
 * The decoders of both headers and of datagrams. Each is compared with what a few lines say that know of nothing else.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { NetlinkMessage, NetlinkMessageHeader, ProcslinkMessage, ProcslinkMessageHeader } from "../../mod.ts";
import { assertBytes, outcomeOf, within } from "./outcome.ts";
import { BYTES, defineTarget, type Target } from "./target.ts";
import { DATAGRAMS, PAYLOADS } from "./wire_cases.ts";

/** Where the first message ends, or undefined where it is none. */
function endOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < 16) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return length >= 16 && length <= bytes.length ? length : undefined;
}

const netlinkHeader = defineTarget({
  name: "netlink-header",
  share: 80,
  format: BYTES,
  cases: DATAGRAMS,
  attempt(bytes) {
    const outcome = outcomeOf(() => NetlinkMessageHeader.fromBytes(within(bytes)));
    assertEquals("value" in outcome, bytes.length >= NetlinkMessageHeader.SIZE);
    if ("value" in outcome) assertBytes(outcome.value.toBytes(), bytes.subarray(0, NetlinkMessageHeader.SIZE));
  },
});

const netlinkMessage = defineTarget({
  name: "netlink-message",
  share: 80,
  format: BYTES,
  cases: DATAGRAMS,
  attempt(bytes) {
    const outcome = outcomeOf(() => NetlinkMessage.fromBytes(within(bytes)));
    const end = endOf(bytes);
    assertEquals("value" in outcome, end !== undefined);
    if ("value" in outcome) {
      assertBytes(outcome.value.payload, bytes.subarray(16, end));
      assertBytes(outcome.value.toBytes(), bytes.subarray(0, end));
    }
  },
});

const legacyMessage = defineTarget({
  name: "legacy-message",
  share: 80,
  format: BYTES,
  cases: DATAGRAMS,
  attempt(bytes) {
    const outcome = outcomeOf(() => {
      const { header, payload } = NetlinkMessage.fromBytes(within(bytes), "procslink-0.1");
      return { header, message: ProcslinkMessage.fromBytes(payload, "procslink-0.1") };
    });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const isOne = bytes.length >= 40 && view.getUint16(4) === 0 && view.getUint32(0) === bytes.length - 16 &&
      view.getUint16(16) === 1 && view.getUint32(20) === bytes.length - 40;
    assertEquals("value" in outcome, isOne);
    if ("error" in outcome) return;
    const { header, message } = outcome.value;
    assertBytes(new NetlinkMessage(header, message.toBytes("procslink-0.1")).toBytes("procslink-0.1"), bytes);
    // What is a message in one dialect is none in the other.
    const native = outcomeOf(() => ProcslinkMessage.fromBytes(NetlinkMessage.fromBytes(within(bytes)).payload));
    assert("error" in native, "It is a native message too");
  },
});

const netlinkIterate = defineTarget({
  name: "netlink-iterate",
  share: 80,
  format: BYTES,
  cases: DATAGRAMS,
  attempt(bytes) {
    const messages: NetlinkMessage[] = [];
    const outcome = outcomeOf(() => {
      for (const message of NetlinkMessage.iterate(within(bytes))) messages.push(message);
    });
    let start = 0;
    for (const message of messages) {
      const end = endOf(bytes.subarray(start));
      assert(end !== undefined, `There is no message at ${start}`);
      assertBytes(message.toBytes(), bytes.subarray(start, start + end!));
      start += Math.ceil(end! / 4) * 4;
    }
    // It ends at the end, or where there is no message.
    if ("value" in outcome) assert(start >= bytes.length, `Something follows at ${start}`);
    else assertEquals(endOf(bytes.subarray(start)), undefined);
  },
});

const procslinkHeader = defineTarget({
  name: "procslink-header",
  share: 80,
  format: BYTES,
  cases: PAYLOADS,
  attempt(bytes) {
    const outcome = outcomeOf(() => ProcslinkMessageHeader.fromBytes(within(bytes)));
    assertEquals("value" in outcome, bytes.length >= ProcslinkMessageHeader.SIZE);
    if ("value" in outcome) assertBytes(outcome.value.toBytes(), bytes.subarray(0, ProcslinkMessageHeader.SIZE));
  },
});

const procslinkMessage = defineTarget({
  name: "procslink-message",
  share: 80,
  format: BYTES,
  cases: PAYLOADS,
  attempt(bytes) {
    const outcome = outcomeOf(() => ProcslinkMessage.fromBytes(within(bytes)));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const isMessage = bytes.length >= 24 && view.getUint16(0, true) === 1 && view.getUint32(4, true) === bytes.length;
    assertEquals("value" in outcome, isMessage);
    if ("value" in outcome) {
      assertBytes(outcome.value.payload, bytes.subarray(24));
      assertBytes(outcome.value.toBytes(), bytes);
    }
  },
});

/** The targets. */
export const WIRE_DECODERS: readonly Target[] = [
  netlinkHeader,
  netlinkMessage,
  netlinkIterate,
  legacyMessage,
  procslinkHeader,
  procslinkMessage,
];
