// Prints the ids that stand for whoever this process's user namespace does not map.
import { LinuxSyscalls } from "../../../ffi/linux.ts";
import { unmappedIds } from "../../../src/netlink/user_namespace.ts";

const { uid, gid } = unmappedIds(new LinuxSyscalls());
console.log(JSON.stringify([uid ?? null, gid ?? null]));
