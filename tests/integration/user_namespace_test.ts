// Ids that a real user namespace does not map.
import { assertEquals } from "@std/assert";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { unmappedIds } from "../../src/netlink/user_namespace.ts";
import { reasonAgainst, start, testUnless } from "./processes.ts";

/** The text of a file of the kernel's; a program reads it, since Deno itself asks for more permissions. */
async function kernelFile(path: string): Promise<string> {
  const { stdout } = await new Deno.Command("cat", { args: [path] }).output();
  return new TextDecoder().decode(stdout);
}

async function overflowIds(): Promise<number[]> {
  const names = ["overflowuid", "overflowgid"];
  return (await Promise.all(names.map((name) => kernelFile(`/proc/sys/kernel/${name}`)))).map(Number);
}

Deno.test("here the ids are those that the kernel's own files tell", async () => {
  const [uid, gid] = await overflowIds();
  const isWhole = async (kind: string) =>
    /^\s*0\s+\d+\s+4294967295\n$/.test(await kernelFile(`/proc/self/${kind}_map`));
  assertEquals(unmappedIds(new LinuxSyscalls()), {
    uid: await isWhole("uid") ? undefined : uid,
    gid: await isWhole("gid") ? undefined : gid,
  });
});

for (const before of [["unshare", "--user", "--map-root-user"], ["unshare", "--user"]]) {
  const reason = await reasonAgainst("no user namespaces", before[0]!, ...before.slice(1), "true");
  testUnless(reason, `in a namespace by "${before.join(" ")}" the overflow ids name nobody`, async () => {
    await using program = start("unmapped", [], { before });
    assertEquals(JSON.parse(await program.line()), await overflowIds());
  });
}
