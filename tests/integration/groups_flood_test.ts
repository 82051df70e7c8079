// Others who use the same multicast group of the kernel: a hostile stranger, and another owner.
import { assertEquals } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import type { Welcome } from "../../src/groups/messages.ts";
import { allOf, earsOf, Members, noMulticast, Numbers, until } from "./group_programs.ts";
import { asUser, startInside } from "./insiders.ts";
import { testUnless } from "./processes.ts";
import type { Knowledge } from "./programs/group_stranger.ts";

const NOBODY = 65_534;

/** What anybody is told who may join a group. */
function welcomeOf(owner: RPCPeer, group: string): Promise<Welcome> {
  return owner.call<Welcome>(owner.nlPid, "rpc.join", { group });
}

testUnless(
  noMulticast,
  "a stranger floods the kernel's multicast and those who hear it: nothing is lost in silence, nothing forged gets in, and calls are answered",
  async () => {
    await using owner = new RPCPeer();
    await using group = owner.group("numbers");
    const joining = { groups: [{ owner: owner.nlPid, group: "numbers" }], peers: 2 };
    await using one = await Members.join(joining);
    await using two = await Members.join(joining);
    const ears = async () => (await Promise.all([one, two].map(({ program }) => earsOf(program.pid)))).flat();
    const ports = (await ears()).map(({ port }) => port);
    assertEquals(ports.length, 2);
    const { stream, multicast } = await welcomeOf(owner, "numbers");
    // It knows all that a member knows.
    const knowledge: Knowledge = { owner: owner.nlPid, stream, multicast, ports };
    await using stranger = startInside(asUser(NOBODY), "group_stranger", [JSON.stringify(knowledge)]);
    assertEquals(await stranger.line(), "on");

    const numbers = new Numbers(group);
    // What is published now is lost where it is heard: nobody reads there, and there is no room.
    for (const { program } of [one, two]) program.signal("SIGSTOP");
    await until("both are flooded", async () => (await ears()).every(({ drops }) => drops > 0));
    await numbers.publishAtOnce(100);
    for (const { program } of [one, two]) program.signal("SIGCONT");
    for (const members of [one, two]) {
      assertEquals(await members.talliesBefore(numbers.next, owner), members.ports.map(() => allOf(100)));
    }

    for (let round = 0; round < 19; round++) {
      await numbers.publishInTurn(50, round % 2 === 0 ? 0 : 500);
      await numbers.publishAtOnce(50);
      // Also in the middle of the flood whoever hears it answers.
      for (const members of [one, two]) await members.talliesBefore(0, owner);
    }
    assertEquals(numbers.next, 2_000);

    const tallies = [one, two].map((members) => members.talliesBefore(numbers.next, owner));
    for (const { received, missed, wrong } of (await Promise.all(tallies)).flat()) {
      assertEquals(wrong, []);
      assertEquals(received + missed, numbers.next);
    }
    assertEquals(group.members.length, 4);

    await stranger.kill();
    assertEquals(await group.publish(numbers.next, { sync: true }), 4);
  },
);

testUnless(
  noMulticast,
  "a stranger floods the ports of members themselves: still nothing is lost in silence",
  async () => {
    await using owner = new RPCPeer();
    await using group = owner.group("numbers");
    await using members = await Members.join({ groups: [{ owner: owner.nlPid, group: "numbers" }], peers: 2 });
    const { stream, multicast } = await welcomeOf(owner, "numbers");
    const knowledge: Knowledge = { owner: owner.nlPid, stream, multicast, ports: members.ports };
    await using stranger = startInside(asUser(NOBODY), "group_stranger", [JSON.stringify(knowledge)]);
    assertEquals(await stranger.line(), "on");
    const numbers = new Numbers(group);
    for (let round = 0; round < 20; round++) {
      await numbers.publishAtOnce(50);
      await members.talliesBefore(0, owner);
    }
    for (const { received, missed, wrong } of await members.talliesBefore(numbers.next, owner)) {
      assertEquals(wrong, []);
      assertEquals(received + missed, numbers.next);
    }
    assertEquals(group.members.length, 2);
  },
);

testUnless(noMulticast, "two owners whose groups have the same number in the kernel do not mix", async () => {
  await using one = new RPCPeer();
  await using two = new RPCPeer();
  await using group = one.group("numbers");
  const { multicast } = await welcomeOf(one, "numbers");
  let name = "numbers";
  // Of 32 numbers each group has one at random.
  for (let index = 0; two.group(name) && (await welcomeOf(two, name)).multicast !== multicast; index++) {
    await two.group(name).close();
    name = `numbers ${index}`;
  }
  const first = 1_000_000;
  const groups = [{ owner: one.nlPid, group: "numbers" }, { owner: two.nlPid, group: name, first }];
  await using here = await Members.join({ groups, peers: 4 });
  await using there = await Members.join({ groups, peers: 4 });
  assertEquals((await earsOf(here.program.pid)).length, 1);
  const all = [new Numbers(group), new Numbers(two.group(name), first)];
  for (let round = 0; round < 50; round++) {
    await Promise.all(all.map((numbers) => numbers.publishAtOnce(10)));
    for (const numbers of all) await numbers.publish();
  }
  for (const members of [here, there]) {
    const tallies = await Promise.all(
      members.ports.map(async (port, index) => await one.call(port, "tallyBefore", [all[index % 2]!.next])),
    );
    assertEquals(tallies, members.ports.map(() => allOf(550)));
  }
  await two.group(name).close();
  // The others go on.
  assertEquals(await group.publish(all[0]!.next, { sync: true }), 4);
});
