// Callers of other users that do not read what they are told.
import { assertEquals } from "@std/assert";
import { DeafCallers } from "../../src/rpc/deaf_callers.ts";
import { openServing, type Peers, PING } from "../fakes/peers.ts";
import type { Stranger } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";

/** Lets a stranger read no more, with room for so many datagrams. */
function deafen({ link }: Stranger, room: number): void {
  link.release();
  link.queueLimit = room;
}

/** Sends requests one by one, and tells how many were read. */
async function send({ server }: Peers, mallory: Stranger, count: number): Promise<number> {
  const before = server.stats();
  for (let id = 0; id < count; id++) {
    mallory.send(100, { body: { ...PING, id } });
    await settled();
  }
  const after = server.stats();
  return (after.denied - before.denied) + (after.messagesOut - before.messagesOut);
}

Deno.test("a caller is deaf until it is deleted; now and then a request of it passes", () => {
  using time = fakeTime();
  const callers = new DeafCallers();
  assertEquals([callers.drops(1), callers.drops(2)], [false, false]);
  callers.add(1);
  assertEquals([callers.drops(1), callers.drops(2)], [true, false]);
  time.busy(9);
  assertEquals(callers.drops(1), true);
  time.busy(1);
  assertEquals([callers.drops(1), callers.drops(1)], [false, true], "one passes, and no more");
  callers.delete(1);
  assertEquals(callers.drops(1), false);
});

Deno.test("no more callers are remembered than some", () => {
  using _time = fakeTime();
  const callers = new DeafCallers();
  for (let port = 1; port <= 5_000; port++) callers.add(port);
  const remembered = Array.from({ length: 5_000 }, (_, index) => index + 1).filter((port) => callers.drops(port));
  assertEquals([remembered.length <= 1_024, remembered.at(-1)], [true, 5_000]);
});

Deno.test("requests of a stranger who may not call, and does not read that, are dropped, and its caller is counted", async () => {
  using time = fakeTime();
  await using peers = openServing({ access: "same-user" });
  const { mallory, server } = peers;
  deafen(mallory, 1);
  // The first refusal has room, the second has none; what follows is not read.
  assertEquals(await send(peers, mallory, 5), 3);
  const { denied, refused, trouble: { undelivered } } = server.stats();
  assertEquals([denied, refused, undelivered], [2, 3, 1]);
  time.busy(10);
  assertEquals(await send(peers, mallory, 5), 1, "one is read now and then");
  // It reads again: the next one that is read is answered, and so are all behind it.
  mallory.readNow();
  time.busy(10);
  mallory.link.hold();
  mallory.link.queueLimit = Infinity;
  assertEquals(await send(peers, mallory, 5), 10);
});

Deno.test("a response of a deaf caller still counts", async () => {
  using _time = fakeTime();
  await using peers = openServing({ access: "same-user", trust: "anyone" });
  const { mallory, server } = peers;
  const call = server.call(666, "x");
  await settled();
  const [request] = mallory.readNow();
  deafen(mallory, 1);
  await send(peers, mallory, 4);
  mallory.answer(100, request!, "an answer");
  assertEquals(await call, "an answer");
});

Deno.test("refusals to the own user wait, and its requests are never dropped", async () => {
  using _time = fakeTime();
  await using peers = openServing({ access: { uids: [1] } });
  const friend = peers.stranger(700, { uid: 10 });
  deafen(friend, 1);
  await send(peers, friend, 20);
  assertEquals([peers.server.stats().denied, peers.server.stats().refused], [20, 0]);
  friend.link.queueLimit = Infinity;
  friend.link.hold();
  friend.link.giveUp();
  await settled(10);
  assertEquals(friend.unread.length, 20);
});
