// Where a process runs that is to be killed: beside the test, or in namespaces of its own.
import { childrenOf } from "../integration/proc_files.ts";
import { type Program, reasonAgainst, start } from "../integration/processes.ts";

const PID_NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child"];
const USER_NAMESPACE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"];

/** A place for a process. */
export interface Place {
  readonly name: "host" | "pid namespace" | "user namespace";
  /** The command that goes there. */
  readonly before: readonly string[];
}

const HOST: Place = { name: "host", before: [] };
const OTHERS: readonly Place[] = [
  { name: "pid namespace", before: PID_NAMESPACE },
  { name: "user namespace", before: USER_NAMESPACE },
];

/** The places that this machine allows: every second one is the host, the others are in new namespaces. */
export async function placesHere(): Promise<Place[]> {
  const places: Place[] = [];
  for (const place of OTHERS) {
    const [command, ...args] = place.before;
    if (await reasonAgainst(place.name, command!, ...args, "true") === undefined) places.push(HOST, place);
  }
  return places.length > 0 ? places : [HOST];
}

/** A process that is killed sooner or later. */
export class Victim implements AsyncDisposable {
  readonly program: Program;
  readonly #place: Place;

  constructor(place: Place, url: URL, args: readonly (string | number)[], flags: string[] = ["--allow-ffi"]) {
    this.#place = place;
    this.program = start(url.href, args, { flags, before: place.before });
  }

  /** Its process id as the test sees it; known once it has written a line. */
  get pid(): number {
    if (this.#place.before.length === 0) return this.program.pid;
    const [child] = childrenOf(this.program.pid);
    if (child === undefined) throw new Error("The process in its namespace has ended");
    return child;
  }

  /** Kills it; returns when that was, as `performance.now()` counts. */
  kill(): number {
    const { pid } = this;
    const killed = performance.now();
    Deno.kill(pid, "SIGKILL");
    return killed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}
