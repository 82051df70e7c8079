// Whatever is lost, late or slow: what a loop gets and what its gaps count is what was published, in order and once.
import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { GroupGap } from "../../mod.ts";
import type { MemoryMulticast } from "../fakes/memory_groups.ts";
import { checkAsync } from "../fakes/property.ts";
import { fakeTime } from "../fakes/time.ts";
import { Newspaper, quiet } from "./groups.ts";

/** What happens next. */
type Step =
  | { readonly kind: "publish"; readonly bytes: number; readonly count: number }
  | { readonly kind: "pass"; readonly milliseconds: number }
  | {
    readonly kind: "read" | "lose" | "hear" | "slow" | "fast" | "overrun" | "again" | "full" | "room" | "refuse";
    readonly reader: number;
  }
  | { readonly kind: "restart" };

const reader = fc.integer({ min: 0, max: 2 });
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("publish"),
        bytes: fc.oneof(fc.constant(10), fc.integer({ min: 0, max: 3_000 }), fc.constant(120_000)),
        count: fc.integer({ min: 1, max: 5 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("pass"), milliseconds: fc.constantFrom(1, 30, 60) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constantFrom("read", "lose", "hear", "slow", "fast", "overrun", "again", "full", "room", "refuse"),
        reader,
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: "restart" }) },
  ),
  { maxLength: 40 },
) as fc.Arbitrary<Step[]>;

/** Runs a script; the first two readers may hear the multicast group. */
async function run(script: readonly Step[], kept: number, queued: number): Promise<void> {
  using time = fakeTime();
  await using paper = new Newspaper({}, { maxQueuedBytes: kept });
  const options = { wait: true, maxQueuedBytes: queued };
  const readers = [...await paper.readers(2, { ...options, hears: true }), ...await paper.readers(1, options)];
  const got = readers.map((): unknown[] => []);
  const published: number[] = [0];
  let life = 0;
  const read = (index: number) => {
    readers[index]!.messages.next().then(({ value }) => got[index]!.push(value), () => {});
  };
  for (const step of script) {
    if (step.kind === "publish") {
      for (let count = 0; count < step.count; count++) {
        paper.news.publish([life, ++published[life]!, "x".repeat(step.bytes)]);
      }
    } else if (step.kind === "pass") await time.pass(step.milliseconds);
    else if (step.kind === "restart") {
      await time.pass(100);
      paper.restart({ maxQueuedBytes: kept });
      published[++life] = 0;
      await time.pass(300);
    } else {
      const { link, ear } = readers[step.reader]!;
      if (step.kind === "read") read(step.reader);
      else if (step.kind === "full") link.queueLimit = 1;
      else if (step.kind === "room") makeRoom(link);
      else if (step.kind === "refuse") paper.link.failures.push(new Error("no memory"));
      else if (ear === undefined) continue;
      else if (step.kind === "lose") ear.loses = () => true;
      else if (step.kind === "hear") ear.loses = () => false;
      else if (step.kind === "slow") ear.isSlow = true;
      else if (step.kind === "fast") [ear.isSlow] = [false, ear.read()];
      else if (step.kind === "overrun") ear.overrun();
      else for (const multicast of lastOf(paper.network.groups.sent)) ear.arrive(multicast);
    }
    await quiet();
  }
  // In the end all is well again, and one more tells what is missing.
  for (const { link, ear } of readers) {
    makeRoom(link);
    if (ear === undefined) continue;
    ear.loses = () => false;
    ear.isSlow = false;
    ear.read();
  }
  paper.link.failures.length = 0;
  await time.pass(700);
  paper.news.publish([life, ++published[life]!, ""]);
  await time.pass(100);
  for (const index of readers.keys()) for (let count = 0; count < 300; count++) read(index);
  await time.pass(10);
  for (const messages of got) assertComplete(messages, published);
}

/** What a loop has got is all of each life, in order: but of one that has ended, something may be missing at its end. */
function assertComplete(got: readonly unknown[], published: readonly number[]): void {
  let life = 0;
  let next = 1;
  let restartMissed: number | undefined;
  for (const message of got) {
    if (message instanceof GroupGap) {
      if (!message.isRestart) {
        next += message.missed;
        continue;
      }
      restartMissed = (restartMissed ?? 0) + message.missed;
      continue;
    }
    const [ofLife, number] = message as [number, number];
    if (restartMissed !== undefined) {
      assertEquals(ofLife > life, true, "a restart is told where one was");
      life = ofLife;
      restartMissed = undefined;
      next = number;
    }
    assertEquals([ofLife, number], [life, next]);
    next++;
  }
  assertEquals([life, next - 1], [published.length - 1, published.at(-1)]);
}

/** The reader reads, and what waits for room is sent. */
function makeRoom(link: Newspaper["link"]): void {
  link.queueLimit = Infinity;
  link.giveUp();
}

/** What was sent last, once more, and what was sent before. */
function lastOf(sent: readonly MemoryMulticast[]): readonly MemoryMulticast[] {
  return sent.slice(-3).reverse();
}

Deno.test("what a loop gets and what its gaps count is what was published, in order and once", async () => {
  await checkAsync(
    fc.asyncProperty(steps, fc.constantFrom(0, 2_000, 1_000_000), fc.constantFrom(0, 3_000, 1_000_000), run),
    60,
  );
});
