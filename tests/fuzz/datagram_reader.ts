/**
 * The reader of datagrams, compared with the decoders that make objects: what those take, it reads, and what those refuse is a
 * problem.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type Dialect, NetlinkMessage, ProcslinkMessage, ProcslinkMessageHeader } from "../../mod.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { frame, joined } from "../fakes/stranger.ts";
import { outcomeOf, within } from "./outcome.ts";
import { BYTES, defineTarget, type Target } from "./target.ts";
import { DATAGRAMS } from "./wire_cases.ts";

/** What can be told of a message. */
interface Told {
  readonly dialect: Dialect;
  readonly nlmsgSeq: number;
  readonly nlmsgPid: number;
  readonly version: number;
  readonly payloadType: number;
  readonly size: number;
  readonly body: string;
  /** Undefined where it is no fragment. */
  readonly fragment: { readonly last: boolean; readonly seq: number; readonly timestamp: bigint } | undefined;
}

/** A message, or that there is a problem. */
type Step = Told | "problem";

function read(reader: DatagramReader, bytes: Uint8Array): Step {
  if (reader.problem !== undefined) return "problem";
  const { dialect, nlmsgSeq, nlmsgPid, version, payloadType, size, bodyStart, bodyEnd, last, seq } = reader;
  const [low, high] = reader.timestamp;
  const timestamp = BigInt(high) << 32n | BigInt(low);
  const fragment = reader.fragment ? { last, seq, timestamp } : undefined;
  const body = bytes.subarray(bodyStart, bodyEnd).toHex();
  return { dialect, nlmsgSeq, nlmsgPid, version, payloadType, size, body, fragment };
}

/** Walks a datagram at the start of memory. */
function walk(reader: DatagramReader, bytes: Uint8Array, length: number): Step[] {
  reader.start(bytes, length);
  const steps: Step[] = [];
  while (reader.next()) steps.push(read(reader, bytes));
  assertEquals(reader.next(), false, "what has ended has ended");
  return steps;
}

/** What is to be told of a message, or undefined of a NOOP. */
function expected({ header, payload }: NetlinkMessage): Step | undefined {
  const { nlmsgType, nlmsgFlags, nlmsgSeq, nlmsgPid } = header;
  if (nlmsgType === 1) return undefined;
  const inner = outcomeOf(() => ProcslinkMessageHeader.fromBytes(payload));
  if ("error" in inner) return "problem";
  const { version, payloadType, length, seq, timestamp } = inner.value;
  const isFragment = (nlmsgFlags & 2) !== 0;
  if (nlmsgType !== 0x10 && !(isFragment && nlmsgType === 3)) return "problem";
  if (!isFragment && version === 1 && "error" in outcomeOf(() => ProcslinkMessage.fromBytes(payload))) return "problem";
  const fragment = isFragment ? { last: nlmsgType === 3, seq, timestamp } : undefined;
  const body = payload.subarray(24).toHex();
  return { dialect: "native", nlmsgSeq, nlmsgPid, version, payloadType, size: 16 + length, body, fragment };
}

/** What is to be told of a datagram in the legacy dialect, or undefined where it is none. */
function legacyMessage(datagram: Uint8Array): Told | undefined {
  const netlink = outcomeOf(() => NetlinkMessage.fromBytes(datagram, "procslink-0.1"));
  if ("error" in netlink) return undefined;
  const { header: { nlmsgSeq, nlmsgPid }, payload } = netlink.value;
  const inner = outcomeOf(() => ProcslinkMessageHeader.fromBytes(payload, "procslink-0.1"));
  if ("error" in inner || inner.value.length !== payload.length - 24) return undefined;
  const { version, payloadType } = inner.value;
  const body = payload.subarray(24).toHex();
  const size = datagram.length;
  return { dialect: "procslink-0.1", nlmsgSeq, nlmsgPid, version, payloadType, size, body, fragment: undefined };
}

/** What is to be told of any other datagram. */
function nativeSteps(datagram: Uint8Array): Step[] {
  const steps: Step[] = [];
  const whole = outcomeOf(() => {
    for (const message of NetlinkMessage.iterate(datagram)) {
      const step = expected(message);
      if (step !== undefined) steps.push(step);
    }
  });
  if ("error" in whole || datagram.length === 0) steps.push("problem");
  return steps;
}

/** What another datagram leaves behind in a reader. */
const OTHER = joined(
  frame(7, { body: "before", netlink: { nlmsgSeq: 77, nlmsgFlags: 2, nlmsgType: 3 }, procslink: { seq: 777 } }),
  new Uint8Array(4),
);

/** The target. */
export const DATAGRAM_READER: Target = defineTarget({
  name: "datagram-reader",
  share: 100,
  format: BYTES,
  cases: DATAGRAMS,
  attempt(datagram) {
    const legacy = legacyMessage(datagram);
    const steps = legacy === undefined ? nativeSteps(datagram) : [legacy];
    assertEquals(walk(new DatagramReader(), within(datagram), datagram.length), steps);
    // Nor does it matter what was read before, or what is in the same memory in front and behind.
    const memory = new Uint8Array(OTHER.length + datagram.length + 64).fill(0xff);
    memory.set(OTHER);
    memory.set(datagram, OTHER.length);
    const reader = new DatagramReader();
    reader.start(memory, OTHER.length);
    assert(reader.next());
    assertEquals(walk(reader, memory.subarray(OTHER.length), datagram.length), steps);
  },
});
