/**
 * What a run was made on: machine and versions.
 *
 * @module
 */
import { PACKAGES } from "../peers/catalog.ts";

/** Machine and versions. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly deno: string;
  readonly v8: string;
  readonly packages: readonly string[];
  /** The C compiler; undefined where there is none. */
  readonly compiler: string | undefined;
  /** When the run began, in UTC. */
  readonly date: string;
  /** How many processes ran or waited to run in the minute before: what else the machine did. */
  readonly load: number;
}

/**
 * Looks at the machine.
 *
 * @returns What it is.
 */
export async function machineHere(): Promise<Machine> {
  const model = (await outputOf("lscpu"))?.match(/^Model name:\s*(.+)$/m)?.[1];
  return {
    cpu: model ?? `unknown CPU, ${Deno.build.arch}`,
    cores: navigator.hardwareConcurrency,
    kernel: (await outputOf("uname", "-sr"))?.trim() ?? "unknown kernel",
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    packages: PACKAGES,
    compiler: (await outputOf("cc", "--version"))?.split("\n")[0],
    load: Number((await outputOf("cat", "/proc/loadavg"))?.split(" ")[0] ?? NaN),
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
  };
}

/**
 * Tells of a machine in one line.
 *
 * @param machine The machine.
 * @returns The line.
 */
export function describeMachine({ cpu, cores, kernel, deno, v8, packages, compiler, date, load }: Machine): string {
  const versions = [`Deno ${deno}`, `V8 ${v8}`, ...packages, compiler ?? "no C compiler"];
  const machine = `${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}, ${kernel}`;
  return `${machine}; ${versions.join(", ")}; ${date} UTC; load before: ${load}`;
}

/**
 * Compiles the floor.
 *
 * @param folder Where the program goes.
 * @returns Its path.
 * @throws {Error} If there is no compiler, or it refuses.
 */
export async function compileFloor(folder: string): Promise<string> {
  const source = decodeURIComponent(new URL("../programs/floor.c", import.meta.url).pathname);
  const path = `${folder}/floor`;
  const args = ["-O2", "-Wall", "-Wextra", "-o", path, source];
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command("cc", { args, stdout: "null", stderr: "piped" }).output();
  } catch (error) {
    throw new Error("there is no C compiler here (cc)", { cause: error });
  }
  if (!output.success) throw new Error(`cc: ${new TextDecoder().decode(output.stderr).split("\n")[0]}`);
  return path;
}

/**
 * Tells why processes cannot be pinned to a core.
 *
 * @param core The number of the core.
 * @returns The reason; undefined where they can be.
 */
export async function reasonAgainstPinning(core: number): Promise<string | undefined> {
  const pinnable = await outputOf("taskset", "-c", String(core), "true") !== undefined;
  return pinnable ? undefined : `taskset does not give core ${core} here`;
}

async function outputOf(command: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined; // It is not here.
  }
}
