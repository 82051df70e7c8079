import { mock } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { CallTimeoutError, PeerGoneError } from "../../src/errors.ts";
import { Arrivals } from "../../src/groups/arrivals.ts";
import { Attendance } from "../../src/groups/attendance.ts";
import { GroupNotFoundError } from "../../src/groups/errors.ts";
import { GroupGap } from "../../src/groups/group_gap.ts";
import { JSONRPCError } from "../../src/jsonrpc/errors.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime } from "../fakes/time.ts";
import { callerAt } from "./members.ts";
import { FakePeer } from "./peer.ts";

/** A membership in the group "g" of port 20. */
function attend(wait: boolean) {
  const peer = new FakePeer();
  const arrivals = new Arrivals(1_000_000);
  const told = { ended: 0 };
  const settings = { owner: 20, group: "g", id: 1, wait, ended: () => void told.ended++ };
  const attendance = new Attendance(peer, settings, arrivals);
  /** Welcomes it to a stream, and lets it in. */
  const welcome = async (stream: string, next: number) => {
    peer.answer({ stream, port: 20, next, multicast: 1 });
    await settle();
    peer.answer();
    await settle();
  };
  return { peer, arrivals, attendance, told, welcome };
}

/** Gaps that wait for the loop. */
async function gapsOf(arrivals: Arrivals): Promise<[missed: number, isRestart: boolean][]> {
  const gaps: [number, boolean][] = [];
  while (arrivals.size > 0) {
    const { value } = await arrivals.take();
    if (value instanceof GroupGap) gaps.push([value.missed, value.isRestart]);
  }
  return gaps;
}

Deno.test("it asks for the group, and then for its messages", async () => {
  const { peer, attendance, told, welcome } = attend(false);
  assertEquals(peer.asked.map(({ params }) => params), [{ group: "g" }]);
  await welcome("s", 5);
  await attendance.joined;
  assertEquals(peer.asked[1]!.params, { group: "g", stream: "s", id: 1, next: 5, hears: 0 });
  attendance.leave();
  attendance.leave({ reason: new Error("twice") });
  assertEquals(told.ended, 1);
});

Deno.test("who does not wait has an end with the first thing that goes wrong", async () => {
  const errors: [answer: Error, type: new (...arguments_: never[]) => Error][] = [
    [new PeerGoneError(20), PeerGoneError],
    [new CallTimeoutError(20, "rpc.join", 5), CallTimeoutError],
    [new JSONRPCError(-32003, "Group not found"), GroupNotFoundError],
    [new JSONRPCError(-32000, "closing"), JSONRPCError],
  ];
  for (const [answer, type] of errors) {
    const { peer, arrivals, attendance, told } = attend(false);
    peer.answer(answer);
    await assertRejects(() => attendance.joined, type);
    await assertRejects(() => arrivals.take(), type);
    assertEquals([told.ended, peer.asked.length], [1, 1]);
  }
});

Deno.test("who waits asks again while the owner or the group is not there, and not where it is worse", async () => {
  using time = fakeTime();
  const { peer, attendance, told } = attend(true);
  const absences = [
    new PeerGoneError(20),
    new CallTimeoutError(20, "rpc.join", 5),
    new JSONRPCError(-32003, "Group not found"),
    new JSONRPCError(-32000, "closing"),
  ];
  for (const [tries, absence] of absences.entries()) {
    assertEquals(peer.asked.length, 1 + tries);
    peer.answer(absence);
    await settle();
    await time.pass(10 * 2 ** tries - 1);
    assertEquals(peer.asked.length, 1 + tries);
    await time.pass(1);
  }
  peer.answer(new JSONRPCError(-32602, "Invalid params"));
  await assertRejects(() => attendance.joined, JSONRPCError, "Invalid params");
  assertEquals(told.ended, 1);
});

Deno.test("once it was there, it is looked for often again", async () => {
  using time = fakeTime();
  const { peer, attendance, welcome } = attend(true);
  for (let tries = 0; tries < 8; tries++) {
    peer.answer(new PeerGoneError(20));
    await settle();
    await time.pass(200);
  }
  assertEquals(peer.asked.length, 9);
  await welcome("s", 1);
  peer.watches[0]!.gone();
  await settle();
  await time.pass(9);
  assertEquals(peer.asked.length, 10);
  await time.pass(2);
  assertEquals(peer.asked.length, 11);
  attendance.leave();
});

Deno.test("who comes back to the same stream asks for what it does not have: nothing is missing", async () => {
  using time = fakeTime();
  const { peer, arrivals, attendance, welcome } = attend(true);
  await welcome("s", 5);
  peer.streams.take("rpc.publish", ["s", 5, "value"], 10, callerAt(20));
  peer.watches[0]!.gone();
  await time.pass(20);
  await welcome("s", 9);
  assertEquals(peer.asked.at(-1)!.params, { group: "g", stream: "s", id: 1, next: 6, hears: 0 });
  assertEquals(await gapsOf(arrivals), []);
  peer.watches[1]!.gone();
  await time.pass(20);
  await welcome("s", 2);
  assertEquals((peer.asked.at(-1)!.params as { next: number }).next, 2, "no more than there is");
  attendance.leave();
});

Deno.test("in another stream all before is missing, once it had been in one", async () => {
  using time = fakeTime();
  const { peer, arrivals, attendance, welcome } = attend(true);
  peer.answer({ stream: "never joined", port: 20, next: 7, multicast: 1 });
  await settle();
  peer.answer(new PeerGoneError(20));
  await time.pass(20);
  await welcome("first", 5);
  assertEquals(await gapsOf(arrivals), []);
  peer.watches.at(-1)!.gone();
  await time.pass(20);
  await welcome("second", 5);
  assertEquals(await gapsOf(arrivals), [[4, true]]);
  attendance.leave();
});

Deno.test("whoever leaves while it waits for the owner leaves no timer", async () => {
  using time = fakeTime();
  const { peer, attendance } = attend(true);
  peer.answer(new PeerGoneError(20));
  await settle();
  const { mock: cleared } = mock.method(globalThis, "clearTimeout");
  attendance.leave();
  assertEquals(cleared.callCount(), 1);
  cleared.restore();
  await time.pass(100);
  assertEquals(peer.asked.length, 1);
});

Deno.test("a signal ends it with its reason, and not after it has ended", async () => {
  const { peer, arrivals, attendance, told } = attend(true);
  const controller = new AbortController();
  attendance.endOn(controller.signal);
  controller.abort(new Error("enough"));
  await assertRejects(() => arrivals.take(), Error, "enough");
  await assertRejects(() => attendance.joined, Error, "enough");
  peer.answer(new Error("too late"));
  await settle();
  assertEquals(told.ended, 1);
  const other = attend(true);
  const late = new AbortController();
  other.attendance.endOn(late.signal);
  other.attendance.leave();
  late.abort(new Error("too late"));
  assertEquals(await other.arrivals.take(), { done: true, value: undefined });
});
