// The bound of messages, on both sides: what is larger is refused early, and whoever waits for it learns so.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { InternalError, InvalidRequestError, MessageTooLargeError } from "../../mod.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { settled } from "../fakes/time.ts";

/** A server with methods that take and give much, where datagrams have at most 200 bytes. */
function openMeasuring(...[options, own]: Parameters<typeof openPeers>): Peers & { heard: string[] } {
  const peers = openPeers(options, { maxDatagram: 200, clientUid: 10, ...own });
  const heard: string[] = [];
  peers.server.registerFunction((text: string) => text.length, "measure");
  peers.server.registerFunction((length: number) => "x".repeat(length), "repeat");
  peers.server.registerFunction((text: string) => void heard.push(text), "log");
  peers.server.runServerForever();
  return { ...peers, heard };
}

/** Calls with a text that makes a message of just so many bytes. */
async function callOfSize({ client, clientLink }: Peers, size: number): Promise<unknown> {
  const { length } = clientLink.sent;
  await client.call(100, "measure", ["x"]);
  // The next id has as many digits, unless this one is very close to a power of ten.
  return await client.call(100, "measure", ["x".repeat(size - clientLink.sent[length]!.bytes.length + 1)]);
}

Deno.test("a message of just the largest size works, and one byte more is refused before anything leaves", async () => {
  await using peers = openMeasuring({ maxMessageSize: 5_000 });
  const { client, clientLink } = peers;
  assertEquals(typeof await callOfSize(peers, 5_000), "number");
  const error = await assertRejects(() => callOfSize(peers, 5_001), MessageTooLargeError);
  assertEquals([error.size, error.maximum], [5_001, 5_000]);
  const sent = clientLink.sent.length;
  const before = client.notify(100, "log", ["before"]);
  const text = "x".repeat(5_000);
  await assertRejects(() => client.call(100, "measure", [text]), MessageTooLargeError);
  await assertRejects(() => client.notify(100, "log", [text]), MessageTooLargeError);
  const outcomes = await client.batch(100, [{ method: "measure", params: [text] }, { method: "measure" }]);
  for (const outcome of outcomes) assertInstanceOf((outcome as PromiseRejectedResult).reason, MessageTooLargeError);
  await assertRejects(() => client.batch(100, [{ method: "log", params: [text], notify: true }]), MessageTooLargeError);
  await before;
  await settled(5);
  assertEquals([clientLink.sent.length - sent, clientLink.holds, peers.heard], [1, 0, ["before"]]);
});

Deno.test("a message of just the largest size is taken from another user too", async () => {
  await using peers = openMeasuring({ maxMessageSize: 5_000 }, { clientUid: 20 });
  assertEquals(typeof await callOfSize(peers, 5_000), "number");
});

Deno.test("what another user sends at once, each within the bound and together too, is taken", async () => {
  await using peers = openMeasuring({ maxMessageSize: 20_000 }, { clientUid: 20 });
  peers.serverLink.queueLimit = 2;
  // A peer has messages under way at once up to the largest size.
  const calls = Array.from({ length: 4 }, () => peers.client.call(100, "measure", ["x".repeat(4_880)]));
  assertEquals(await Promise.all(calls), Array(4).fill(4_880));
});

Deno.test("the bound counts bytes, not characters", async () => {
  await using peers = openMeasuring({ maxMessageSize: 5_000 });
  const error = await assertRejects(() => peers.client.call(100, "measure", ["ü".repeat(2_500)]), MessageTooLargeError);
  assert(error.size > 5_040 && error.size < 5_120, `${error.size}`);
  assertEquals(await peers.client.call(100, "measure", ["ü".repeat(2_400)]), 2_400);
});

Deno.test("a bound below a datagram's size holds for messages in one datagram", async () => {
  await using peers = openMeasuring({ maxMessageSize: 2_000 }, { maxDatagram: 100_000 });
  const error = await assertRejects(() => peers.client.call(100, "measure", ["x".repeat(2_000)]), MessageTooLargeError);
  assertEquals(error.maximum, 2_000);
  assertEquals(peers.clientLink.sent, []);
  assertEquals(await peers.client.call(100, "measure", ["x".repeat(1_850)]), 1_850);
});

Deno.test("a request beyond the other side's bound is refused at its first fragment, and the rest is not sent", async () => {
  await using peers = openMeasuring({}, { server: { maxMessageSize: 5_000 } });
  const { client, clientLink, serverLink } = peers;
  serverLink.queueLimit = 2;
  const error = await assertRejects(
    () => client.call(100, "measure", ["x".repeat(100_000)], { timeout: Infinity }),
    InvalidRequestError,
  );
  assert(/^The message has 1001\d\d bytes, and at most 5000 are taken$/.test(String(error.data)), String(error.data));
  await settled(5);
  assert(clientLink.sent.length < 50, `${clientLink.sent.length} of 626 fragments were sent`);
  assertEquals(clientLink.sent.at(-1)!.bytes.length, 40);
  assertEquals(peers.serverTroubles, [`refused: ${error.data}`]);
  assertEquals([await client.call(100, "measure", ["abc"]), clientLink.holds], [3, 0]);
});

Deno.test("each call of a batch beyond the other side's bound is refused", async () => {
  await using peers = openMeasuring({}, { server: { maxMessageSize: 5_000 } });
  const { client, clientLink, serverLink } = peers;
  serverLink.queueLimit = 2;
  const call = { method: "measure", params: ["x".repeat(3_000)] };
  const outcomes = await client.batch(100, [call, { ...call, notify: true }, call], { timeout: Infinity });
  assertEquals(outcomes.map(({ status }) => status), ["rejected", "fulfilled", "rejected"]);
  assertInstanceOf((outcomes[0] as PromiseRejectedResult).reason, InvalidRequestError);
  await settled(5);
  assert(clientLink.sent.length < 40, `${clientLink.sent.length} of 57 fragments were sent`);
  assertEquals(clientLink.holds, 0);
});

Deno.test("a notification beyond the other side's bound is trouble on both sides", async () => {
  await using peers = openMeasuring({}, { server: { maxMessageSize: 5_000 } });
  await peers.client.notify(100, "log", ["x".repeat(10_000)]);
  peers.client.runServerForever();
  await settled(5);
  assertEquals(peers.heard, []);
  assertEquals(peers.serverTroubles.map((trouble) => trouble.split(":")[0]), ["refused"]);
  assertEquals(peers.clientTroubles.map((trouble) => trouble.split(":")[0]), ["unexpected"]);
});

Deno.test("an answer beyond the caller's bound rejects the call, and says how large it is", async () => {
  await using peers = openMeasuring({}, { client: { maxMessageSize: 5_000 } });
  const { client } = peers;
  const error = await assertRejects(
    () => client.call(100, "repeat", [10_000], { timeout: Infinity }),
    MessageTooLargeError,
  );
  assertEquals(error.maximum, 5_000);
  assert(error.size > 10_040 && error.size < 10_120, `${error.size}`);
  await settled(5);
  assertEquals(peers.clientTroubles, [`refused: The message has ${error.size} bytes, and at most 5000 are taken`]);
  const outcomes = await client.batch(100, [{ method: "repeat", params: [3_000] }, {
    method: "repeat",
    params: [3_000],
  }], { timeout: Infinity });
  for (const outcome of outcomes) assertInstanceOf((outcome as PromiseRejectedResult).reason, MessageTooLargeError);
  assertEquals((await client.call(100, "repeat", [4_000]) as string).length, 4_000);
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("an answer beyond the server's own bound becomes an error that says so", async () => {
  await using peers = openMeasuring({ maxMessageSize: 5_000 });
  const { client } = peers;
  const error = await assertRejects(() => client.call(100, "repeat", [10_000]), InternalError);
  assert(/^The answer has 100\d\d bytes, and at most 5000 can be sent$/.test(String(error.data)), String(error.data));
  const outcomes = await client.batch(100, [{ method: "repeat", params: [3_000] }, {
    method: "repeat",
    params: [3_000],
  }]);
  for (const outcome of outcomes) assertInstanceOf((outcome as PromiseRejectedResult).reason, InternalError);
});
