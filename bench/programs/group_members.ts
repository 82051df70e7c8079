/**
 * Members of a group. Their arguments are the port of its owner, and how many they are.
 *
 * @module
 */
import { RPCPeer } from "../../mod.ts";
import { answerCommands } from "./program.ts";

const [owner, count] = Deno.args.map(Number);
const memberships = Array.from({ length: count! }, () => new RPCPeer().join(owner!, "bench"));
await Promise.all(memberships.map(({ joined }) => joined));
for (const membership of memberships) {
  (async () => {
    for await (const _ of membership);
  })();
}
console.log("ready");
await answerCommands(() => ({}));
