// A machine whose kernel lets a socket have 212,992 bytes, as Linux did by default for years, and a user without privileges.
import { assertEquals } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import type { Bulk } from "./programs/bulk.ts";
import { start, testUnless } from "./processes.ts";

const MIB = 1_048_576;
const LIMITS = ["/proc/sys/net/core/rmem_max", "/proc/sys/net/core/wmem_max"];
const NOBODY = 65_534;

async function shell(script: string): Promise<string[]> {
  // Deno itself keeps its hands off /proc/sys.
  const { success, stdout, stderr } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  return new TextDecoder().decode(stdout).trim().split("\n");
}

/** The limits of the machine. */
function limits(): Promise<string[]> {
  return shell(`cat ${LIMITS.join(" ")}`);
}

async function setLimits(values: readonly string[]): Promise<void> {
  for (const [index, path] of LIMITS.entries()) await shell(`echo ${values[index]} > ${path}`);
}

/** Tells why the limits cannot be set here, or undefined. */
async function whyNotLimits(): Promise<string | undefined> {
  try {
    await setLimits(await limits());
  } catch (error) {
    return `the limits cannot be set: ${(error as Error).message}`;
  }
}

testUnless(
  await whyNotLimits(),
  "16 MiB both ways at once, between two processes of a user without privileges whose queues are small",
  async () => {
    const before = await limits();
    try {
      await setLimits(["212992", "212992"]);
      await using one = start("bulk", ["{}", NOBODY]);
      await using two = start("bulk", ["{}", NOBODY]);
      const ports = [Number(await one.line()), Number(await two.line())] as const;
      await using client = new RPCPeer({ timeout: 120_000, trust: { uids: [NOBODY] } });
      const first = client.talkTo<Bulk>(ports[0]);
      const second = client.talkTo<Bulk>(ports[1]);
      assertEquals((await first.callerOf(ports[1])).uid, NOBODY);
      const results = await Promise.all([
        first.exchange(ports[1], 2, 16 * MIB),
        second.exchange(ports[0], 2, 16 * MIB),
      ]);
      assertEquals(results, [2, 2]);
      assertEquals(await first.exchangeSync(ports[1], 16 * MIB), true);
      assertEquals(await Promise.all([first.troubles(), second.troubles()]), [[], []]);
    } finally {
      await setLimits(before);
    }
  },
);
