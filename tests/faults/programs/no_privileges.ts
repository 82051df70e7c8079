// A peer of root that becomes somebody else, and may not go to another network namespace. Argument: the uid to become.
import { RPCPeer, SyscallError } from "../../../mod.ts";

await using server = new RPCPeer({ access: "anyone" });
server.registerFunction(() => "pong", "ping");
server.runServerForever();

const libc = Deno.dlopen("libc.so.6", { setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" } });
const uid = Number(Deno.args[0]);
if (libc.symbols.setresuid(uid, uid, uid) !== 0) throw new Error("setresuid failed");
try {
  new RPCPeer({ netns: "/proc/thread-self/ns/net" });
} catch (error) {
  if (!(error instanceof SyscallError)) throw error;
  console.log(`${error.syscall} ${error.code}`);
}
await using client = new RPCPeer({ trust: "anyone" });
console.log(await client.call(server.nlPid, "ping"));
