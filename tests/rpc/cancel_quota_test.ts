// Giving up, and quotas: that a call is given up is always heard, and giving up does not make room for more than may run.
import { assertEquals } from "@std/assert";
import { currentCall } from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { fakeTicks } from "./fake_ticks.ts";
import { notification, outcomeOf, request } from "./wire.ts";

/** A server whose `wait` ends when a test says so, how many of these run, and how their signals abort. */
function openWaiting(...options: Parameters<typeof openPeers>) {
  const peers = openPeers(...options);
  const gates: (() => void)[] = [];
  const setup = {
    ...peers,
    ran: 0,
    aborted: [] as unknown[],
    /** Ends handlers that run: all, or so many. */
    async end(count = gates.length) {
      for (const gate of gates.splice(0, count)) gate();
      await settle();
    },
  };
  peers.server.registerFunction(() => {
    setup.ran++;
    const { signal } = currentCall()!;
    signal.addEventListener("abort", () => setup.aborted.push(signal.reason.name));
    return new Promise<void>((resolve) => gates.push(resolve));
  }, "wait");
  peers.server.runServerForever();
  return setup;
}

Deno.test("who gives up its requests at once has no more handlers running than its quota says", async () => {
  await using peers = openWaiting({ quotas: { requestsPerUser: 2 } });
  const mallory = peers.stranger();
  for (let id = 0; id < 10; id++) {
    mallory.send(100, request(id, "wait"));
    mallory.send(100, notification("rpc.cancel", { id }));
    await settle();
  }
  assertEquals([peers.ran, peers.aborted.length], [2, 2]);
  // Once they have ended, others may run.
  await peers.end();
  for (const id of [20, 21, 22]) mallory.send(100, request(id, "wait"));
  await settle();
  assertEquals(peers.ran, 4);
});

Deno.test("a handler of a batch that goes on for nobody counts with its batch, and the rest is answered", async () => {
  await using peers = openWaiting({ quotas: { requestsPerUser: 3 } });
  peers.server.registerFunction(() => "pong", "ping");
  const mallory = peers.stranger();
  mallory.send(100, { body: [request(1, "wait"), request(2, "ping"), request(3, "wait")].map(({ body }) => body) });
  await settle();
  for (const id of [1, 3]) mallory.send(100, notification("rpc.cancel", { id }));
  assertEquals((await mallory.next()).body, [{ jsonrpc: "2.0", id: 2, result: "pong" }]);
  mallory.send(100, request(4, "ping"));
  assertEquals(outcomeOf(await mallory.next()), -32002);
  await peers.end();
  mallory.send(100, { body: [request(5, "ping"), request(6, "ping"), request(7, "ping")].map(({ body }) => body) });
  assertEquals(((await mallory.next()).body as unknown[]).length, 3);
});

Deno.test("a handler of a batch that has gone on for nobody takes nothing along when it ends", async () => {
  await using peers = openWaiting({ quotas: { requestsPerUser: 2 } });
  const mallory = peers.stranger();
  mallory.send(100, { body: [request(1, "wait"), request(2, "wait")].map(({ body }) => body) });
  await settle();
  mallory.send(100, notification("rpc.cancel", { id: 1 }));
  await settle();
  await peers.end(1);
  mallory.send(100, request(3, "wait"));
  assertEquals([outcomeOf(await mallory.next()), peers.ran], [-32002, 2]);
  await peers.end();
  assertEquals((await mallory.next()).body, [{ jsonrpc: "2.0", id: 2, result: null }]);
});

Deno.test("a handler that goes on for a caller that has ended counts as well", async () => {
  using ticks = fakeTicks();
  await using peers = openWaiting({ quotas: { requestsPerUser: 1 } });
  const dying = peers.stranger(600);
  dying.send(100, request(1, "wait"));
  await settle();
  dying.link.kill();
  await ticks.tick(2);
  const other = peers.stranger(601);
  other.send(100, request(1, "wait"));
  assertEquals([outcomeOf(await other.next()), peers.ran], [-32002, 1]);
  await peers.end();
  other.send(100, request(2, "wait"));
  await settle();
  assertEquals(peers.ran, 2);
});

for (
  const [name, quotas] of [
    ["that its user has", { requestsPerUser: 2 }],
    ["that all together have", { requests: 2 }],
  ] as const
) {
  Deno.test(`a call may be given up where all the requests are in hand ${name}`, async () => {
    await using peers = openWaiting({ quotas });
    const caller = peers.stranger();
    for (const id of [1, 2]) caller.send(100, request(id, "wait"));
    await settle();
    for (const id of [1, 2]) caller.send(100, notification("rpc.cancel", { id }));
    await settle();
    assertEquals([peers.aborted, peers.serverTroubles], [["AbortError", "AbortError"], []]);
  });
}

Deno.test("a call may be given up while its peer drains, which then has less to wait for", async () => {
  await using peers = openWaiting();
  const controller = new AbortController();
  const call = peers.client.call(100, "wait", [], { signal: controller.signal }).catch((reason) => reason);
  await settle();
  const closed = peers.server.close({ drain: true });
  await settle();
  controller.abort("enough");
  await call;
  await settled(3);
  const { aborted } = peers;
  await peers.server.close();
  await closed;
  assertEquals(aborted, ["AbortError"]);
});
