// A member that does not keep the process running, and waits for an owner that never comes.
import { RPCPeer } from "../../../mod.ts";

const member = new RPCPeer();
member.unref();
member.join("com.example.nobody.has.this", "news", { wait: true });
console.log("joining");
