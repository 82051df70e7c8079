// Opens and closes peers on the first thread of a process; prints how many descriptors of its kind are open before and after.
import { RPCPeer } from "../../../mod.ts";

async function count(): Promise<number> {
  const { stdout } = await new Deno.Command("ls", { args: ["-l", `/proc/${Deno.pid}/fd`] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => /socket|eventpoll|eventfd/.test(line)).length;
}

await count();
const before = await count();
let during = 0;
for (let round = 0; round < 3; round++) {
  await using server = new RPCPeer();
  server.registerFunction(() => "pong", "ping");
  server.runServerForever();
  await using client = new RPCPeer();
  await client.call(server.nlPid, "ping");
  during = await count();
}
// The wait that was under way ends in a thread of its own, and the descriptors that it used go after it.
let after = await count();
for (let attempt = 0; attempt < 100 && after > before; attempt++) after = await count();
console.log(JSON.stringify({ grew: during > before, left: after - before }));
