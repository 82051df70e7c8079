// The group in which a peer tells of its groups.
import { assertEquals } from "@std/assert";
import { Newspaper, OWNER, paramsOf, quiet, welcomed } from "./groups.ts";
import { outcomeOf, request } from "./wire.ts";
import type { Stranger } from "../fakes/stranger.ts";

const FEED = "rpc.groups";

/** Follows the groups of a peer. */
async function follow(stranger: Stranger): Promise<unknown> {
  const welcome = await welcomed(stranger, FEED);
  stranger.send(OWNER, request("in", "rpc.join", { group: FEED, ...welcome, id: 1, hears: 0 }));
  await stranger.next();
  return (welcome as { present?: unknown }).present;
}

/** What was told since it was asked last. */
async function told(stranger: Stranger): Promise<unknown[]> {
  await quiet();
  const changes = paramsOf(stranger, "rpc.publish").map((params) => (params as unknown[])[2]);
  stranger.readNow();
  return changes;
}

Deno.test("who follows is told which groups there are, and who is in them", async () => {
  await using paper = new Newspaper();
  await paper.readers(2);
  paper.owner.group("empty");
  assertEquals(await follow(paper.stranger()), [
    { group: "news", members: [200, 201] },
    { group: "empty", members: [] },
  ]);
});

Deno.test("who follows is told what changes, in its order", async () => {
  await using paper = new Newspaper();
  const follower = paper.stranger();
  await follow(follower);
  const sports = paper.owner.group("sports");
  const reader = await paper.joined();
  assertEquals(await told(follower), [
    { type: "group-added", group: "sports" },
    { type: "member-joined", group: "news", member: 200 },
  ]);
  reader.messages.leave();
  await quiet();
  await sports.close();
  assertEquals(await told(follower), [
    { type: "member-left", group: "news", member: 200 },
    { type: "group-removed", group: "sports" },
  ]);
  await paper.joined();
  await paper.news.close();
  assertEquals(await told(follower), [
    { type: "member-joined", group: "news", member: 201 },
    { type: "member-left", group: "news", member: 201 },
    { type: "group-removed", group: "news" },
  ]);
});

Deno.test("a member that dies has left", async () => {
  await using paper = new Newspaper();
  const follower = paper.stranger();
  const { link } = await paper.joined();
  await follow(follower);
  link.kill();
  assertEquals(await told(follower), [{ type: "member-left", group: "news", member: 200 }]);
});

Deno.test("a member that asks for what it has lost has not joined anew", async () => {
  await using paper = new Newspaper();
  const follower = paper.stranger();
  const [first] = await paper.readers(2, { hears: true });
  await follow(follower);
  first!.ear.overrun();
  assertEquals(await told(follower), []);
});

Deno.test("the feed tells nothing of itself, and its other groups have no present state", async () => {
  await using paper = new Newspaper();
  const [first, second] = [paper.stranger(), paper.stranger(667)];
  await follow(first);
  assertEquals(await follow(second), [{ group: "news", members: [] }]);
  assertEquals(await told(first), []);
  assertEquals("present" in await welcomed(second), false);
});

Deno.test("who may not call the peer does not follow it, whatever its groups say", async () => {
  await using paper = new Newspaper({ access: "same-user" }, { access: "anyone" });
  const foreign = paper.stranger(666, 77);
  foreign.send(OWNER, request("in", "rpc.join", { group: FEED }));
  assertEquals(outcomeOf(await foreign.next()), -32001);
  assertEquals((await welcomed(foreign)).next, 1);
});

Deno.test("a peer without groups can be followed too, and says when it ends", async () => {
  await using paper = new Newspaper();
  paper.owner.runServerForever();
  await paper.news.close();
  const follower = paper.stranger();
  assertEquals(await follow(follower), []);
  await paper.owner.close();
  await quiet();
  assertEquals(paramsOf(follower, "rpc.leave").length, 1);
});
