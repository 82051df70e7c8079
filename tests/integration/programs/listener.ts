// Listens at an abstract unix socket, and accepts nobody. Argument: its name. Says when it listens.
import { AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM } from "../../../ffi/constants.ts";
import { LinuxSyscalls } from "../../../ffi/linux.ts";
import { abstractAddress } from "../../../ffi/structs/sockaddr_un.ts";

const syscalls = new LinuxSyscalls();
const fd = syscalls.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
const listens = syscalls.bind(fd, abstractAddress(Deno.args[0]!)) === 0 && syscalls.listen(fd) === 0;
console.log(listens ? "listening" : `errno ${syscalls.errno()}`);
setInterval(() => {}, 60_000);
