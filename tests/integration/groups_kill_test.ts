// Owners and members of groups that are killed, and owners that are started again.
import { assert, assertEquals } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import { chooseSeed, Random } from "../hostile/random.ts";
import { allOf, Members, Numbers, until } from "./group_programs.ts";
import { openFiles, type Program, start } from "./processes.ts";
import type { Tally } from "./programs/group_member.ts";

/** How many sockets are open. The numbers of closed ones are kept for the next. */
async function openSockets(): Promise<number> {
  return (await openFiles()).filter((file) => file.startsWith("socket:")).length;
}

Deno.test("200 members are killed at random: they disappear by themselves, and the others miss nothing", async () => {
  const seed = chooseSeed();
  const said = `PROCSLINK_SEED=${seed}`;
  const random = new Random(seed);
  await using owner = new RPCPeer();
  await using group = owner.group("numbers");
  const joining = { groups: [{ owner: owner.nlPid, group: "numbers" }], peers: 10 };
  {
    // What is opened once is open before the count.
    await using _first = await Members.join(joining);
  }
  await until("the first ones are gone", () => group.members.length === 0);
  const before = await openSockets();

  await using stack = new AsyncDisposableStack();
  const living: Members[] = [];
  for (let index = 0; index < 20; index += 4) {
    const four = Array.from({ length: 4 }, async () => stack.use(await Members.join(joining)));
    living.push(...await Promise.all(four));
  }
  assertEquals(group.members.length, 200);
  const numbers = new Numbers(group);
  const killed: Promise<void>[] = [];
  const dead: number[] = [];
  for (let round = 0; round < 300; round++) {
    if (round % 20 === 10) {
      const [members] = living.splice(random.below(living.length), 1);
      dead.push(...members!.ports);
      // In the middle of what follows.
      killed.push(new Promise((resolve) => setTimeout(resolve, random.below(5))).then(() => members!.program.kill()));
    }
    const most = group.members.length;
    const reached = random.below(2) === 0
      ? [await numbers.publish()]
      : await numbers.publishAtOnce(1 + random.below(20));
    assert(reached.every((count) => count <= most), `${said}: ${reached} of ${most}`);
  }
  await Promise.all(killed);
  const alive = living.flatMap(({ ports }) => ports).toSorted();
  assertEquals([alive.length, dead.length], [50, 150], said);
  await until("the dead are gone", () => group.members.length === alive.length);
  assertEquals(group.members.map(({ port }) => port).toSorted(), alive, said);
  for (const members of living) {
    const tallies = await members.talliesBefore(numbers.next, owner);
    assertEquals(tallies, members.ports.map(() => allOf(numbers.next)), said);
  }
  assertEquals(await numbers.publish(), alive.length, said);
  assertEquals(await group.publish("the last", { sync: true }), alive.length, said);

  await stack.disposeAsync();
  await until("all are gone", () => group.members.length === 0);
  await until("all sockets are closed", async () => await openSockets() === before);
});

Deno.test("members that are killed are not waited for, whenever that is, and are no error", async () => {
  await using owner = new RPCPeer();
  await using group = owner.group("numbers");
  const joining = { groups: [{ owner: owner.nlPid, group: "numbers" }], peers: 10 };
  await using living = await Members.join({ ...joining, peers: 1 });
  const numbers = new Numbers(group);
  for (let round = 0; round < 5; round++) {
    await using dying = await Members.join(joining);
    const published = numbers.next;
    dying.program.signal("SIGKILL");
    while (group.members.length > 1) {
      const reached = await group.publish(numbers.next++, { sync: true });
      assert(reached >= 1 && reached <= 11, `It was taken by ${reached}`);
    }
    assert(numbers.next > published);
  }
  assertEquals(await living.talliesBefore(numbers.next, owner), [allOf(numbers.next)]);
});

/** A name that no other run of the tests has. */
function freshName(): string {
  return `test.${crypto.randomUUID()}`;
}

async function startOwner(name: string, first = 0): Promise<Program> {
  const owner = start("group_owner", [name, first]);
  await owner.line();
  return owner;
}

/** Has an owner publish, once it has so many members. */
async function publish(client: RPCPeer, name: string, members: number, count: number): Promise<number> {
  await until("all have joined", async () => await client.call(name, "members") === members);
  const { reached, published } = await client.call<{ reached: number; published: number }>(name, "publish", [count, 1]);
  assertEquals(reached, members);
  return published;
}

function sum(tallies: readonly Tally[], what: "received" | "missed" | "restarts"): number[] {
  return tallies.map((tally) => tally[what]);
}

Deno.test("members that wait join again when the owner was killed and started anew, and are told; the others end", async () => {
  const name = freshName();
  await using client = new RPCPeer();
  const joining = { groups: [{ owner: name, group: "numbers" }], peers: 3 };
  // Before there is an owner.
  await using early = await Members.start({ ...joining, join: { wait: true } });
  let owner = await startOwner(name);
  try {
    assertEquals(await early.program.line(), "joined");
    await using late = await Members.join(joining);
    assertEquals(await publish(client, name, 6, 10), 10);
    for (const members of [early, late]) {
      assertEquals(await members.talliesBefore(10, client), members.ports.map(() => allOf(10)));
    }
    for (let restarts = 1; restarts <= 3; restarts++) {
      await owner.kill();
      if (restarts === 1) {
        for (const _port of late.ports) assertEquals(await late.program.line(), "ended: PeerGoneError");
      }
      owner = await startOwner(name, restarts);
      assertEquals(await publish(client, name, 3, 10), 10 + restarts);
      await until("all have been told", async () => {
        return sum(await early.talliesBefore(0, client), "restarts").every((count) => count === restarts);
      });
      const tallies = await early.talliesBefore(10 + restarts, client);
      assertEquals(tallies.map(({ wrong }) => wrong), [[], [], []]);
      assertEquals(sum(tallies, "restarts"), [restarts, restarts, restarts]);
      const count = 10 + 10 * restarts;
      assertEquals(sum(tallies, "received"), [count, count, count]);
      // What the new owner has published before anybody could join.
      const missed = restarts * (restarts + 1) / 2;
      assertEquals(sum(tallies, "missed"), [missed, missed, missed]);
    }
  } finally {
    await owner[Symbol.asyncDispose]();
  }
});

Deno.test("an owner that is killed while it publishes ends the loops after what it has sent", async () => {
  const name = freshName();
  await using client = new RPCPeer();
  await using owner = await startOwner(name);
  await using members = await Members.join({ groups: [{ owner: name, group: "numbers" }], peers: 5 });
  const publishing = client.call(name, "publish", [1_000_000, 10]).catch((error: Error) => error.name);
  await members.talliesBefore(2_000, client);
  await owner.kill();
  assertEquals(await publishing, "PeerGoneError");
  for (const _port of members.ports) assertEquals(await members.program.line(), "ended: PeerGoneError");
  for (const { received, missed, wrong } of await members.talliesBefore(2_000, client)) {
    assert(received + missed >= 2_000);
    assertEquals(wrong, []);
  }
});
