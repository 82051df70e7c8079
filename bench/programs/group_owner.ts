/**
 * The owner of a group: publishes on command, and tells what a publication costs it.
 *
 * Commands: `members`, how many there are; `publish MILLISECONDS`.
 *
 * @module
 */
import { RPCPeer } from "../../mod.ts";
import { median } from "../driver/results.ts";
import { answerCommands } from "./program.ts";

/** Publications of one burst: what the queue of a member holds. */
const BURST = 20;

/** What a publication costs. */
export interface PublishTimes {
  /** Until it is known who has it, in microseconds; the median of bursts. */
  readonly cost: number;
}

await using owner = new RPCPeer();
const group = owner.group("bench");
console.log(owner.nlPid);

async function publish(milliseconds: number): Promise<PublishTimes> {
  const end = performance.now() + milliseconds;
  const costs: number[] = [];
  do {
    const start = performance.now();
    for (let value = 0; value < BURST; value++) await group.publish(value);
    costs.push(1_000 * (performance.now() - start) / BURST);
    // Members are many and share a core: the next burst waits until all have this one.
    await group.publish(BURST, { sync: true });
  } while (performance.now() < end);
  return { cost: median(costs) };
}

await answerCommands((command, milliseconds) => {
  return command === "publish" ? publish(milliseconds!) : { members: group.members.length };
});
