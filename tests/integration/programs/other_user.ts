// A client that becomes another user first. Arguments: port of the server, uid.
import { RPCPeer } from "../../../mod.ts";
import type { Server } from "./server.ts";

const [port, uid] = Deno.args.map(Number);
const libc = Deno.dlopen("libc.so.6", { setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" } });
if (libc.symbols.setresuid(uid!, uid!, uid!) !== 0) throw new Error("setresuid failed");
const client = new RPCPeer();
console.log((await client.talkTo<Server>(port!).caller()).uid);
