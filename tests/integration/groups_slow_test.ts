// Members of a group that stand still, beside others that do not.
import { assert, assertEquals } from "@std/assert";
import { type Group, RPCPeer } from "../../mod.ts";
import { allOf, type MemberPlace, Members, Numbers } from "./group_programs.ts";
import { reasonAgainst, testUnless } from "./processes.ts";

const UNPRIVILEGED = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"];
/** How long a member is waited for that has no room, in milliseconds, at least. */
const GRACE_MILLISECONDS = 25;

const [SETPRIV, ...DROP] = UNPRIVILEGED;
const noDrop = await reasonAgainst("no capabilities to drop", SETPRIV!, ...DROP, "true");

/** A group of three members that go on, and one that is to stand still. */
class Readers implements AsyncDisposable {
  readonly owner = new RPCPeer();
  readonly group: Group;
  readonly numbers: Numbers;
  readonly quick: Members[] = [];
  #slow: Members | undefined;

  constructor(maxQueuedBytes: number) {
    this.group = this.owner.group("numbers", { maxQueuedBytes });
    this.numbers = new Numbers(this.group);
  }

  get slow(): Members {
    return this.#slow!;
  }

  async join(place: MemberPlace, maxQueuedBytes: number): Promise<void> {
    const groups = [{ owner: this.owner.nlPid, group: "numbers" }];
    for (const place of [{}, {}, { before: UNPRIVILEGED }]) this.quick.push(await Members.join({ groups }, place));
    this.#slow = await Members.join({ groups, join: { maxQueuedBytes } }, place);
  }

  /** The others have all that was published. */
  async assertAllWithTheQuick(): Promise<void> {
    for (const members of this.quick) {
      assertEquals(await members.talliesBefore(this.numbers.next, this.owner), [allOf(this.numbers.next)]);
    }
  }

  /** Publishes some, each when some members have the one before; returns how many each has reached, and the milliseconds it took. */
  async publishTo(
    members: readonly Members[],
    count: number,
    size: number,
  ): Promise<{ reached: number[]; took: number }> {
    const reached: number[] = [];
    let took = 0;
    while (reached.length < count) {
      const before = performance.now();
      reached.push(await this.numbers.publish(size));
      took += performance.now() - before;
      for (const some of members) await some.talliesBefore(this.numbers.next, this.owner);
    }
    await this.assertAllWithTheQuick();
    return { reached, took };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const members of [...this.quick, this.#slow]) await members?.[Symbol.asyncDispose]();
    await this.owner.close();
  }
}

const SIZES = [
  { size: 10, count: 4_000, kept: 65_536 },
  { size: 200_000, count: 80, kept: 1_000_000 },
];

for (const { size, count, kept } of SIZES) {
  for (const who of ["hears the kernel's multicast, where it may,", "is sent each message"]) {
    const place = who === "is sent each message" ? { before: UNPRIVILEGED } : {};
    testUnless(
      noDrop,
      `a stopped member that ${who} slows nobody, and is told how much it missed: ${size} bytes a message`,
      async () => {
        await using readers = new Readers(kept);
        const { numbers, group, owner } = readers;
        await readers.join(place, kept);
        const all = [...readers.quick, readers.slow];
        await readers.publishTo(all, 10, size);

        readers.slow.program.signal("SIGSTOP");
        const { reached, took } = await readers.publishTo(readers.quick, count, size);
        assertEquals(reached.at(-1), 3);
        assertEquals(reached.indexOf(3), reached.lastIndexOf(4) + 1, "It is slow for good");
        assert(took < count * GRACE_MILLISECONDS / 2, `${took} ms for ${count} messages beside a member that is slow`);
        assertEquals(group.members.length, 4, "It lives");

        readers.slow.program.signal("SIGCONT");
        const [tally] = await readers.slow.talliesBefore(numbers.next, owner);
        assertEquals(tally!.received + tally!.missed, numbers.next);
        assert(tally!.missed > 0 && tally!.gaps > 0 && tally!.received > 10, JSON.stringify(tally));
        assertEquals(tally!.wrong, []);

        // From now on it keeps up like all others.
        assertEquals((await readers.publishTo(all, 10, size)).reached.at(-1), 4);
        const [later] = await readers.slow.talliesBefore(numbers.next, owner);
        assertEquals(later, { ...tally!, received: tally!.received + 10 });
      },
    );
  }
}

testUnless(noDrop, "a member that stands still for less than what is kept misses nothing", async () => {
  await using readers = new Readers(4_194_304);
  const { numbers, owner } = readers;
  await readers.join({}, 4_194_304);
  for (let round = 0; round < 3; round++) {
    readers.slow.program.signal("SIGSTOP");
    await numbers.publishInTurn(2_000);
    await numbers.publishAtOnce(2_000);
    await readers.assertAllWithTheQuick();
    readers.slow.program.signal("SIGCONT");
    assertEquals(await readers.slow.talliesBefore(numbers.next, owner), [allOf(numbers.next)]);
  }
});
