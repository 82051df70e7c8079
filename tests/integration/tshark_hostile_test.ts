// What tshark says of captures in which not all is as it should be: parts of messages, lies, rubbish, and what is none of ours.
import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { checkAsync } from "../fakes/property.ts";
import { farewell, fragments, frame, joined } from "../fakes/stranger.ts";
import { LEGACY_MESSAGES } from "../vectors/legacy.ts";
import { FRAGMENTS, MESSAGES, TWO_MESSAGES, unhex } from "../vectors/native.ts";
import { testUnless } from "./processes.ts";
import { captureOf, fieldsOf, noTshark, tshark } from "./tshark.ts";

const CALL = { jsonrpc: "2.0", id: 17, method: "hello", params: ["Kim"] };
const ANSWER = { jsonrpc: "2.0", id: 17, result: "Hello, Kim!" };

/** Where a packet begins in its block. */
const PACKET = 28;

testUnless(noTshark, "a message in fragments is put together, also between others and of another sender", async () => {
  const headers = { netlink: { nlmsgSeq: 5 }, procslink: { seq: 3, timestamp: 9n } };
  const long = { ...CALL, params: ["long".repeat(40)] };
  const other = { ...CALL, id: 4, method: "other" };
  const parts = fragments(100, { ...headers, body: long }, 60);
  const others = fragments(100, { ...headers, body: other }, 40);
  assertEquals([parts.length, others.length], [4, 2]);
  const file = captureOf([
    parts[0]!,
    parts[1]!,
    { bytes: others[0]!, from: 101 },
    frame(100, { body: CALL }),
    parts[2]!,
    { bytes: others[1]!, from: 101 },
    parts[3]!,
    ...FRAGMENTS.datagrams.map((hex) => unhex(hex)),
  ]);
  const fields = ["_ws.col.Info", "procslink.method", "procslink.reassembled.length"];
  const rows = await fieldsOf(file, fields);
  assertEquals(rows.slice(0, 7), [
    [["fragment of request 5"], [], []],
    [["fragment of request 5"], [], []],
    [["fragment of request 5"], [], []],
    [["request 17 hello"], ["hello"], []],
    [["fragment of request 5"], [], []],
    [["request 4 other (last fragment)"], ["other"], [`${JSON.stringify(other).length}`]],
    [["request 17 hello (last fragment)"], ["hello"], [`${JSON.stringify(long).length}`]],
  ]);
  assertEquals(rows.at(-1)![0], [`response ${JSON.parse(FRAGMENTS.json).id} (last fragment)`]);
  // Wireshark reads a file once, and shows some of its packets later, in any order.
  assertEquals(await fieldsOf(file, fields, ["-2"]), rows);
  const whole = rows.filter(([, , length]) => length!.length > 0);
  assertEquals(whole.length, 3);
  assertEquals(await fieldsOf(file, fields, ["-2", "-R", "procslink.reassembled.length"]), whole);
});

testUnless(
  noTshark,
  "what is missing of a message in fragments is said, and so is that it was taken back",
  async () => {
    const message = { body: CALL, netlink: { nlmsgSeq: 5 } };
    const [first, , last] = fragments(100, message, 20);
    const takenBack = farewell(100, {
      netlink: message.netlink,
      procslink: { length: 24 + JSON.stringify(CALL).length },
    });
    const rows = await fieldsOf(
      captureOf([first!, last!, first!, takenBack, last!]),
      ["_ws.col.Info", "_ws.expert.message"],
    );
    const missing = "Some of the fragments are not here";
    assertEquals(rows, [
      [["fragment of request 5"], []],
      [["last fragment of request 5"], [missing]],
      [["fragment of request 5"], []],
      [["taken back: request 5"], []],
      [["last fragment of request 5"], [missing]],
    ]);
  },
);

testUnless(
  noTshark,
  "a request leads to its answer and back, with the time, also where one file has both sides",
  async () => {
    const request = frame(100, { body: CALL });
    const response = frame(200, { body: ANSWER, procslink: { payloadType: 2 } });
    const [there, back] = [{ from: 100, to: 200 }, { from: 200, to: 100 }];
    const file = captureOf([
      { ...there, bytes: request, time: 1_000 },
      { ...there, bytes: request, direction: "in", time: 1_100 },
      { ...back, bytes: response, time: 1_200 },
      { ...back, bytes: response, direction: "in", time: 1_550.5 },
      // Another caller with the same id, and an answer to nothing.
      { ...there, from: 300, bytes: request, time: 2_000 },
      { ...back, bytes: response, direction: "in", time: 2_100 },
      // The clock was set back.
      { ...there, bytes: request, time: 9_000 },
      { ...back, bytes: response, direction: "in", time: 7_750 },
    ]);
    assertEquals(await fieldsOf(file, ["procslink.response_in", "procslink.request_in", "procslink.time"], ["-2"]), [
      [["4"], [], []],
      [["3"], [], []],
      [[], ["2"], ["0.100000000"]],
      [[], ["1"], ["0.550500000"]],
      [[], [], []],
      [[], [], []],
      [["8"], [], []],
      [[], ["7"], ["-1.250000000"]],
    ]);
  },
);

testUnless(noTshark, "lies and rubbish are marked, and what stands before them is shown", async () => {
  const good = frame(100, { body: CALL });
  const rows = await fieldsOf(
    captureOf([
      joined(good, Uint8Array.of(1, 2, 3)),
      joined(good, frame(100, { body: CALL, netlink: { nlmsgLen: 5_000 } })),
      joined(good, frame(100, { body: CALL, netlink: { nlmsgLen: 20 } })),
      joined(good, frame(100, { body: CALL, netlink: { nlmsgType: 0x11 } })),
      frame(100, { body: CALL, procslink: { length: 5_000 } }),
      frame(100, { body: CALL, netlink: { nlmsgType: 3 } }),
      frame(666, { body: CALL }),
    ]),
    ["_ws.col.Info", "_ws.expert.message"],
  );
  assertEquals(rows, [
    [["request 17 hello | malformed"], ["No ProcsLink message: 4 bytes cannot hold an nlmsghdr"]],
    [["request 17 hello | malformed"], ["No ProcsLink message: nlmsg_len is 5000"]],
    [["request 17 hello | malformed"], ["No ProcsLink message: nlmsg_len is 20"]],
    [["request 17 hello | malformed"], ["No ProcsLink message: nlmsg_type is 17"]],
    [["request 17 hello"], ["A whole message whose type, flags or length are those of a part"]],
    [["request 17 hello"], ["A whole message whose type, flags or length are those of a part"]],
    [["request 17 hello"], ["nlmsg_pid is not the port of the sender"]],
  ]);
});

testUnless(noTshark, "what was not captured whole is shown as far as it goes", async () => {
  // Of the second message of this datagram, 20 bytes are within what is kept of a packet: 262,144 with its cooked header.
  const last = joined(
    frame(100, { body: { id: 1, method: "x".repeat(262_144 - 16 - 40 - 20 - 20) } }),
    frame(100, { body: CALL }),
  );
  const file = captureOf([frame(100, { body: "x".repeat(262_144) }), frame(100, { body: CALL }), last]);
  assertEquals(await fieldsOf(file, ["_ws.col.Info", "_ws.expert.message", "procslink.length"]), [
    [["request 0, cut"], ["Not all of the message was captured"], ["262168"]],
    [["request 17 hello"], [], [`${24 + JSON.stringify(CALL).length}`]],
    [[`request 1 ${"x".repeat(80)}...`], [], ["262092"]],
  ]);
});

testUnless(noTshark, "netlink of others is left to Wireshark", async () => {
  const rubbish = Uint8Array.of(20, 0, 0, 0, 0x99, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 7, 7, 7, 7);
  const file = captureOf([rubbish, frame(100, { body: CALL })]);
  // A packet of NETLINK_ROUTE: the protocol is the last field of the cooked header.
  const route = captureOf([frame(100, { body: CALL })]).at(-1)!;
  assertEquals(route[PACKET + 15], 2);
  route[PACKET + 15] = 0;
  assertEquals(await fieldsOf([...file, route], ["procslink.version", "netlink.family"]), [
    [[], ["0x0002"]],
    [["1"], []],
    [[], ["0x0000"]],
  ]);
});

testUnless(noTshark, "a capture without ports, as of nlmon, is shown as well", async () => {
  const packet = captureOf([frame(100, { body: CALL })]).at(-1)!;
  packet.fill(0, PACKET + 4, PACKET + 14);
  const file = [...captureOf([]), packet];
  assertEquals(await fieldsOf(file, ["procslink.method", "procslink.nlmsg_pid", "procslink.from"]), [
    [["hello"], ["100"], []],
  ]);
});

testUnless(noTshark, "whatever bytes there are, the dissector does not fail", async () => {
  const valid = [...MESSAGES, TWO_MESSAGES, ...LEGACY_MESSAGES].map(({ hex }) => unhex(hex));
  valid.push(...FRAGMENTS.datagrams.map((hex) => unhex(hex)));
  const change = fc.record({ at: fc.oneof(fc.nat(40), fc.nat(200)), byte: fc.nat(255) });
  const datagram = fc.record({
    message: fc.constantFrom(...valid),
    changes: fc.array(change, { maxLength: 4 }),
    length: fc.option(fc.nat(150), { nil: Infinity, freq: 4 }),
    from: fc.nat(2),
  }).map(({ message, changes, length, from }) => {
    const bytes = message.slice(0, length);
    for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte;
    return { bytes, from };
  });
  // A smaller failure is found more slowly than by its frame number.
  const datagrams = fc.noShrink(fc.array(datagram, { minLength: 1_000, maxLength: 1_000, size: "max" }));
  await checkAsync(
    fc.asyncProperty(datagrams, async (datagrams) => {
      assertMatch(await tshark(captureOf(datagrams), ["-2", "-V"]), /^Frame 1000:/m);
    }),
    2,
  );
});
