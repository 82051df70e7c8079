// Opens a socket in the network namespace of a child, by its process id; says in which it was opened.
import { LinuxSyscalls } from "../../../ffi/linux.ts";
import { SyscallError } from "../../../mod.ts";
import { namespaceOf } from "../../../src/netlink/namespaces.ts";
import { NetlinkSocket } from "../../../src/netlink/socket.ts";

const child = new Deno.Command("unshare", {
  args: ["--net", "sh", "-c", "echo there; exec sleep 600"],
  stdout: "piped",
}).spawn();
try {
  await child.stdout.getReader().read();
  const syscalls = new LinuxSyscalls();
  const [own, there] = [new NetlinkSocket(syscalls), new NetlinkSocket(syscalls, { netns: child.pid })];
  console.log(namespaceOf(syscalls, own.fd) === namespaceOf(syscalls, there.fd) ? "its own" : "the child's");
} catch (error) {
  if (!(error instanceof SyscallError)) throw error;
  console.log(error.code);
} finally {
  child.kill("SIGKILL");
}
