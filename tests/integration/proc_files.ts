// What the kernel says of processes. Deno keeps its own hands off most of /proc, so it is read through the project's system calls.
import { LinuxSyscalls } from "../../ffi/linux.ts";

const LARGEST = 65_536;

/** The text of a file of /proc; undefined where there is none. */
export function readProc(path: string): string | undefined {
  const syscalls = new LinuxSyscalls();
  const fd = syscalls.open(`/proc/${path}`);
  if (fd < 0) return undefined;
  const buffer = new Uint8Array(new ArrayBuffer(LARGEST));
  const length = syscalls.read(fd, buffer);
  syscalls.close(fd);
  return length < 0 ? undefined : new TextDecoder().decode(buffer.subarray(0, length));
}

/** The time that a process has used, itself and in the kernel, in ticks of ten milliseconds. */
export function ticksOf(pid: number): number {
  const stat = readProc(`${pid}/stat`);
  if (stat === undefined) throw new Error(`There is no process ${pid}`);
  // The name before it may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/**
 * The time that processes have used so far, all their threads together, in milliseconds: more exact than ticks, but without threads
 * that have ended.
 */
export async function processorMillisecondsOf(pids: readonly number[]): Promise<number> {
  const files = pids.map((pid) => `/proc/${pid}/task/*/schedstat`).join(" ");
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `cat ${files}`] }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return lines.reduce((sum, line) => sum + Number(line.split(" ")[0]), 0) / 1e6;
}

/** The memory of a process that is in use, in bytes; undefined where it has ended. */
export function residentBytesOf(pid: number): number | undefined {
  const kibibytes = readProc(`${pid}/status`)?.match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
  return kibibytes === undefined ? undefined : 1_024 * Number(kibibytes);
}

/** The processes that a process has started and that live. */
export function childrenOf(pid: number): number[] {
  return readProc(`${pid}/task/${pid}/children`)?.split(" ").filter((text) => text !== "").map(Number) ?? [];
}

/** How many descriptors a process has open; undefined where it has ended. */
export async function descriptorsOf(pid: number): Promise<number | undefined> {
  const { success, stdout } = await new Deno.Command("ls", { args: [`/proc/${pid}/fd`], stderr: "null" }).output();
  return success ? new TextDecoder().decode(stdout).trim().split("\n").length : undefined;
}
