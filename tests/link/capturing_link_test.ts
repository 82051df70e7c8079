// The link in front of another: what it tells the capture, and that it changes nothing else.
import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import type { BlockingLink, Caller, Link, LinkReceiver } from "../../src/link/link.ts";
import { Capture } from "../../src/link/capture.ts";
import { CapturingLink } from "../../src/link/capturing_link.ts";
import { epochMilliseconds } from "../../src/wire/clock.ts";
import { MemoryCapture } from "../fakes/captures.ts";
import { RecordingLink } from "../fakes/recording_link.ts";
import { settled } from "../fakes/time.ts";

const SENDER: Caller = { port: 77, uid: 1_000, gid: 100, pidHint: 4_711 };
const BYTES = Uint8Array.of(1, 2, 3, 0xff);

/** What a link may have and this one does not know would be lost: such a member fails here, where types are checked. */
type Complete<Missing extends never> = Missing;
export type NothingMissing = Complete<Exclude<keyof Link, keyof CapturingLink>>;

/** A receiver that notes what it is told. */
class NotingReceiver implements LinkReceiver {
  readonly notes: unknown[] = [];

  receive(bytes: Uint8Array, length: number, sender: Caller): void {
    this.notes.push([bytes, length, sender]);
  }

  trouble(...trouble: unknown[]): void {
    this.notes.push(trouble);
  }

  failed(error: Error): void {
    this.notes.push(error);
  }
}

/** A link that has all that a link may have, each told by what it was asked. */
class FullLink extends RecordingLink {
  readonly asked: unknown[][] = [];
  outcome: "sent" | "full" | "unread" = "sent";
  ear: LinkReceiver | undefined;
  hasRoom = true;
  arriving: Uint8Array | undefined;
  readonly unmapped = { uid: 65_534, gid: undefined };
  readonly blocking: BlockingLink = {
    isOwn: (port) => port === 5,
    send: (...asked) => {
      this.asked.push(["blocking.send", ...asked]);
      return this.hasRoom;
    },
    receive: (receiver, milliseconds, lifeline) => {
      this.asked.push(["blocking.receive", milliseconds, lifeline]);
      if (this.arriving === undefined) return false;
      receiver.receive(this.arriving, 3, SENDER);
      receiver.trouble("overrun", "lost");
      return true;
    },
  };

  sendSoon(...asked: unknown[]) {
    this.asked.push(["sendSoon", ...asked]);
    return this.outcome;
  }

  openLifeline(...asked: unknown[]) {
    this.asked.push(["openLifeline", ...asked]);
    return null;
  }

  socketAt(port: number) {
    return BigInt(port);
  }

  sockets() {
    return [];
  }

  beside(port: number) {
    return new FullLink(port);
  }

  multicast(...asked: unknown[]) {
    this.asked.push(["multicast", ...asked]);
    if (!this.hasRoom) throw new Error("ENOBUFS");
  }

  hear(group: number, from: number, receiver: LinkReceiver) {
    this.ear = receiver;
    return { ...EAR, capacity: group + from };
  }
}

const EAR = { drain() {}, hold() {}, release() {}, ref() {}, unref() {}, close: () => undefined };

/** A link that is captured. */
function open<Inner extends RecordingLink>(inner: Inner) {
  const capture = new MemoryCapture();
  const troubles: unknown[][] = [];
  const link = new CapturingLink(inner, new Capture(capture, (...trouble) => void troubles.push(trouble)));
  return { inner, capture, link, troubles };
}

/** Directions, ports and bytes of what was captured. */
function captured({ datagrams }: MemoryCapture): unknown[] {
  return datagrams.map(({ direction, from, to, bytes }) => [direction, from, to, bytes.toHex()]);
}

Deno.test("what was sent is captured once, as a copy, with the time", () => {
  const { capture, link, inner } = open(new RecordingLink(100));
  const begun = epochMilliseconds();
  const memory = BYTES.slice();
  assertEquals(link.send(200, memory, 3), true);
  const ended = epochMilliseconds();
  memory.fill(0);
  assertEquals(inner.sent.length, 1);
  const [datagram] = capture.datagrams;
  assertEquals({ ...datagram, time: 0 }, {
    direction: "out",
    time: 0,
    bytes: Uint8Array.of(1, 2, 3),
    from: 100,
    to: 200,
    group: undefined,
    sender: undefined,
  });
  assertEquals([datagram!.time >= begun, datagram!.time <= ended], [true, true]);
  assertEquals(datagram!.bytes.buffer.byteLength, 3);
});

Deno.test("what was not sent is not captured", () => {
  const { capture, link, inner } = open(new FullLink(100));
  inner.full.add(200);
  inner.failures.set(300, new Error("gone"));
  inner.hasRoom = false;
  inner.outcome = "full";
  assertEquals(link.send(200, BYTES, 3), false);
  assertThrows(() => link.send(300, BYTES, 3), Error, "gone");
  assertEquals(link.blocking!.send(200, BYTES, 3, 5), false);
  assertEquals(link.sendSoon!(200, BYTES, 3), "full");
  inner.outcome = "unread";
  assertEquals(link.sendSoon!(200, BYTES, 3), "unread");
  assertThrows(() => link.multicast!(7, BYTES, 3), Error, "ENOBUFS");
  assertEquals(capture.datagrams, []);
});

Deno.test("what waits for room is captured when it has left, and before anybody is told", async () => {
  const { capture, link, inner } = open(new RecordingLink(100));
  const outcomes: unknown[] = [];
  const send = (to: number, stalled: boolean) => {
    const patient = link.sendPatiently(to, BYTES, 3, stalled);
    patient.sent.then((isSent) => outcomes.push([to, isSent, capture.datagrams.length]), () => {});
    return patient;
  };
  send(200, true);
  send(201, false);
  const third = send(202, false);
  send(203, false);
  assertEquals(inner.patient.map(({ stalled }) => stalled), [true, false, false, false]);
  assertEquals(capture.datagrams, []);
  await inner.endPatient(201, false);
  await inner.endPatient(200, true);
  assertEquals(third.cancel(), false);
  inner.cancellable = true;
  assertEquals([third.cancel(), inner.cancels], [true, 2]);
  await inner.endPatient(203, new Error("gone"));
  await settled();
  assertEquals(captured(capture), [["out", 100, 200, "010203"]]);
  assertEquals(outcomes, [[201, false, 0], [200, true, 1], [202, false, 1]]);
  inner.failures.set(300, new Error("gone"));
  await assertRejects(() => link.sendPatiently(300, BYTES, 3, false).sent, Error, "gone");
});

Deno.test("what arrives is captured first, with the port of the kernel, and handed on as it is", () => {
  const { capture, link, inner } = open(new RecordingLink(100));
  const receiver = new NotingReceiver();
  link.start(receiver);
  const error = new Error("failed");
  inner.receiver!.receive(BYTES, 3, SENDER);
  inner.receiver!.trouble("spoofed", "why", 5);
  inner.receiver!.failed(error);
  assertEquals(receiver.notes, [[BYTES, 3, SENDER], ["spoofed", "why", 5], error]);
  assertStrictEquals((receiver.notes[0] as unknown[])[0], BYTES);
  assertEquals(captured(capture), [["in", 77, 100, "010203"]]);
  assertStrictEquals(capture.datagrams[0]!.sender, SENDER);
});

Deno.test("what is sent and read while the thread stands still is captured", () => {
  const { capture, link, inner } = open(new FullLink(100));
  const { blocking } = link;
  assertStrictEquals(link.blocking, blocking);
  assertEquals([blocking!.isOwn(5), blocking!.isOwn(6)], [true, false]);
  assertEquals(blocking!.send(200, BYTES, 3, 8), true);
  const receiver = new NotingReceiver();
  assertEquals(blocking!.receive(receiver, 9), false);
  inner.arriving = BYTES;
  assertEquals(blocking!.receive(receiver, 0), true);
  assertEquals(receiver.notes, [[BYTES, 3, SENDER], ["overrun", "lost"]]);
  assertEquals(inner.asked, [
    ["blocking.send", 200, BYTES, 3, 8],
    ["blocking.receive", 9, undefined],
    ["blocking.receive", 0, undefined],
  ]);
  assertEquals(captured(capture), [["out", 100, 200, "010203"], ["in", 77, 100, "010203"]]);
});

Deno.test("a send that needs a moment is captured where it went", () => {
  const { capture, link, inner } = open(new FullLink(100));
  assertEquals(link.sendSoon!(200, BYTES, 3), "sent");
  assertEquals(inner.asked, [["sendSoon", 200, BYTES, 3]]);
  assertEquals(captured(capture), [["out", 100, 200, "010203"]]);
});

Deno.test("the kernel's multicast is captured both ways, with its group", () => {
  const { capture, link, inner } = open(new FullLink(100));
  link.multicast!(7, BYTES, 3);
  assertEquals(inner.asked, [["multicast", 7, BYTES, 3]]);
  const receiver = new NotingReceiver();
  assertEquals(link.hear!(7, 77, receiver)!.capacity, 84);
  const error = new Error("failed");
  inner.ear!.receive(BYTES, 3, SENDER);
  inner.ear!.trouble("overrun", "lost");
  inner.ear!.failed(error);
  assertEquals(receiver.notes, [[BYTES, 3, SENDER], ["overrun", "lost"], error]);
  assertEquals(
    capture.datagrams.map(({ direction, from, to, group, sender }) => [direction, from, to, group, sender]),
    [["out", 100, 0, 7, undefined], ["in", 77, 0, 7, SENDER]],
  );
});

Deno.test("a link beside it is captured by the same", () => {
  const { capture, link } = open(new FullLink(100));
  link.beside!(101).send(200, BYTES, 3);
  link.beside!(101).beside!(102).send(200, BYTES, 3);
  assertEquals(captured(capture), [["out", 101, 200, "010203"], ["out", 102, 200, "010203"]]);
});

Deno.test("all else is as the other link has it", () => {
  const { link, inner } = open(new FullLink(100));
  inner.maxDatagram = 5_000;
  assertEquals([link.port, link.uid, link.maxDatagram, link.unmapped], [100, 1_000, 5_000, inner.unmapped]);
  const broken = () => {};
  assertEquals(link.openLifeline!(5, broken), null);
  assertEquals(inner.asked, [["openLifeline", 5, broken]]);
  assertEquals([link.socketAt!(8), link.sockets!()], [8n, []]);
  link.hold();
  link.hold();
  link.release();
  assertEquals(inner.holds, 1);
  link.unref();
  assertEquals(inner.refs, false);
  link.ref();
  assertEquals(inner.refs, true);
  assertEquals([link.close(), inner.closed], [undefined, true]);
});

Deno.test("what the other link has not, it has not either", () => {
  const { link } = open(new RecordingLink(100));
  const optional = [
    "blocking",
    "unmapped",
    "sendSoon",
    "openLifeline",
    "socketAt",
    "sockets",
    "beside",
    "multicast",
    "hear",
  ] as const satisfies readonly (keyof Link)[];
  assertEquals(optional.filter((member) => link[member] !== undefined), []);
});
