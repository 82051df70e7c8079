// The client of the README. Run: deno run --allow-ffi examples/hello_client.ts NL_PID
import { RPCPeer } from "@procslink/procslink";
import type { MyAPI } from "./hello_server.ts";

const serverNlPid = Number(Deno.args[0]);
if (!Number.isInteger(serverNlPid)) {
  console.error("Pass the number that hello_server.ts has printed: deno run --allow-ffi examples/hello_client.ts 4242");
  Deno.exit(2);
}

await using client = new RPCPeer();
console.log(await client.talkTo<MyAPI>(serverNlPid).hello("Rayson Zhu"));
