// A port that has called in the legacy dialect is called back in it, without being asked.
import { assertEquals } from "@std/assert";
import { LegacyPorts } from "../../src/rpc/legacy_ports.ts";
import { openLegacy } from "../fakes/legacy_stranger.ts";
import { frame, settle, Stranger } from "../fakes/stranger.ts";
import { LEGACY, NATIVE, openSpeaking } from "./legacy.ts";
import { bodyOf, request } from "./wire.ts";

const HELD = { at: () => ({ lifeline: {} }) } as unknown as Parameters<LegacyPorts["dialectOf"]>[1];
const FREE = { at: () => ({ lifeline: undefined }) } as unknown as Parameters<LegacyPorts["dialectOf"]>[1];

Deno.test("who has called in the legacy dialect is called back in it", async () => {
  await using peers = openSpeaking();
  const { server, python } = peers;
  await python.call(100, "nothing");
  const call = server.call(600, "back", [1]);
  const received = await python.next();
  assertEquals([bodyOf(received).method, bodyOf(received).params], ["back", [1]]);
  python.result(100, received, "there");
  assertEquals(await call, "there");
  // Also while it waits: then it takes nothing else.
  const note = server.notify(600, "note");
  await note;
  assertEquals(bodyOf(await python.next()).method, "note");
});

Deno.test("a call says what it wants all the same", async () => {
  await using peers = openSpeaking();
  const { server, serverLink, python } = peers;
  await python.call(100, "nothing");
  python.isTolerant = true;
  await server.notify(600, "note", [], NATIVE);
  assertEquals(new DataView(serverLink.sent.at(-1)!.bytes.buffer).getUint16(4, true), 0x10);
  await server.notify(600, "note", [], LEGACY);
  assertEquals(bodyOf(await python.next()).method, "note");
});

Deno.test("a port that has called in the native dialect since is called in that", async () => {
  await using peers = openSpeaking();
  const { server, serverLink, network, python } = peers;
  await python.call(100, "nothing");
  python.link.close();
  const native = new Stranger(network.open(600, { uid: 10 }));
  native.send(100, request(1, "nothing"));
  await native.next();
  await server.notify(600, "note");
  assertEquals(serverLink.sent.at(-1)!.bytes.length, frame(100, { body: { jsonrpc: "2.0", method: "note" } }).length);
  assertEquals(bodyOf(await native.next()).method, "note");
  await settle();
});

Deno.test("a port that is another's by now who listens beside it is called in the native dialect", async () => {
  await using peers = openSpeaking();
  const { server, network, python } = peers;
  await python.call(100, "nothing");
  python.link.close();
  const native = new Stranger(network.open(600, { uid: 10 }));
  await server.notify(600, "note", ["x".repeat(5_000)]);
  assertEquals((bodyOf(await native.next()).params as string[])[0]!.length, 5_000);
});

Deno.test("no more than some ports are remembered, the latest ones", () => {
  const ports = new LegacyPorts();
  assertEquals(ports.dialectOf(1, FREE), "native");
  for (let port = 1; port <= 1_025; port++) ports.beginsToWait(port);
  assertEquals([1, 2, 1_025].map((port) => ports.dialectOf(port, FREE)), ["native", "procslink-0.1", "procslink-0.1"]);
  assertEquals(ports.dialectOf(2, HELD), "native");
  ports.spokeNative(2);
  assertEquals(ports.dialectOf(2, FREE), "native");
});

Deno.test("whoever has only been called is not known by that", async () => {
  await using peers = openSpeaking();
  const { server, network } = peers;
  const other = openLegacy({ network }, 601);
  await server.notify(601, "note", [], LEGACY);
  assertEquals(bodyOf(await other.next()).method, "note");
  other.isTolerant = true;
  await server.notify(601, "note");
  await settle();
  assertEquals(other.unread, []);
});
