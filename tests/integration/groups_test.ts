// Groups of real processes: who joins, and what it gets.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { CallTimeoutError, RPCPeer } from "../../mod.ts";
import { allOf, earsOf, type MemberPlace, Members, noMulticast, Numbers, onlyRoot, until } from "./group_programs.ts";
import { asUser } from "./insiders.ts";
import { testUnless } from "./processes.ts";

const [NOBODY, USER] = [65_534, 1_000];
const UNPRIVILEGED = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"];
const PID = ["unshare", "--pid", "--fork", "--kill-child"];
const AS_NOBODY: MemberPlace = { before: asUser(NOBODY), isOther: true };

Deno.test("processes join a group, and each gets all, in order, whatever it weighs", async () => {
  await using owner = new RPCPeer();
  await using group = owner.group("numbers");
  const joining = { groups: [{ owner: owner.nlPid, group: "numbers" }] };
  await using one = await Members.join(joining);
  await using two = await Members.join({ ...joining, peers: 3 });
  assertEquals(group.members.map(({ port }) => port), [...one.ports, ...two.ports]);
  const numbers = new Numbers(group);
  for (const length of [0, 10, 3_000, 150_000]) {
    await numbers.publishInTurn(10, length);
    await numbers.publishAtOnce(10, length);
  }
  for (const members of [one, two]) {
    const tallies = await members.talliesBefore(numbers.next, owner);
    assertEquals(tallies, members.ports.map(() => allOf(80)));
  }
  assertEquals(await group.publish("the last", { sync: true }), 4);
  await group.close();
  assertEquals(await one.program.line(), "ended: closed");
});

testUnless(
  noMulticast,
  "members of other users, without privileges, and in other namespaces get the same as those who hear the kernel's multicast",
  async () => {
    await using owner = new RPCPeer();
    await using group = owner.group("numbers", { access: "anyone" });
    const joining = { groups: [{ owner: owner.nlPid, group: "numbers" }] };
    const places: MemberPlace[] = [{}, { before: UNPRIVILEGED }, { before: PID }, AS_NOBODY, {}];
    await using stack = new AsyncDisposableStack();
    const all = await Promise.all(places.map(async (place) => stack.use(await Members.join(joining, place))));
    const [host, unprivileged, , nobody] = all as [Members, Members, Members, Members];
    const ears = await Promise.all([host, unprivileged, nobody].map(({ program }) => earsOf(program.pid)));
    assertEquals(ears.map(({ length }) => length), [1, 0, 0], "Who may hear the kernel's multicast does");
    assertEquals(group.members.find(({ port }) => port === nobody.ports[0])?.uid, NOBODY);
    const numbers = new Numbers(group);
    for (let round = 0; round < 20; round++) {
      await numbers.publishInTurn(20, 100 * round);
      await numbers.publishAtOnce(30);
      if (round % 10 === 5) await numbers.publish(200_000);
    }
    for (const members of all) {
      assertEquals(await members.talliesBefore(numbers.next, owner), [allOf(numbers.next)]);
    }
    assertEquals(await group.publish("the last", { sync: true }), places.length);
  },
);

testUnless(noMulticast, "what goes to several who hear the kernel's multicast is sent once", async () => {
  await using owner = new RPCPeer();
  await using group = owner.group("numbers");
  const joining = { groups: [{ owner: owner.nlPid, group: "numbers" }], peers: 4 };
  await using one = await Members.join(joining);
  await using two = await Members.join(joining);
  // Several of a process share a socket.
  assertEquals([(await earsOf(one.program.pid)).length, (await earsOf(two.program.pid)).length], [1, 1]);
  const before = owner.stats().messagesOut;
  const numbers = new Numbers(group);
  for (let round = 0; round < 50; round++) await numbers.publishAtOnce(10);
  const sent = owner.stats().messagesOut - before;
  assert(sent >= 500 && sent < 2 * 500, `${sent} messages left for 500 that went to 8 members`);
  for (const members of [one, two]) {
    assertEquals(await members.talliesBefore(500, owner), members.ports.map(() => allOf(500)));
  }
});

testUnless(onlyRoot, "who may join is for each group to say, by the users that the kernel names", async () => {
  await using owner = new RPCPeer();
  await using open = owner.group("open", { access: { uids: [NOBODY] } });
  await using _own = owner.group("own");
  const join = (group: string, place: MemberPlace) => Members.start({ groups: [{ owner: owner.nlPid, group }] }, place);
  const asUserPlace: MemberPlace = { before: asUser(USER), isOther: true };
  await using nobody = await join("open", AS_NOBODY);
  assertEquals(await nobody.program.line(), "joined");
  for (const [group, place] of [["open", asUserPlace], ["own", AS_NOBODY], ["own", asUserPlace]] as const) {
    await using refused = await join(group, place);
    assertEquals(await refused.program.line(), "ended: AccessDeniedError");
  }
  assertEquals(open.members.map(({ uid }) => uid), [NOBODY]);
  assertEquals(await new Numbers(open).publish(), 1);
  assertEquals(await nobody.talliesBefore(1, owner), [allOf(1)]);
});

Deno.test("a publication is waited for until the loops of all processes have taken it, and not for one that ends", async () => {
  await using owner = new RPCPeer();
  await using group = owner.group("numbers");
  const joining = { groups: [{ owner: owner.nlPid, group: "numbers" }] };
  await using _one = await Members.join(joining);
  await using slow = await Members.join(joining);
  await using three = await Members.join(joining);
  assertEquals(await group.publish(0, { sync: true }), 3);

  slow.program.signal("SIGSTOP");
  let taken: number | undefined;
  const pending = group.publish(1, { sync: true }).then((count) => taken = count);
  assertEquals(await three.talliesBefore(2, owner), [allOf(2)]);
  assertEquals(taken, undefined);
  slow.program.signal("SIGCONT");
  assertEquals(await pending, 3);

  slow.program.signal("SIGSTOP");
  const ended = group.publish(2, { sync: true });
  assertEquals(await three.talliesBefore(3, owner), [allOf(3)]);
  await slow.program.kill();
  assertEquals(await ended, 2);
  await until("the dead member is gone", () => group.members.length === 2);
});

Deno.test("a member whose loop takes nothing is waited for as long as was said", async () => {
  await using owner = new RPCPeer();
  await using group = owner.group("numbers");
  const joining = { groups: [{ owner: owner.nlPid, group: "numbers" }] };
  await using one = await Members.join(joining);
  await using idle = await Members.join({ ...joining, takes: false });
  await assertRejects(() => group.publish(0, { sync: true, timeout: 200 }), CallTimeoutError);
  assertEquals(await one.talliesBefore(1, owner), [allOf(1)]);
  // It has it in its queue all the same, and lives.
  assertEquals(await group.publish(1), 2);
  assertEquals(await idle.talliesBefore(0, owner), [allOf(0)]);
});
