// What squatter.c does, where there is no C compiler: slower, and always with both modes. Arguments: port, seconds, and the user
// to become first, or -1.
import { RPCPeer, SyscallError } from "../../../mod.ts";

const [port, seconds, uid] = Deno.args.map(Number) as [number, number, number];
if (uid >= 0) {
  const libc = Deno.dlopen("libc.so.6", { setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" } });
  if (libc.symbols.setresuid(uid, uid, uid) !== 0) throw new Error("setresuid failed");
}
const end = performance.now() + 1_000 * seconds;
setTimeout(() => Deno.exit(1), 1_000 * seconds);

function take(): RPCPeer {
  for (;;) {
    try {
      return new RPCPeer({ port, access: "anyone" });
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code !== "EADDRINUSE" || performance.now() > end) throw error;
    }
  }
}

console.log("on");
await using peer = take();
console.log("bound");
for await (const request of peer) {
  const { id, method, params } = request;
  console.log(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  request.respond("a squatter's");
}
