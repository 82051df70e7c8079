import { assertEquals, assertRejects } from "@std/assert";
import { PeerGoneError } from "../../src/errors.ts";
import { Arrivals } from "../../src/groups/arrivals.ts";
import { Stay } from "../../src/groups/stay.ts";
import { AccessDeniedError, JSONRPCError } from "../../src/jsonrpc/errors.ts";
import { settle } from "../fakes/stranger.ts";
import { callerAt } from "./members.ts";
import { FakePeer } from "./peer.ts";

const OWNER = callerAt(20);

/** A stay in a stream whose next message is 5. */
function openStay({ hears = false } = {}) {
  const peer = new FakePeer();
  peer.mayHear = hears;
  const arrivals = new Arrivals(1_000_000);
  const welcome = { stream: "s", port: 20, next: 5, multicast: 7 };
  const stay = new Stay(peer, { group: "g", id: 3 }, welcome, 10, arrivals);
  const controller = new AbortController();
  const told = { joined: 0 };
  const run = () => stay.run(controller.signal, () => told.joined++);
  const publish = (number: number) => peer.streams.take("rpc.publish", ["s", number, number], 10, OWNER);
  return { peer, arrivals, stay, controller, told, run, publish };
}

/** Fails where something of a stay is left. */
function assertOver({ ears, watches, streams }: FakePeer): void {
  assertEquals(ears.map(({ closed }) => closed), ears.map(() => true));
  assertEquals(watches.map(({ closed }) => closed), watches.map(() => true));
  assertEquals(streams.knows(OWNER), false);
}

Deno.test("it asks for messages from the welcome on, and is there once that is answered", async () => {
  const { peer, controller, told, run } = openStay();
  const end = run();
  await settle();
  assertEquals(peer.asked.map(({ owner, params }) => [owner, params]), [
    [20, { group: "g", stream: "s", id: 3, next: 5, hears: 0 }],
  ]);
  assertEquals(told.joined, 0);
  peer.answer();
  await settle();
  assertEquals(told.joined, 1);
  controller.abort();
  assertEquals(await end, "left");
  assertEquals(peer.left, [[20, "s", 3]]);
  assertOver(peer);
});

Deno.test("what comes before the answer is taken", async () => {
  const { peer, arrivals, stay, controller, run, publish } = openStay();
  const end = run();
  assertEquals(publish(5), true);
  assertEquals([stay.next, arrivals.size], [6, 1]);
  peer.answer();
  await settle();
  controller.abort();
  await end;
});

Deno.test("it says how much may wait where it hears, and acknowledges an eighth of it", async () => {
  const { peer, controller, run, publish } = openStay({ hears: true });
  const end = run();
  assertEquals((peer.asked[0]!.params as { hears: number }).hears, peer.ears[0]!.capacity);
  assertEquals([peer.ears[0]!.group, peer.ears[0]!.from], [7, 20]);
  peer.answer();
  await settle();
  // Each is charged with 1,034 bytes, of 8,192.
  for (let number = 5; number < 13; number++) publish(number);
  assertEquals(peer.acknowledged, [
    [20, "s", 3, 6],
    [20, "s", 3, 7],
    [20, "s", 3, 8],
    [20, "s", 3, 9],
    [
      20,
      "s",
      3,
      10,
    ],
    [20, "s", 3, 11],
    [20, "s", 3, 12],
    [20, "s", 3, 13],
  ]);
  peer.ears[0]!.listener.failed();
  await settle();
  publish(13);
  assertEquals(peer.acknowledged.length, 8, "who hears nothing any more acknowledges nothing");
  assertEquals(peer.asked.slice(1).map(({ params }) => params), [
    { group: "g", stream: "s", id: 3, next: 13, hears: 0 },
  ]);
  controller.abort();
  await end;
});

Deno.test("what is lost there is asked for from the next message on", async () => {
  const { peer, controller, run, publish } = openStay({ hears: true });
  const end = run();
  peer.answer();
  await settle();
  publish(5);
  peer.ears[0]!.listener.lost();
  assertEquals((peer.asked[1]!.params as { next: number }).next, 6);
  controller.abort();
  await end;
  assertOver(peer);
});

Deno.test("an owner that is gone is the end, after what was heard of it", async () => {
  const { peer, run } = openStay({ hears: true });
  const end = run();
  peer.answer();
  await settle();
  peer.watches[0]!.gone();
  assertEquals(peer.ears[0]!.drains, 1);
  const reason = await end;
  assertEquals([reason instanceof PeerGoneError, peer.left], [true, []]);
  assertOver(peer);
});

Deno.test("a group that is closed is the end; so it is where that has passed by", async () => {
  const first = openStay();
  const end = first.run();
  first.peer.answer();
  await settle();
  first.peer.streams.take("rpc.leave", { stream: "s", next: 5 }, 10, OWNER);
  assertEquals(await end, "closed");
  assertOver(first.peer);
  const second = openStay({ hears: true });
  const later = second.run();
  second.peer.answer();
  await settle();
  second.peer.ears[0]!.listener.lost();
  second.peer.answer(new JSONRPCError(-32003, "Group not found"));
  assertEquals(await later, "closed");
  assertOver(second.peer);
});

Deno.test("who may not ask any more for what was lost has an end, and leaves", async () => {
  const { peer, run } = openStay({ hears: true });
  const end = run();
  peer.answer();
  await settle();
  peer.ears[0]!.listener.lost();
  peer.answer(new PeerGoneError(20)); // Whoever watches it tells of that.
  await settle();
  peer.ears[0]!.listener.lost();
  peer.answer(new AccessDeniedError("no"));
  await assertRejects(() => end, AccessDeniedError);
  assertEquals(peer.left, [[20, "s", 3]]);
  assertOver(peer);
});

Deno.test("who is not let in leaves: the owner may let it in later", async () => {
  const { peer, told, run } = openStay({ hears: true });
  const end = run();
  peer.answer(new Error("too late"));
  await assertRejects(() => end, Error, "too late");
  assertEquals([told.joined, peer.left], [0, [[20, "s", 3]]]);
  assertOver(peer);
});

Deno.test("who leaves while it is on its way in says so once", async () => {
  const { peer, controller, run } = openStay();
  const end = run();
  controller.abort(new Error("left"));
  peer.answer(new Error("left"));
  await assertRejects(() => end, Error, "left");
  assertEquals(peer.left, [[20, "s", 3]]);
  assertOver(peer);
});

Deno.test("who has left before asks for nothing", async () => {
  const { peer, controller, run } = openStay({ hears: true });
  controller.abort(new Error("left"));
  await assertRejects(run, Error, "left");
  assertEquals([peer.asked, peer.ears, peer.watches], [[], [], []]);
});
