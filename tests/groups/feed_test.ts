// Following the groups of a peer that does not always tell.
import { assertEquals } from "@std/assert";
import { Feed } from "../../src/groups/feed.ts";
import { AccessDeniedError, TooManyRequestsError } from "../../src/jsonrpc/errors.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime } from "../fakes/time.ts";
import { FakePeer } from "./peer.ts";

/** Somebody who follows the groups of the peer at port 20. */
function openFeed() {
  const peer = new FakePeer();
  const told: unknown[] = [];
  const feed = new Feed(peer, 20, 1, {
    present: (groups) => void told.push(groups),
    changed: (change) => void told.push(change),
    ended: () => void told.push("ended"),
  });
  return { peer, told, feed };
}

const WELCOME = { stream: "s", port: 20, next: 1, multicast: 1, present: [{ group: "news", members: [7] }] };

Deno.test("a peer that has too much in hand is asked again", async () => {
  using time = fakeTime();
  const { peer, told, feed } = openFeed();
  peer.answer(new TooManyRequestsError());
  await time.pass(190);
  assertEquals([peer.asked.length, told], [1, []]);
  await time.pass(20);
  assertEquals(peer.asked.length, 2);
  peer.answer(WELCOME);
  await settle();
  assertEquals(told, [[{ group: "news", members: [7] }]]);
  feed.close();
});

Deno.test("a peer that does not let this user is not asked again", async () => {
  using time = fakeTime();
  const { peer, told } = openFeed();
  peer.answer(new AccessDeniedError());
  await time.pass(1_000);
  assertEquals([peer.asked.length, told], [1, ["ended"]]);
});

Deno.test("who is followed no longer is not asked again, and nothing is told", async () => {
  using time = fakeTime();
  const { peer, told, feed } = openFeed();
  peer.answer(new TooManyRequestsError());
  await settle();
  feed.close();
  await time.pass(1_000);
  assertEquals([peer.asked.length, told], [1, []]);
});
