/**
 * The fake kernel of a scene, which two processes share.
 *
 * @module
 */
import type { Syscalls } from "../../ffi/syscalls.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { INFALLIBLE, LIBC } from "./fault.ts";

/** A kernel in which more can be seen. */
export class StageKernel extends FakeSyscalls {
  /** How many connections wait to be accepted beside a port; undefined where nobody listens. */
  unaccepted(port: number, namespace = "own"): number | undefined {
    return this.listenerAt(namespace, `procslink/${port}`)?.waiting;
  }

  /** Descriptors of processes that are open. */
  get pidfds(): number {
    return this.ledger.open.filter((line) => line.endsWith("(pidfd)")).length;
  }

  /** What is open, by kind. */
  get opened(): string[] {
    return this.ledger.open.map((line) => line.replace(/^.*\((.*)\)$/, "$1"));
  }

  /** The calls as they are now, whatever is put in their place later: those of another process. */
  asAnotherProcess(): Syscalls {
    const calls = [...Object.keys(LIBC), ...INFALLIBLE] as (keyof Syscalls)[];
    return Object.fromEntries(calls.map((call) => [call, (this[call] as () => unknown).bind(this)])) as never;
  }
}
