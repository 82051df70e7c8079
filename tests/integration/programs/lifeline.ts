// A link that frees its port when a datagram comes, and a process that lives on. Argument: its port. Says what it does.
import { NetlinkLink } from "../../../src/link/netlink_link.ts";

const link = new NetlinkLink({ port: Number(Deno.args[0]) });
link.start({
  receive: () => {
    link.close();
    console.log("freed");
  },
  trouble: (kind, reason) => console.log(`${kind}: ${reason}`),
  failed: (error) => console.log(`${error}`),
});
link.hold();
console.log("serving");
setInterval(() => {}, 60_000);
