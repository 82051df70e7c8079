// What searching for messages must not do: keep others from their turn, or go on where nothing comes.
import { assert } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import { readProc } from "./proc_files.ts";
import { type Program, start } from "./processes.ts";

/** Calls between two ticks of a millisecond, at most: several turns' worth. Time does not count, since others may have the processor. */
const MOST_CALLS_A_TICK = 10_000;

/** How often it is watched at most. */
const LOOKS = 3;

/** Wake-ups that Deno itself may have. One millisecond apart there would be thousands. */
const FEW = 2;

/** How long an idle process is watched, in milliseconds. */
const IDLE_MILLISECONDS = 2_000;

/** How often the main thread of a program has waited for something so far. */
function wakeUpsOf({ pid }: Program): number {
  return Number(readProc(`${pid}/task/${pid}/status`)!.match(/^voluntary_ctxt_switches:\s+(\d+)$/m)![1]);
}

for (const inFlight of [1, 64]) {
  Deno.test(`timers tick beside full load, with ${inFlight} calls in flight at both sides`, async () => {
    await using program = start("ticking");
    const port = Number(await program.line());
    await using client = new RPCPeer();
    const own: number[] = [];
    let left = 0;
    const call = async () => {
      while (left-- > 0) await client.call(port, "count");
    };
    const load = async (calls: number) => {
      left = calls;
      await Promise.all(Array.from({ length: inFlight }, call));
    };
    await load(2_000);
    await client.call(port, "ticks");
    const interval = setInterval(() => own.push(left), 1);
    await load(30_000);
    clearInterval(interval);
    const served = await client.call<number[]>(port, "ticks");
    for (const ticks of [served, own]) {
      const gaps = ticks.slice(1).map((count, index) => Math.abs(count - ticks[index]!));
      assert(ticks.length > 3, `It ticked ${ticks.length} times`);
      const longest = Math.max(...gaps);
      assert(longest <= MOST_CALLS_A_TICK, `It ticked not once during ${longest} calls`);
    }
  });
}

Deno.test("a peer that is idle wakes up for nothing, before the first call and after the last", async () => {
  await using program = start("server");
  const port = Number(await program.line());
  // What has gone before may not be over at the first look: nobody tells. Whoever wakes up again and again does so at each.
  const wakeUpsIdle = async () => {
    let fewest = Infinity;
    for (let looks = 0; looks < LOOKS && fewest > FEW; looks++) {
      const before = wakeUpsOf(program);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MILLISECONDS));
      fewest = Math.min(fewest, wakeUpsOf(program) - before);
    }
    return fewest;
  };
  assert(await wakeUpsIdle() <= FEW);
  await using client = new RPCPeer();
  for (let count = 0; count < 100; count++) await client.call(port, "hello", ["you"]);
  assert(await wakeUpsIdle() <= FEW);
});
