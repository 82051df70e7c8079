// Groups in other network namespaces and among isolates of one process; and what a long life costs them.
import { assert, assertEquals } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import { allOf, Members, Numbers, onlyRoot, until } from "./group_programs.ts";
import { Program, randomPort, reasonAgainst, start, testUnless } from "./processes.ts";

/** How many messages are published before all members have them. */
const ROUND = 5_000;
/** By how much 200,000 messages may make a process larger, in bytes: the least that is kept of each would be more. */
const MOST_GROWN = 3_200_000;

const noNet = onlyRoot ??
  await reasonAgainst("no network namespaces", "nsenter", "--net=/proc/self/ns/net", "unshare", "--net", "true");

testUnless(
  noNet,
  "in another network namespace a group is joined from inside and from outside, and has nothing to do with one here",
  async () => {
    await using blue = new Program("unshare", ["--net", "sh", "-c", "echo there; exec sleep 600"]);
    await blue.line();
    const port = randomPort();
    await using owner = new RPCPeer({ port, netns: blue.pid });
    await using group = owner.group("numbers");
    await using ownerHere = new RPCPeer({ port });
    await using groupHere = ownerHere.group("numbers");
    const joining = { groups: [{ owner: port, group: "numbers" }], peers: 2 };
    const before = ["nsenter", `--net=/proc/${blue.pid}/ns/net`];
    await using inside = await Members.join(joining, { before });
    await using outside = await Members.join({ ...joining, options: { netns: blue.pid } });
    const here = { groups: [{ owner: port, group: "numbers", first: 1_000_000 }], peers: 2 };
    await using others = await Members.join(here);
    assertEquals([group.members.length, groupHere.members.length], [4, 2]);
    const [numbers, numbersHere] = [new Numbers(group), new Numbers(groupHere, 1_000_000)];
    for (let round = 0; round < 20; round++) {
      await Promise.all([numbers.publishAtOnce(10), numbersHere.publishAtOnce(5)]);
      await numbers.publish();
    }
    for (const members of [inside, outside]) {
      assertEquals(await members.talliesBefore(numbers.next, owner), [allOf(220), allOf(220)]);
    }
    assertEquals(await others.talliesBefore(numbersHere.next, ownerHere), [allOf(100), allOf(100)]);
    await inside.program.kill();
    await until("the dead are gone", () => group.members.length === 2);
    assertEquals(await group.publish(numbers.next, { sync: true }), 2);
  },
);

/** A Worker of a group, and what it posts. */
class GroupWorker implements Disposable {
  readonly #worker: Worker;
  readonly #messages: unknown[] = [];
  #told = () => {};

  constructor(owner = 0) {
    this.#worker = new Worker(new URL("./programs/group_worker.ts", import.meta.url), { type: "module" });
    this.#worker.postMessage(owner);
    this.#worker.onmessage = ({ data }) => {
      this.#messages.push(data);
      this.#told();
    };
  }

  /** Waits for what it posts next. */
  async message(): Promise<unknown> {
    while (this.#messages.length === 0) await new Promise<void>((resolve) => this.#told = resolve);
    return this.#messages.shift();
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

Deno.test("isolates of one process own groups and join them, and one that is terminated is no member any more", async () => {
  using owner = new GroupWorker();
  const port = await owner.message() as number;
  await using client = new RPCPeer();
  using here = client.join(port, "numbers");
  await here.joined;
  using one = new GroupWorker(port);
  using two = new GroupWorker(port);
  assertEquals([await one.message(), await two.message()], ["joined", "joined"]);
  const got: unknown[] = [];
  const following = (async () => {
    for await (const message of here) got.push(message);
  })();
  const values = Array.from({ length: 100 }, (_, index) => index);
  assertEquals(await client.call(port, "publish", [values]), [...values.map(() => 3), 3]);
  two[Symbol.dispose]();
  await until("the terminated one is gone", async () => (await client.call<number[]>(port, "publish", [[]]))[0] === 2);
  await client.call(port, "end");
  await following;
  assertEquals(got.slice(0, 101), [...values, "the last"]);
  assertEquals((await one.message() as unknown[]).slice(0, 101), [...values, "the last"]);
});

Deno.test("200,000 messages leave neither their owner nor its members larger", async () => {
  const name = `test.${crypto.randomUUID()}`;
  const flags = ["--allow-ffi", "--v8-flags=--expose-gc"];
  await using client = new RPCPeer();
  await using owner = start("group_owner", [name, 0], { flags });
  const ownerPort = Number(await owner.line());
  const joining = { groups: [{ owner: name, group: "numbers" }] };
  await using one = await Members.join(joining, { flags });
  await using two = await Members.join(joining, { flags });
  const publish = async (count: number) => {
    // No more than is kept for one that gets no time to read.
    for (let rest = count; rest > 0; rest -= ROUND) {
      const { published } = await client.call<{ published: number }>(name, "publish", [ROUND, 50]);
      for (const members of [one, two]) {
        assertEquals(await members.talliesBefore(published, client), [allOf(published)]);
      }
    }
  };
  const used = () =>
    Promise.all([ownerPort, ...one.ports, ...two.ports].map((port) => client.call<number>(port, "usedBytes")));
  // Until as much is kept for members that are behind as ever will be.
  await publish(50_000);
  const before = await used();
  await publish(200_000);
  const grown = (await used()).map((bytes, index) => bytes - before[index]!);
  for (const bytes of grown) assert(bytes < MOST_GROWN, `They have grown by ${grown} bytes`);
});
