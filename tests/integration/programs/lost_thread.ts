// Goes to another network namespace, and finds no way back. Arguments: a process id in it, and "worker" to do so in a Worker.
import { LinuxSyscalls } from "../../../ffi/linux.ts";
import { inNetworkNamespace } from "../../../src/netlink/namespaces.ts";

/** Once something was done there, no namespace can be entered any more. */
class NoWayBack extends LinuxSyscalls {
  done = false;

  override setns(fd: number): number {
    return super.setns(this.done ? -1 : fd);
  }
}

const [pid, where] = Deno.args;
if (where === "worker" && !(globalThis as { name?: string }).name) {
  new Worker(import.meta.url, { type: "module", name: "lost" });
  // The process ends by itself, once the Worker has ended.
  addEventListener("unload", () => console.log("the others end as they like"));
} else {
  const syscalls = new NoWayBack();
  queueMicrotask(() => console.log("a microtask ran"));
  setTimeout(() => console.log("a timer ran"));
  try {
    const result = inNetworkNamespace(syscalls, Number(pid), () => {
      console.log("there");
      syscalls.done = true;
      return "a result";
    });
    console.log(`went on with ${result}`);
  } catch (error) {
    console.log(`caught ${error}`);
  } finally {
    console.log("went on");
  }
}
