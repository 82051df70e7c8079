// Synchronous calls and time: how long they wait, and for whom.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { mock } from "node:test";
import { CallTimeoutError, PeerGoneError } from "../../mod.ts";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { settled } from "../fakes/time.ts";

/** Has `performance.now()` tell a time of the test's own. */
function mockNow(now: () => number): Disposable {
  const { mock: mocked } = mock.method(performance, "now", now);
  return { [Symbol.dispose]: () => mocked.restore() };
}

/** Asserts that nothing is left of a call. */
function assertNothingLeft({ clientLink }: Peers): void {
  assertEquals([isolateDeadlines.size, clientLink.holds], [0, 0]);
}

Deno.test("a synchronous call waits as long as its timeout says, and no longer", async () => {
  await using peers = openPeers({ timeout: 50 });
  const { client, clientLink, clientTroubles } = peers;
  const blocking = clientLink.blocking!;
  const silent = peers.stranger(500);
  let now = 1_000;
  using _clock = mockNow(() => now);
  // It is woken early, as by a datagram that is for somebody else.
  blocking.whileReceiving = () => void (now += 8);
  const error = assertThrows(() => client.callSync(500, "never", [], { timeout: 20 }), CallTimeoutError);
  assertEquals([error.port, error.method, error.timeout], [500, "never", 20]);
  assertEquals(error.message, 'Port 500 did not answer "never" within 20 ms');
  assertEquals(blocking.waits.receive, [20, 12, 4]);
  assertThrows(() => client.callSync(500, "never"), CallTimeoutError, "within 50 ms");
  // What comes too late is nobody's: during another call, and after it.
  let cancelled = 0;
  const readRequests = () => {
    const messages = silent.readNow();
    const requests = messages.filter(({ body }) => (body as { method: string }).method !== "rpc.cancel");
    cancelled += messages.length - requests.length;
    return requests;
  };
  const [first, second] = readRequests();
  blocking.whileReceiving = () => {
    silent.answer(200, first!, "late");
    for (const request of readRequests()) silent.answer(200, request, "in time");
  };
  assertEquals(client.callSync(500, "x"), "in time");
  client.runServerForever();
  silent.answer(200, second!, "late");
  await settled();
  // It was taken back; and that, too, is no trouble.
  assertEquals([clientTroubles, cancelled], [[], 2]);
});

Deno.test("a synchronous call without a timeout waits without end", async () => {
  await using peers = openPeers();
  const blocking = peers.clientLink.blocking!;
  const slow = peers.stranger(500);
  let now = 0;
  using _clock = mockNow(() => now);
  blocking.whileReceiving = () => {
    now += 1e9;
    if (blocking.waits.receive.length === 5) slow.answer(200, slow.readNow()[0]!, "at last");
  };
  assertEquals(peers.client.callSync(500, "x", [], { timeout: Infinity }), "at last");
  // From time to time it is looked whether anybody is there; at first soon, since the end of the other side does not end that wait.
  assertEquals([blocking.waits.receive, slow.noops], [[100, 1_000, 1_000, 1_000, 1_000], 0]);
});

Deno.test("a synchronous call looks for a port that has no lifeline by NOOPs", async () => {
  await using peers = openPeers();
  const blocking = peers.clientLink.blocking!;
  const slow = peers.stranger(500);
  slow.link.hasLifeline = false;
  let now = 0;
  using _clock = mockNow(() => now);
  blocking.whileReceiving = () => {
    now += 1e9;
    if (blocking.waits.receive.length === 5) slow.answer(200, slow.readNow()[0]!, "at last");
  };
  assertEquals(peers.client.callSync(500, "x", [], { timeout: Infinity }), "at last");
  assertEquals([blocking.waits.receive, slow.noops], [[100, 200, 200, 200, 200], 4]);
});

Deno.test("a synchronous call ends when nobody is there any more to answer it", async () => {
  await using peers = openPeers();
  const { client, clientLink } = peers;
  const dying = peers.stranger(500);
  clientLink.blocking!.whileReceiving = () => void dying.link.close();
  assertEquals(assertThrows(() => client.callSync(500, "x", [], { timeout: Infinity }), PeerGoneError).port, 500);
  assertNothingLeft(peers);
});

Deno.test("an answer counts also where whoever gave it is gone by then", async () => {
  await using peers = openPeers();
  const { client, clientLink } = peers;
  const last = peers.stranger(500);
  last.link.hasLifeline = false;
  const { send } = clientLink;
  // It answers and ends right after the wait was over, and before it is looked for.
  clientLink.blocking!.whileReceiving = () => {
    const requests = last.readNow();
    clientLink.send = (...args) => {
      for (const request of requests) last.answer(200, request, "the last words");
      last.link.close();
      return send.apply(clientLink, args);
    };
  };
  assertEquals(client.callSync(500, "x", [], { timeout: Infinity }), "the last words");
});

Deno.test("an answer that has arrived counts, although its time is over when it is read", async () => {
  await using peers = openPeers();
  const { client } = peers;
  const blocking = peers.clientLink.blocking!;
  const other = peers.stranger(500);
  let now = 1_000;
  using _clock = mockNow(() => now);
  blocking.whileReceiving = () => {
    const [request] = other.readNow();
    // A datagram that takes long to read comes first.
    blocking.troubles.push(["overrun", "The kernel dropped messages that were not read in time"]);
    other.answer(200, request!, "in time");
  };
  client.addEventListener("trouble", () => now += 50);
  assertEquals(client.callSync(500, "x", [], { timeout: 20 }), "in time");
});

Deno.test("a flood does not keep a synchronous call waiting for long after its time", async () => {
  await using peers = openPeers();
  const { client } = peers;
  const blocking = peers.clientLink.blocking!;
  peers.stranger(500);
  let now = 1_000;
  using _clock = mockNow(() => now);
  // There is always something to be read, and it takes its time.
  let floods = true;
  const flood = () =>
    floods && blocking.troubles.push(["overrun", "The kernel dropped messages that were not read in time"]);
  client.addEventListener("trouble", () => {
    now += 100;
    if (now > 60_000) throw new Error("The call is still waiting");
    flood();
  });
  flood();
  assertThrows(() => client.callSync(500, "x", [], { timeout: 20 }), CallTimeoutError);
  assert(now < 3_000, `${now - 1_000} ms`);
  floods = false;
});
