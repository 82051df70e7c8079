// Who may join a group: what its owner says, and what the group says.
import { assertEquals, assertRejects } from "@std/assert";
import { AccessDeniedError, type RPCPeer, type RPCPeerOptions } from "../../mod.ts";
import { collect, groupTalk, Newspaper, OWNER, quiet, take, USER, welcomed } from "./groups.ts";
import { outcomeOf, request } from "./wire.ts";

const ACCESS_DENIED = -32001;
const NOT_FOUND = -32003;

/** Who of two users gets in: that of the owner, and a foreign one. */
async function admitted(access: RPCPeerOptions["access"], group?: Parameters<RPCPeer["group"]>[1]): Promise<boolean[]> {
  await using paper = new Newspaper({ ...(access !== undefined && { access }) }, group);
  const outcomes = await Promise.allSettled(
    [USER, 77].map((uid) => paper.reader({ uid }).messages.joined),
  );
  const isAdmitted = outcomes.map((outcome) => {
    if (outcome.status === "rejected" && !(outcome.reason instanceof AccessDeniedError)) throw outcome.reason;
    return outcome.status === "fulfilled";
  });
  assertEquals(paper.news.members.map(({ uid }) => uid), [USER, 77].filter((_, index) => isAdmitted[index]));
  assertEquals(paper.troubles.length, isAdmitted.filter((is) => !is).length, "each refusal is told");
  return isAdmitted;
}

Deno.test("who may call the peer may join its groups", async () => {
  assertEquals(await admitted("same-user"), [true, false]);
  assertEquals(await admitted("anyone"), [true, true]);
  assertEquals(await admitted({ uids: [77] }), [false, true]);
  assertEquals(await admitted(({ uid }) => uid === 77), [false, true]);
});

Deno.test("a group may say otherwise, for less and for more", async () => {
  assertEquals(await admitted("anyone", { access: "same-user" }), [true, false]);
  assertEquals(await admitted("same-user", { access: "anyone" }), [true, true]);
  assertEquals(await admitted("same-user", { access: { uids: [77] } }), [false, true]);
});

Deno.test("a function may decide later, and is told who joins", async () => {
  const asked: unknown[] = [];
  const access = async ({ uid, port }: { uid: number; port: number }, method: string) => {
    asked.push([port, method]);
    await quiet();
    return uid === 77;
  };
  assertEquals(await admitted("anyone", { access }), [false, true]);
  assertEquals(asked, [[200, "rpc.join"], [201, "rpc.join"], [201, "rpc.join"]]);
  assertEquals(await admitted(access), [false, true]);
});

Deno.test("a function that throws lets nobody in", async () => {
  await using paper = new Newspaper({}, {
    access: () => {
      throw new Error("broken");
    },
  });
  const { messages } = paper.reader();
  await assertRejects(() => messages.joined);
  assertEquals(paper.news.members, []);
});

Deno.test("a member of a user who may call nothing here is read all the same, and so is an owner", async () => {
  await using paper = new Newspaper({ access: "same-user" }, { access: "anyone" });
  const { peer } = paper.open(300, { access: "same-user", trust: "anyone" }, 77);
  const messages = peer.join(OWNER, "news");
  await messages.joined;
  assertEquals(await paper.news.publish("foreign"), 1);
  assertEquals(await take(messages, 1), ["foreign"]);
  // In fragments: of whom nothing is to be read, they are not even put together.
  const large = "x".repeat(300_000);
  assertEquals(await paper.news.publish(large), 1);
  assertEquals(await take(messages, 1), [large]);
  await assertRejects(() => peer.call(OWNER, "rpc.ping"), AccessDeniedError);
  const synchronous = paper.news.publish("both", { sync: true });
  assertEquals([await take(messages, 1), await synchronous], [["both"], 1]);
  messages.leave();
  await quiet();
  assertEquals(paper.news.members, []);
});

Deno.test("whom a peer trusts with its calls does not matter to its members", async () => {
  await using paper = new Newspaper({ trust: "same-user" }, { access: "anyone" });
  const { messages } = await paper.joined({ uid: 77 });
  const next = take(messages, 1);
  assertEquals(await paper.news.publish("foreign", { sync: true }), 1);
  assertEquals(await next, ["foreign"]);
});

Deno.test("who is not let in does not learn which groups there are", async () => {
  await using paper = new Newspaper({ access: "same-user" });
  const stranger = paper.stranger(666, 77);
  for (const group of ["news", "sports", "rpc.groups"]) {
    stranger.send(OWNER, request(group, "rpc.join", { group }));
    assertEquals(outcomeOf(await stranger.next()), ACCESS_DENIED);
  }
});

Deno.test("who may join is asked again with the stream: knowing its name opens nothing", async () => {
  let isOpen = true;
  await using paper = new Newspaper({}, { access: () => isOpen });
  const stranger = paper.stranger();
  const welcome = await welcomed(stranger);
  isOpen = false;
  stranger.send(OWNER, request("in", "rpc.join", { group: "news", ...welcome, id: 1, hears: 0 }));
  assertEquals(outcomeOf(await stranger.next()), ACCESS_DENIED);
  assertEquals(paper.news.members, []);
});

Deno.test("the stream of one group does not open another", async () => {
  await using paper = new Newspaper({}, { access: { uids: [77] } });
  paper.owner.group("open");
  const stranger = paper.stranger();
  const allowed = await welcomed(paper.stranger(777, 77));
  stranger.send(OWNER, request("in", "rpc.join", { group: "open", ...allowed, id: 1, hears: 0 }));
  assertEquals(outcomeOf(await stranger.next()), NOT_FOUND);
  assertEquals(paper.news.members, []);
});

Deno.test("who leaves while it is not yet known whether it may join is no member", async () => {
  const gates: (() => void)[] = [];
  await using paper = new Newspaper({}, {
    access: () => new Promise((resolve) => void gates.push(() => resolve(true))),
  });
  const { messages } = paper.reader();
  await quiet();
  gates.shift()!();
  await quiet();
  messages.leave();
  await quiet();
  assertEquals(gates.length, 1);
  gates.shift()!();
  await quiet();
  assertEquals(paper.news.members, []);
});

Deno.test("a member trusts whom it says, and tells others nothing", async () => {
  await using paper = new Newspaper();
  const { peer, link } = paper.open(300, {}, 77);
  const messages = peer.join(OWNER, "news", { trust: "same-user" });
  await assertRejects(() => messages.joined, AccessDeniedError);
  assertEquals([paper.news.members, groupTalk(link)], [[], []]);
});

Deno.test("a member that lost something and may not ask for it any more is told so", async () => {
  let isOpen = true;
  await using paper = new Newspaper({}, { access: () => isOpen });
  const [first] = await paper.readers(2, { hears: true });
  first!.ear.loses = () => true;
  await paper.news.publish("lost");
  first!.ear.loses = () => false;
  const got = collect(first!.messages);
  isOpen = false;
  await paper.news.publish("behind it");
  await quiet();
  assertEquals(got, ["AccessDeniedError"]);
  assertEquals(paper.news.members.map(({ port }) => port), [201]);
});
