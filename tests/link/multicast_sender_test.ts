import { assertEquals, assertThrows } from "@std/assert";
import { MulticastSender } from "../../src/link/multicast_sender.ts";
import { decode, RecordingLink } from "../fakes/recording_link.ts";

const HEADERS = 40;

/** A sender, and what it sends. */
function openSender(maxDatagram?: number) {
  const link = new RecordingLink(4242, maxDatagram);
  const sent: { group: number; bytes: Uint8Array }[] = [];
  const failures: Error[] = [];
  const multicast = (group: number, bytes: Uint8Array<ArrayBuffer>, length: number) => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    sent.push({ group, bytes: bytes.slice(0, length) });
    // As the memory may hold anything afterwards.
    bytes.fill(0xff);
  };
  const traffic = { bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0 };
  const sender = new MulticastSender(Object.assign(link, { multicast }), traffic as never);
  const messages = () => sent.map(({ bytes }) => decode({ to: 0, bytes, memory: new ArrayBuffer() }));
  return { sender, sent, failures, traffic, messages };
}

/** Bodies of these lengths. */
function bodies(...lengths: number[]): Uint8Array[] {
  return lengths.map((length, index) => new Uint8Array(length).fill(0x61 + index));
}

Deno.test("messages are joined in one datagram, each a request of its own number", () => {
  const { sender, sent, traffic, messages } = openSender();
  sender.send(5, bodies(1, 2, 3));
  sender.send(6, bodies(4));
  assertEquals(sent.map(({ group, bytes }) => [group, bytes.length]), [[5, 44 + 44 + 43], [6, 44]]);
  assertEquals(messages().map((all) => all.map(({ body }) => body)), [["a", "bb", "ccc"], ["aaaa"]]);
  const all = messages().flat();
  assertEquals(all.map(({ flags, port, payloadType }) => [flags, port, payloadType]), all.map(() => [1, 4242, 1]));
  assertEquals(all.map(({ nlmsgSeq, seq }) => [nlmsgSeq, seq]), [[1, 1], [2, 2], [3, 3], [4, 4]]);
  assertEquals([traffic.messagesOut, traffic.bytesOut], [4, 44 + 44 + 43 + 44]);
  assertEquals(Math.abs(Number(all[0]!.timestamp / 1_000_000n) - Date.now()) < 10_000, true);
});

Deno.test("what does not fit behind others leaves in the next datagram", () => {
  const { sender, sent, messages } = openSender(200);
  sender.send(5, bodies(60, 60, 60, 160, 1));
  assertEquals(messages().map((all) => all.map(({ body }) => body.length)), [[60, 60], [60], [160], [1]]);
  assertEquals(sent.map(({ bytes }) => bytes.length), [200, 100, 200, HEADERS + 1]);
});

Deno.test("padding counts, and is zero", () => {
  const { sender, sent, messages } = openSender(201);
  sender.send(5, bodies(57, 61));
  sender.send(5, bodies(59, 61));
  sender.send(5, bodies(61, 60));
  assertEquals(messages().map((all) => all.length), [2, 2, 1, 1]);
  assertEquals([...sent[0]!.bytes.subarray(97, 100)], [0, 0, 0]);
});

Deno.test("no more is joined than the outbox joins, however large datagrams may be", () => {
  const { sender, sent } = openSender(1_048_576);
  sender.send(5, bodies(...Array.from({ length: 20 }, () => 10_000)));
  assertEquals(sent.length > 1, true);
  assertEquals(Math.max(...sent.map(({ bytes }) => bytes.length)) <= 65_536, true);
});

Deno.test("nothing is sent where there is nothing", () => {
  const { sender, sent } = openSender();
  sender.send(5, []);
  assertEquals(sent, []);
});

Deno.test("what could not be sent throws, is not counted, and the next is whole", () => {
  const { sender, failures, traffic, messages } = openSender();
  failures.push(new Error("no memory"));
  assertThrows(() => sender.send(5, bodies(10)), Error, "no memory");
  assertEquals([traffic.messagesOut, traffic.bytesOut], [0, 0]);
  sender.send(5, bodies(3));
  assertEquals(messages().map((all) => all.map(({ body }) => body)), [["aaa"]]);
});
