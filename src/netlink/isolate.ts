/**
 * The one reactor of this isolate: each Worker has its own, as it has its own thread pool.
 *
 * @module
 */
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { Reactor } from "./reactor.ts";

let reactor: Reactor | undefined;

/**
 * Makes the reactor at its first call, and opens libc with it.
 *
 * @returns The reactor.
 * @throws {LibcUnavailableError} If libc cannot be called here.
 */
export function isolateReactor(): Reactor {
  if (reactor === undefined) {
    const created = new Reactor(new LinuxSyscalls());
    // `deno run --watch` ends the isolate and not the process: what is open then would stay open, with its port.
    addEventListener("unload", () => created.shutdown());
    reactor = created;
  }
  return reactor;
}
