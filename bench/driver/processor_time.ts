/**
 * The processor time of other processes.
 *
 * @module
 */

/**
 * Reads how long a process has run so far, all its threads together. Threads that have ended do not count.
 *
 * @param pid Its process id.
 * @returns The time, in milliseconds: more exact than the ticks that the kernel shows elsewhere.
 */
export async function processorMilliseconds(pid: number): Promise<number> {
  const args = ["-c", `cat /proc/${pid}/task/*/schedstat`];
  const { success, stdout } = await new Deno.Command("sh", { args, stderr: "null" }).output();
  if (!success) throw new Error("the kernel tells no processor times");
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return lines.reduce((sum, line) => sum + Number(line.split(" ")[0]), 0) / 1e6;
}
