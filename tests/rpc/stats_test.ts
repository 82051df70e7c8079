// The figures of a peer: what has come and gone, and what is in hand.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AccessDeniedError, type PeerStats } from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";
import { fragments, frame, joined, settle } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { heardBy, identify, openBlind } from "./blind.ts";
import { notification, request } from "./wire.ts";

/** Figures by name. */
function pick(stats: PeerStats, ...names: (keyof PeerStats)[]): unknown[] {
  return names.map((name) => stats[name]);
}

const KINDS = [
  "malformed",
  "truncated",
  "incomplete",
  "spoofed",
  "unsupported",
  "unexpected",
  "handler",
  "notification",
  "undelivered",
  "denied",
  "refused",
  "overrun",
];

Deno.test("a new peer has done nothing", async () => {
  await using peers = openPeers();
  const { trouble, ...figures } = peers.server.stats();
  assertEquals(Object.keys(trouble), KINDS);
  assertEquals(new Set([...Object.values(trouble), ...Object.values(figures)]), new Set([0]));
});

Deno.test("messages and bytes are counted as they come and go, headers included", async () => {
  await using peers = openPeers();
  const { server, client, serverLink, clientLink } = peers;
  server.registerFunction((text: string) => text, "echo");
  server.runServerForever();
  await Promise.all([client.call(100, "echo", ["a"]), client.call(100, "echo", ["b"]), client.notify(100, "echo")]);
  const bytes = (sent: { bytes: Uint8Array }[]) => sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const names = ["messagesOut", "bytesOut", "messagesIn", "bytesIn"] as const;
  assertEquals(pick(client.stats(), ...names), [3, bytes(clientLink.sent), 2, bytes(serverLink.sent)]);
  assertEquals(pick(server.stats(), ...names), [2, bytes(serverLink.sent), 3, bytes(clientLink.sent)]);
});

Deno.test("fragments come singly, and leave as one message", async () => {
  await using peers = openPeers({}, { maxDatagram: 200 });
  const { server, client, clientLink } = peers;
  server.registerFunction(() => 1, "m");
  server.runServerForever();
  await client.call(100, "m", { text: "x".repeat(1_000) }).catch(() => {});
  const { length } = clientLink.sent;
  assert(length > 5);
  assertEquals(pick(client.stats(), "messagesOut", "messagesIn"), [1, 1]);
  assertEquals([server.stats().messagesIn, server.stats().bytesIn], [length, client.stats().bytesOut]);
});

Deno.test("what a synchronous call sends and receives counts too", async () => {
  await using peers = openPeers({}, { maxDatagram: 2_000 });
  const { client, clientLink } = peers;
  const other = peers.stranger(500);
  clientLink.blocking!.whileReceiving = () => other.readNow().forEach((received) => other.answer(200, received, 1));
  client.callSync(500, "m");
  client.callSync(500, "m", ["x".repeat(10_000)]);
  const bytes = clientLink.sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
  assertEquals(pick(client.stats(), "messagesOut", "bytesOut", "messagesIn"), [2, bytes, 2]);
});

Deno.test("trouble is counted by its kind, whether somebody listens or not", async () => {
  await using peers = openPeers({ access: { uids: [1_000] }, quotas: { batchMembers: 1 } });
  const { server, client, serverLink } = peers;
  server.registerFunction(() => {
    throw new Error("no luck");
  }, "fail");
  server.runServerForever();
  client.runServerForever();
  const mallory = peers.stranger();
  mallory.sendBytes(100, new Uint8Array(3));
  mallory.send(100, { body: "{" });
  mallory.send(100, { body: [1, 2] });
  mallory.send(100, { body: "", netlink: { nlmsgPid: 5 } });
  mallory.send(100, { body: "", procslink: { version: 2 } });
  mallory.send(100, { body: { jsonrpc: "2.0", id: 1, result: 1 }, procslink: { payloadType: 2 } });
  mallory.send(100, request(1, "fail"));
  mallory.send(100, notification("fail"));
  mallory.sendBytes(100, fragments(666, request(1, "fail", ["x".repeat(500)]), 100).at(-1)!);
  await assertRejects(() => client.call(100, "fail"), AccessDeniedError);
  serverLink.receiver.trouble("overrun", "The kernel dropped messages");
  serverLink.receiver.trouble("truncated", "A datagram of 100 bytes");
  const { trouble, ...stats } = server.stats();
  const counts = [2, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1];
  assertEquals(trouble, Object.fromEntries(KINDS.map((kind, index) => [kind, counts[index]])) as typeof trouble);
  const { malformed, denied, refused, overruns } = stats;
  assertEquals({ malformed, denied, refused, overruns }, { malformed: 2, denied: 1, refused: 1, overruns: 1 });
  // The figures are those of the moment.
  await client.call(100, "fail").catch(() => {});
  assertEquals([trouble.denied, server.stats().trouble.denied], [1, 2]);
});

Deno.test("calls and requests in flight are counted until they end", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const gate = Promise.withResolvers<void>();
  server.registerFunction(() => gate.promise, "wait");
  server.runServerForever();
  const calls = [client.call(100, "wait"), client.batch(100, [{ method: "wait" }, { method: "wait", notify: true }])];
  await client.notify(100, "wait");
  await settle();
  assertEquals([client.stats().callsInFlight, server.stats().requestsInFlight], [2, 4]);
  gate.resolve();
  await Promise.all(calls);
  assertEquals([client.stats().callsInFlight, server.stats().requestsInFlight], [0, 0]);
});

Deno.test("what waits for room is counted, and how often it was tried in vain", async () => {
  await using peers = openPeers();
  const { client } = peers;
  const full = peers.stranger(500);
  full.link.release();
  full.link.queueLimit = 0;
  const waiting = client.notify(500, "m", ["x".repeat(1_000)]);
  await settled();
  const { queuedBytes, retries, messagesOut, bytesOut } = client.stats();
  assert(queuedBytes > 1_000 && queuedBytes < 1_200, `${queuedBytes} bytes`);
  assertEquals([retries, messagesOut, bytesOut], [1, 0, 0]);
  full.link.giveUp();
  await settled();
  assertEquals(client.stats().retries, 2);
  full.link.queueLimit = 1;
  full.link.giveUp();
  await waiting;
  const stats = client.stats();
  assertEquals(pick(stats, "queuedBytes", "messagesOut", "bytesOut"), [0, 1, queuedBytes]);
});

Deno.test("messages that are taken back, or cannot be sent, do not count as sent", async () => {
  await using peers = openPeers();
  const { client } = peers;
  const full = peers.stranger(500);
  full.link.release();
  full.link.queueLimit = 0;
  const controller = new AbortController();
  const { signal } = controller;
  const outcomes = Promise.allSettled([client.call(500, "m", [], { signal }), client.notify(999, "m")]);
  await settled();
  controller.abort("enough");
  await outcomes;
  await settled();
  assertEquals(pick(client.stats(), "messagesOut", "bytesOut", "queuedBytes", "callsInFlight"), [0, 0, 0, 0]);
});

Deno.test("what is being put together is counted until it is whole", async () => {
  await using peers = openPeers();
  const { server } = peers;
  server.registerFunction((text: string) => text.length, "measure");
  server.runServerForever();
  const caller = peers.stranger();
  const [first, ...rest] = fragments(666, request(1, "measure", ["x".repeat(9_000)]), 3_000);
  caller.sendBytes(100, first!);
  await settle();
  assert(server.stats().reassemblyBytes >= 3_000);
  caller.sendBytes(100, joined(...rest));
  await caller.next();
  assertEquals([server.stats().reassemblyBytes, server.stats().messagesIn], [0, 4]);
});

Deno.test("questions and NOOPs are bytes, and no more than that", async () => {
  await using peers = openPeers({ trust: "same-user" });
  const { client } = peers;
  const blind = openBlind(peers);
  const notified = client.notify(500, "m");
  await identify(blind);
  await notified;
  assertEquals([heardBy(blind), client.stats().messagesOut, client.stats().messagesIn], [["m"], 2, 1]);
  const noop = frame(500, { body: "", netlink: { nlmsgType: 1 } });
  blind.sendBytes(200, noop);
  client.runServerForever();
  await settle();
  assertEquals(client.stats().messagesIn, 1);
});

Deno.test("a peer that is closed still tells what it has done", async () => {
  const peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(() => new Promise(() => {}), "wait");
  server.runServerForever();
  const call = client.call(100, "wait").catch(() => {});
  await settle();
  await Promise.all([server.close(), client.close()]);
  await call;
  const names = ["messagesIn", "messagesOut", "requestsInFlight", "callsInFlight", "queuedBytes"] as const;
  assertEquals(pick(server.stats(), ...names), [1, 1, 0, 0, 0]);
  assertEquals(pick(client.stats(), ...names), [1, 1, 0, 0, 0]);
});
