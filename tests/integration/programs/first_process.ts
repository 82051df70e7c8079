// Opens a socket by hand, and then a peer on the same port. Arguments: the port.
import { RPCPeer } from "../../../mod.ts";
import { AF_NETLINK, NETLINK_USERSOCK, SOCK_RAW } from "../../../ffi/constants.ts";
import { LinuxSyscalls } from "../../../ffi/linux.ts";
import { writeSockaddrNl } from "../../../ffi/structs/sockaddr_nl.ts";

const port = Number(Deno.args[0]);
const syscalls = new LinuxSyscalls();
const address = new Uint8Array(new ArrayBuffer(12));
writeSockaddrNl(new DataView(address.buffer), 0, port);
if (syscalls.bind(syscalls.socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK), address) !== 0) {
  throw new Error("bind failed");
}
try {
  new RPCPeer({ port });
} catch (error) {
  console.log((error as { code: string }).code);
}
