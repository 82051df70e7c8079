// What tshark says of captures, with the dissector of this project: the same as the messages do.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type CapturedDatagram, PcapngWriter, RPCPeer } from "../../mod.ts";
import { frame, joined } from "../fakes/stranger.ts";
import { legacyFrame } from "../fakes/legacy_stranger.ts";
import { bodiesOf } from "../fakes/captures.ts";
import { LEGACY_MESSAGES } from "../vectors/legacy.ts";
import { MESSAGES, unhex } from "../vectors/native.ts";
import { testUnless } from "./processes.ts";
import { captureOf, fieldsOf, infosOf, noTshark } from "./tshark.ts";

const CALL = { jsonrpc: "2.0", id: 17, method: "hello", params: ["Kim"] };
const ANSWER = { jsonrpc: "2.0", id: 17, result: "Hello, Kim!" };

testUnless(noTshark, "what two peers really say: every method, id and number, in order", async () => {
  const file: Uint8Array[] = [];
  const datagrams: CapturedDatagram[] = [];
  const writer = new PcapngWriter((bytes) => void file.push(bytes));
  const capture = {
    capture(datagram: CapturedDatagram) {
      datagrams.push(datagram);
      writer.capture(datagram);
    },
  };
  await using server = new RPCPeer({ name: `com.example.tshark.${Deno.pid}`, capture });
  server.registerFunction((name: string) => `Hello, ${name}!`, "hello");
  server.registerFunction(() => {
    throw new Error("no luck");
  }, "fail");
  server.runServerForever();
  await using client = new RPCPeer();
  await Promise.all(["a", "bé", "c\n"].map((name) => client.call(server.nlPid, "hello", [name])));
  await client.call(server.names[0]!, "hello", ["by name"]);
  await client.notify(server.nlPid, "hello", ["nobody"]);
  await client.call(server.nlPid, "fail").catch(() => {});
  await client.batch(server.nlPid, [{ method: "hello" }, { method: "fail" }, { method: "hello", notify: true }]);
  await client.call(server.nlPid, "hello", ["old"], { dialect: "procslink-0.1" });

  const fields = ["procslink.from", "procslink.to", "procslink.method", "procslink.id", "frame.comment"];
  const expected = datagrams.map(({ from, to, bytes, sender }) => {
    const messages = bodiesOf(bytes).flatMap((body) => JSON.parse(body));
    return [
      [`${from}`],
      [`${to}`],
      messages.flatMap(({ method }) => method ?? []),
      messages.flatMap(({ id }) => id === undefined ? [] : `${id}`),
      sender === undefined ? [] : [`uid ${sender.uid}, gid ${sender.gid}, pid ${sender.pidHint}`],
    ];
  });
  assert(expected.length >= 12);
  assertEquals(await fieldsOf(file, fields), expected);
});

testUnless(noTshark, "the golden messages, field by field", async () => {
  const fields = ["nlmsg_len", "nlmsg_seq", "nlmsg_pid", "version", "length", "payload_type", "seq", "dialect"];
  const rows = await fieldsOf(
    captureOf(MESSAGES.map(({ hex }) => unhex(hex))),
    [
      ...fields.map((field) => `procslink.${field}`),
      "procslink.nlmsg_type",
      "procslink.nlmsg_flags",
      "procslink.timestamp",
    ],
  );
  assertEquals(
    rows.map((cells) => cells.slice(0, -1).flat().map((cell) => cell === "native" ? cell : Number(cell))),
    MESSAGES.map((vector) => [
      ...[vector.nlmsg_len, vector.nlmsg_seq, vector.nlmsg_pid, vector.version, vector.length, vector.payload_type],
      ...[vector.seq, "native", vector.nlmsg_type, vector.nlmsg_flags],
    ]),
  );
  for (const [index, { timestamp }] of MESSAGES.entries()) {
    // How a date is written is for tshark to say.
    assertStringIncludes(rows[index]!.at(-1)![0]!, `.${timestamp.slice(-9)}`);
  }
});

testUnless(
  noTshark,
  "the golden messages of the Python package, which Wireshark takes for broken by itself",
  async () => {
    const fields = ["nlmsg_len", "nlmsg_pid", "payload_type", "length", "dialect", "method", "id"];
    const rows = await fieldsOf(
      captureOf(LEGACY_MESSAGES.map(({ hex }) => unhex(hex))),
      fields.map((field) => `procslink.${field}`),
    );
    assertEquals(
      rows,
      LEGACY_MESSAGES.map(({ nlmsg_len, nlmsg_pid, payload_type, length, json: { method, id } }) => [
        ...[[`${nlmsg_len}`], [`${nlmsg_pid}`], [`${payload_type}`], [`${length}`], ["procslink-0.1"]],
        ...[method === undefined ? [] : [`${method}`], id === undefined ? [] : [`${id}`]],
      ]),
    );
  },
);

testUnless(noTshark, "the list of packets says what each message is", async () => {
  const message = (body: unknown, payloadType = 1) => frame(100, { body, procslink: { payloadType } });
  const infos: [bytes: Uint8Array, info: string][] = [
    [message(CALL), "request 17 hello"],
    [message(ANSWER, 2), "response 17"],
    [message({ jsonrpc: "2.0", method: "rpc.publish", params: [] }), "notification rpc.publish"],
    [
      message({ jsonrpc: "2.0", id: null, error: { code: -32_700, message: "Parse error" } }, 2),
      "error null: Parse error",
    ],
    [
      message([CALL, { ...CALL, id: "b" }, { jsonrpc: "2.0", method: "log" }]),
      "batch of 3: request 17 hello, request b hello, notification log",
    ],
    [message([]), "empty batch"],
    [joined(message(CALL), message({ ...CALL, id: 18 })), "request 17 hello | request 18 hello"],
    [legacyFrame(100, { body: CALL }), "request 17 hello"],
    [legacyFrame(100, { body: ANSWER, payloadType: 2 }), "response 17"],
    [Uint8Array.fromHex("10000000010000000000000064000000"), "NOOP"],
    [
      message(' { "id" : "\\u00e9\\"\\\\\\ud83e\\udd80" , "method":"a\\u0062" , "params":{"id":1,"method":"x"}} '),
      'request é"\\🦀 ab',
    ],
    [message({ method: "m".repeat(100) }), `notification ${"m".repeat(80)}...`],
    [message({ method: "two\nlines" }), "notification two?lines"],
    [message("{"), "request that is no JSON"],
    [message('{"id"'), "request that is no JSON"],
    [message("hello", 2), "response that is no JSON"],
    [message({ id: 1 }), "request that is no JSON-RPC"],
    [message("", 2), "response without a body"],
    [message(CALL, 7), "payload of the type 7"],
  ];
  assertEquals(
    await infosOf(captureOf(infos.map(([bytes]) => bytes))),
    infos.map(([, info]) => `ProcsLink ${info}`),
  );
});

testUnless(
  noTshark,
  "a method of a batch and of a message in its params are told apart, and JSON has its tree",
  async () => {
    const nested = frame(100, { body: { id: 1, params: [{ method: "inner", id: 2 }], method: "outer" } });
    const batch = frame(100, { body: [CALL, { ...CALL, method: "second", id: 18 }] });
    const fields = ["procslink.method", "procslink.id", "json.key"];
    const [ofNested, ofBatch] = await fieldsOf(captureOf([nested, batch]), fields);
    assertEquals(ofNested!.slice(0, 2), [["outer"], ["1"]]);
    assertEquals(ofNested![2]!.sort(), ["id", "id", "method", "method", "params"]);
    assertEquals(ofBatch!.slice(0, 2), [["hello", "second"], ["17", "18"]]);
    const packets = await fieldsOf(captureOf([nested, batch]), ["frame.number"], [
      "-Y",
      'procslink.method == "second"',
    ]);
    assertEquals(packets, [[["2"]]]);
  },
);
