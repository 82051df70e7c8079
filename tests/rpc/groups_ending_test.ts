// Groups between whole peers: how memberships and groups end.
import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { GroupClosedError, PeerClosedError } from "../../mod.ts";
import { collect, groupTalk, Newspaper, OWNER, quiet, take } from "./groups.ts";

Deno.test("leaving is told at once, and the group goes on for others", async (t) => {
  const ways: Record<string, (messages: AsyncIterable<unknown> & Disposable & { leave(): void }) => unknown> = {
    "break": async (messages) => {
      for await (const _ of messages) break;
    },
    "a loop that throws": (messages) =>
      assertRejects(
        async () => {
          for await (const message of messages) throw new Error(`thrown at ${message}`);
        },
        Error,
        "thrown at 1",
      ),
    "a function that returns out of the loop": async (messages) => {
      await (async () => {
        for await (const message of messages) return message;
      })();
    },
    "the end of a using block": async (messages) => {
      using _ = messages;
      await Promise.resolve();
    },
    "leave()": (messages) => messages.leave(),
  };
  for (const [name, leave] of Object.entries(ways)) {
    await t.step(name, async () => {
      await using paper = new Newspaper();
      const { messages, link } = await paper.joined();
      const { messages: others } = await paper.joined();
      await paper.news.publish(1);
      await paper.news.publish(2);
      await leave(messages);
      await quiet();
      assertEquals(paper.news.members.map(({ port }) => port), [201]);
      assertEquals(groupTalk(link).at(-1)?.method, "rpc.leave");
      assertEquals(link.holds, 0, "nothing keeps the process running");
      assertEquals(await messages.next(), { done: true, value: undefined }, "what was not taken is dropped");
      assertEquals(await paper.news.publish(3), 1);
      assertEquals(await take(others, 3), [1, 2, 3]);
      messages.leave();
      assertEquals(paper.troubles, []);
    });
  }
});

Deno.test("whoever leaves before it has joined is no member, and joined rejects", async () => {
  for (let turns = 0; turns < 12; turns++) {
    await using paper = new Newspaper();
    const { messages, link } = paper.reader();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    messages.leave();
    await quiet();
    assertEquals([paper.news.members, link.holds], [[], 0], `after ${turns} turns`);
    assertEquals(await messages.next(), { done: true, value: undefined });
  }
  await using paper = new Newspaper();
  const { messages } = paper.reader();
  messages.leave();
  assertEquals((await assertRejects(() => messages.joined) as Error).name, "AbortError");
});

Deno.test("a signal ends a membership, and the loop throws its reason", async () => {
  await using paper = new Newspaper();
  const { peer } = paper.reader();
  const controller = new AbortController();
  const messages = peer.join(OWNER, "news", { signal: controller.signal });
  await messages.joined;
  const loop = messages.next();
  controller.abort(new Error("enough"));
  await assertRejects(() => loop, Error, "enough");
  await assertRejects(() => messages.next(), Error, "enough");
  await quiet();
  assertEquals(paper.news.members.length, 1, "the other membership of this peer");
  assertThrows(() => peer.join(OWNER, "news", { signal: controller.signal }), Error, "enough");
});

Deno.test("when its owner closes a group, loops get the rest, and end", async () => {
  await using paper = new Newspaper();
  const { messages, link } = await paper.joined();
  paper.news.publish(1);
  const closed = Promise.all([paper.news.publish(2), paper.news.close()]);
  assertEquals(await take(messages, 3), [1, 2, "end"]);
  await closed;
  assertEquals([paper.news.members, link.holds, paper.link.holds], [[], 0, 0]);
  assertEquals(groupTalk(paper.link).map(({ method }) => method), ["rpc.publish", "rpc.publish", "rpc.leave"]);
  assertEquals(groupTalk(link).map(({ method }) => method), ["rpc.join", "rpc.join"], "nothing is left to leave");
});

Deno.test("nothing is published in a group that is closed", async () => {
  await using paper = new Newspaper();
  paper.news[Symbol.dispose]();
  await paper.news.close();
  for (const sync of [false, true]) {
    await assertRejects(() => paper.news.publish(1, { sync }), GroupClosedError, '"news" is closed');
  }
});

Deno.test("what was published just before a using block ends arrives", async () => {
  await using paper = new Newspaper();
  const { messages } = await paper.joined();
  const published = paper.news.publish("last words");
  paper.news[Symbol.dispose]();
  assertEquals(await take(messages, 2), ["last words", "end"]);
  assertEquals(await published, 1);
});

Deno.test("an owner that dies ends the membership, and the loop says so", async () => {
  await using paper = new Newspaper();
  const { messages, link } = await paper.joined();
  const got = collect(messages);
  await paper.news.publish("last words");
  paper.link.kill();
  await quiet();
  assertEquals(got, ["last words", "PeerGoneError"]);
  assertEquals(link.holds, 0);
});

Deno.test("a member that dies disappears by itself", async () => {
  await using paper = new Newspaper();
  const [dead, living] = await paper.readers(2);
  dead!.link.kill();
  await quiet();
  assertEquals(paper.news.members.map(({ port }) => port), [201]);
  assertEquals(await paper.news.publish("still here"), 1);
  assertEquals(await take(living!.messages, 1), ["still here"]);
});

Deno.test("a member without a lifeline that dies disappears when something is published", async () => {
  await using paper = new Newspaper();
  const { link } = paper.reader();
  link.hasLifeline = false;
  await quiet();
  assertEquals(paper.news.members.length, 1);
  link.close();
  assertEquals(await paper.news.publish("too late"), 0);
  assertEquals(paper.news.members, []);
});

Deno.test("a peer that closes leaves its groups, and closes its own", async () => {
  await using paper = new Newspaper();
  const [first, second] = await paper.readers(2);
  const got = collect(second!.messages);
  await first!.peer.close();
  await quiet();
  assertEquals(paper.news.members.map(({ port }) => port), [201]);
  assertEquals(await first!.messages.next(), { done: true, value: undefined });
  await paper.owner.close();
  await quiet();
  assertEquals(got, ["end"]);
  assertThrows(() => paper.owner.group("more"), PeerClosedError);
  assertThrows(() => first!.peer.join(OWNER, "news"), PeerClosedError);
});

Deno.test("a member whose socket fails is told so by its loop", async () => {
  await using paper = new Newspaper();
  const { messages, link } = await paper.joined();
  const got = messages.next();
  link.receiver.failed(new Error("broken"));
  assertInstanceOf(await got.catch((error) => error), PeerClosedError);
});
