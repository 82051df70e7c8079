// Peers of ProcsLink 0.1 for Python that may not call, or have too much at once: the rules are those of all others.
import { assertEquals } from "@std/assert";
import { openLegacy } from "../fakes/legacy_stranger.ts";
import { openServing } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import type { Body } from "./wire.ts";

Deno.test("who may not call is told so, and a notification of theirs is not answered", async () => {
  await using peers = openServing({ access: "same-user" });
  const mallory = openLegacy(peers, 600, { uid: 1_000 });
  const { id, error } = await mallory.call(100, "ping", [], 5) as Body;
  assertEquals([id, error?.code], [5, -32001]);
  mallory.request(100, undefined, "ping");
  await settle();
  assertEquals(mallory.unread, []);
  assertEquals((await openLegacy(peers, 601).call(100, "ping") as Body).result, "pong");
});

Deno.test("a method may have rules of its own, also for legacy callers, and they may take their time", async () => {
  await using peers = openServing();
  peers.server.registerFunction(() => "secret", "secret", { access: { uids: [7] } });
  peers.server.registerFunction(() => "late", "late", { access: async () => (await settle(), true) });
  const python = openLegacy(peers);
  assertEquals((await python.call(100, "secret") as Body).error?.code, -32001);
  assertEquals((await python.call(100, "late") as Body).result, "late");
});

Deno.test("who may call nothing at all is refused for large requests too", async () => {
  await using peers = openServing({ access: "same-user" });
  const mallory = openLegacy(peers, 600, { uid: 1_000 });
  assertEquals((await mallory.call(100, "pair", ["x".repeat(50_000)]) as Body).error?.code, -32001);
});

Deno.test("a user with too many requests is told so, until one of them is answered", async () => {
  await using peers = openServing({ quotas: { requestsPerUser: 2 } });
  const gates: (() => void)[] = [];
  peers.server.registerFunction(() => new Promise<void>((resolve) => gates.push(resolve)), "wait");
  const pythons = [600, 601, 602].map((port) => openLegacy(peers, port, { uid: 1_000 }));
  const [one, two, three] = pythons;
  one!.request(100, 1, "wait");
  two!.request(100, 1, "wait");
  await settle();
  const refused = await three!.call(100, "ping") as Body;
  assertEquals([refused.id, refused.error?.code], [1, -32002]);
  three!.request(100, undefined, "ping");
  await settle();
  assertEquals(three!.unread, []);
  gates[0]!();
  assertEquals((await one!.answer() as Body).result, null);
  assertEquals((await three!.call(100, "ping") as Body).result, "pong");
});

Deno.test("more requests than all may have are refused", async () => {
  await using peers = openServing({ quotas: { requests: 1 } });
  peers.server.registerFunction(() => new Promise(() => {}), "wait");
  openLegacy(peers, 601).request(100, 1, "wait");
  await settle();
  assertEquals((await openLegacy(peers).call(100, "ping") as Body).error?.code, -32002);
});

Deno.test("answers of another user that are not read are bounded, and an error goes in their place", async () => {
  await using peers = openServing({ quotas: { answerBytesPerUser: 1_000 } });
  peers.server.registerFunction(() => "x".repeat(2_000), "large");
  const [deaf, other] = [600, 601].map((port) => openLegacy(peers, port, { uid: 1_000 }));
  deaf!.link.release();
  deaf!.link.queueLimit = 0;
  deaf!.request(100, 1, "large");
  await settled(2);
  const { error } = await other!.call(100, "large") as Body;
  assertEquals([error?.code, error?.data], [-32603, "More answers than may wait are not read"]);
});

Deno.test("a caller that does not read refusals is not answered for a while", async () => {
  using time = fakeTime();
  await using peers = openServing({ access: "same-user" });
  const deaf = openLegacy(peers, 600, { uid: 1_000 });
  deaf.link.release();
  deaf.link.queueLimit = 0;
  for (const id of [1, 2, 3]) {
    deaf.request(100, id, "ping");
    await settled();
  }
  assertEquals([peers.server.stats().denied, peers.server.stats().refused], [1, 2]);
  deaf.link.queueLimit = Infinity;
  deaf.link.hold();
  time.busy(10);
  assertEquals((await deaf.call(100, "ping", [], 4) as Body).id, 4);
});
