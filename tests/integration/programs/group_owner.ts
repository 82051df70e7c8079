// The owner of a group of numbers. Arguments: its name; how many it publishes before anybody can have joined. Prints its port. It
// publishes as many more as it is told to.
import { RPCPeer } from "../../../mod.ts";
import { usedBytes } from "./used_bytes.ts";

const owner = new RPCPeer({ name: Deno.args[0]! });
const group = owner.group("numbers");
let number = 0;
for (let count = Number(Deno.args[1]); count > 0; count--) await group.publish(number++);
owner.registerFunction(() => group.members.length, "members");
owner.registerFunction(async (count: number, together: number) => {
  let reached: readonly number[] = [];
  for (let published = 0; published < count; published += together) {
    reached = await Promise.all(Array.from({ length: together }, () => group.publish(number++)));
  }
  return { reached: reached.at(-1), published: number };
}, "publish");
owner.registerFunction(usedBytes, "usedBytes");
console.log(owner.nlPid);
await owner.runServerForever();
