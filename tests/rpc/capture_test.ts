// What a peer with a capture tells it: all that goes in and out, each once and in order.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type CapturedDatagram, type CaptureSink, PeerClosedError, RPCPeer } from "../../mod.ts";
import type { MemoryLink } from "../fakes/memory_network.ts";
import { isolateSendBuffer } from "../../src/rpc/isolate.ts";
import { MemoryCapture } from "../fakes/captures.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers, openServing, PING } from "../fakes/peers.ts";
import { frame, joined } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { CLOCK, CLOCK_PORT, openNamed } from "./named.ts";

/** What a link has sent, as {@linkcode MemoryCapture.hex} has it. */
function sentBy({ port, sent }: MemoryLink): string[] {
  return sent.map(({ to, bytes }) => `${port}>${to} ${bytes.toHex()}`);
}

Deno.test("a call is captured on both sides, as it was on the wire", async () => {
  const [atServer, atClient] = [new MemoryCapture(), new MemoryCapture()];
  await using peers = openPeers({}, { server: { capture: atServer }, client: { capture: atClient } });
  const { server, client, serverLink, clientLink } = peers;
  server.registerFunction((name: string) => `Hello, ${name}!`, "hello");
  server.runServerForever();
  assertEquals(await client.call(100, "hello", ["Kim"]), "Hello, Kim!");
  const requests = sentBy(clientLink);
  const responses = sentBy(serverLink);
  assertEquals([requests.length, responses.length], [1, 1]);
  assertEquals([atClient.hex("out"), atClient.hex("in")], [requests, responses]);
  assertEquals([atServer.hex("out"), atServer.hex("in")], [responses, requests]);
  assertMatch(atClient.lines[0]!, /^out 200>100 \{.*"hello"/);
  assertMatch(atClient.lines[1]!, /^in 100>200 \{.*Hello, Kim!/);
  assertEquals(atServer.datagrams.map(({ direction }) => direction), ["in", "out"]);
});

Deno.test("the messages of a turn, a large one and a legacy one are captured as they were sent", async () => {
  const [atServer, atClient] = [new MemoryCapture(), new MemoryCapture()];
  await using peers = openPeers({}, {
    server: { capture: atServer },
    client: { capture: atClient },
    maxDatagram: 5_000,
  });
  const { server, client, serverLink, clientLink } = peers;
  server.registerFunction((text: string) => text, "echo");
  server.runServerForever();
  const large = "x".repeat(20_000);
  const [, , echoed] = await Promise.all([
    client.call(100, "echo", ["a"]),
    client.call(100, "echo", ["b"]),
    client.call(100, "echo", [large]),
  ]);
  assertEquals(echoed, large);
  assert(clientLink.sent.length > 4 && serverLink.sent.length > 4);
  assertEquals([atClient.hex("out"), atClient.hex("in")], [sentBy(clientLink), sentBy(serverLink)]);
  assertEquals([atServer.hex("out"), atServer.hex("in")], [sentBy(serverLink), sentBy(clientLink)]);
  const before = atClient.datagrams.length;
  assertEquals(await client.call(100, "echo", ["old"], { dialect: "procslink-0.1" }), "old");
  const legacy = atClient.datagrams.slice(before);
  assertEquals(legacy.map(({ direction, bytes }) => [direction, bytes[5]]), [["out", 0], ["in", 0]]);
});

Deno.test("what arrives is told with the sender in the kernel's words, whatever it says itself, and also where it is rubbish", async () => {
  const capture = new MemoryCapture();
  await using serving = openServing({}, { server: { capture } });
  const { mallory } = serving;
  const lie = joined(frame(100, { body: PING, netlink: { nlmsgPid: 12_345 } }));
  mallory.sendBytes(100, lie);
  mallory.sendBytes(100, Uint8Array.of(9, 9, 9));
  await settled();
  assertEquals(capture.hex("in"), [`666>100 ${lie.toHex()}`, "666>100 090909"]);
  assertEquals(capture.datagrams[0]!.sender, { port: 666, uid: 1_000, gid: 1_000, pidHint: 666 });
  assertEquals(serving.serverTroubles.map((trouble) => trouble.split(":")[0]), ["spoofed", "malformed"]);
});

Deno.test("what goes in and out at the port of a name is captured", async () => {
  const capture = new MemoryCapture();
  await using peers = openNamed([CLOCK], {}, { server: { capture } });
  peers.server.runServerForever();
  assertEquals(await peers.client.call(CLOCK, "via"), CLOCK);
  const ports = capture.datagrams.map(({ direction, from, to }) => `${direction} ${from}>${to}`);
  assert(ports.includes(`in 200>${CLOCK_PORT}`) && ports.includes(`out ${CLOCK_PORT}>200`), ports.join());
  assertEquals(capture.datagrams.filter(({ to, from }) => to === 100 || from === 100), []);
});

Deno.test("a synchronous call is captured, and what is refused at the end", async () => {
  const capture = new MemoryCapture();
  await using peers = openPeers({}, { client: { capture } });
  const { server, client, serverLink, clientLink } = peers;
  server.registerFunction((a: number, b: number) => a + b, "add");
  server.runServerForever();
  clientLink.blocking!.whileReceiving = () => {
    serverLink.read();
    isolateSendBuffer().flush();
  };
  assertEquals(client.callSync(100, "add", [1, 2]), 3);
  assertEquals([capture.hex("out"), capture.hex("in")], [sentBy(clientLink), sentBy(serverLink)]);
  const stranger = peers.stranger();
  stranger.send(200, { body: PING });
  await client.close();
  const [request, refusal] = capture.lines.slice(-2);
  assertMatch(request!, /^in 666>200 .*"ping"/);
  assertMatch(refusal!, /^out 200>666 .*"error"/);
});

Deno.test("what waits for room is captured once", async () => {
  const capture = new MemoryCapture();
  await using peers = openPeers({}, { client: { capture } });
  const { server, client, serverLink, clientLink } = peers;
  server.registerFunction(() => {}, "note");
  serverLink.queueLimit = 1;
  const sent = [1, 2, 3].map(async (note) => {
    await client.notify(100, "note", [note]);
  });
  await settled();
  const more = client.notify(100, "note", [4]);
  await settled();
  server.runServerForever();
  await Promise.all([...sent, more]);
  assert(clientLink.patient.length > 0);
  assertEquals(capture.hex("out"), sentBy(clientLink));
});

Deno.test("a capture that throws is trouble, and no call is lost", async () => {
  const failing: CaptureSink = {
    capture() {
      throw new Error("disk full");
    },
  };
  await using serving = openServing({}, { server: { capture: failing }, client: { capture: failing } });
  for (let calls = 0; calls < 3; calls++) assertEquals(await serving.client.call(100, "ping"), "pong");
  const told = ["handler: The capture has thrown, and is over: disk full"];
  assertEquals([serving.serverTroubles, serving.clientTroubles], [told, told]);
  assertEquals(serving.server.stats().trouble.handler, 1);
});

Deno.test("a capture may close its peer, at whatever it is told", async () => {
  // How many datagrams there are in all: each is the last one of one of the runs.
  for (let last = 1; last <= 4; last++) {
    for (const side of ["server", "client"] as const) {
      const datagrams: CapturedDatagram[] = [];
      const capture: CaptureSink = {
        capture(datagram) {
          if (datagrams.push(datagram) === last) serving[side].close();
        },
      };
      await using serving = openServing({}, { [side]: { capture } });
      const calls = await Promise.allSettled(
        [1, 2].map((n) => serving.client.call(100, "pair", [n], { timeout: 200 })),
      );
      await Promise.allSettled([serving.client.call(100, "pair", [3], { timeout: 200 })]);
      for (const call of calls) if (call.status === "fulfilled") assert(Array.isArray(call.value));
      if (datagrams.length >= last) {
        assertThrows(() => serving[side].group("any"), PeerClosedError);
      }
      assertEquals(serving[`${side}Troubles`], []);
    }
  }
});

Deno.test("a capture that calls by its own peer, synchronously, is not told of what goes in and out meanwhile", async () => {
  const lines: string[] = [];
  const capture: CaptureSink = {
    capture({ direction, to }) {
      lines.push(`${direction} ${to}`);
      if (direction === "out") assertEquals(client.callSync(100, "ping"), "pong");
    },
  };
  await using serving = openServing({}, { client: { capture } });
  const { client, clientLink, serverLink } = serving;
  clientLink.blocking!.whileReceiving = () => {
    serverLink.read();
    // The other side is on a thread of its own, but this buffer is the isolate's.
    isolateSendBuffer().flush();
  };
  assertEquals(client.callSync(100, "pair", [1, 2]), [1, 2]);
  // Both answers have come while the capture was busy.
  assertEquals(lines, ["out 100"]);
});

Deno.test("a capture must be one", () => {
  for (const capture of [null, () => {}, {}, { capture: true }, 1]) {
    const link = new MemoryNetwork().open(1);
    const message = "capture must have a method capture(), as a PcapngWriter has";
    assertThrows(() => new RPCPeer({ link, capture: capture as never }), TypeError, message);
  }
});
