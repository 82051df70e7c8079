// Opens a peer in another network namespace. Arguments: a path or a process id, and the uid to become first, if any.
import { RPCPeer, SyscallError } from "../../../mod.ts";

const [netns, uid] = Deno.args;
if (uid !== undefined) {
  const libc = Deno.dlopen("libc.so.6", { setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" } });
  if (libc.symbols.setresuid(Number(uid), Number(uid), Number(uid)) !== 0) throw new Error("setresuid failed");
}
try {
  new RPCPeer({ netns: /^\d+$/.test(netns!) ? Number(netns) : netns });
  console.log("opened");
} catch (error) {
  if (!(error instanceof SyscallError)) throw error;
  console.log(`${error.syscall} ${error.code}`);
  console.log(error.message);
}
