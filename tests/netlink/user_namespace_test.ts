// Ids that stand for whoever a user namespace does not map.
import { assertEquals } from "@std/assert";
import { OVERFLOW_ID, unmappedIds } from "../../src/netlink/user_namespace.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";

const ALL = "         0          0 4294967295\n";
const ROOT_ONLY = "         0       1000          1\n";

/** A kernel with these files; one that is left out is not there. */
function kernelOf(files: { uid_map?: string; gid_map?: string; overflowuid?: string; overflowgid?: string }) {
  const kernel = new FakeSyscalls();
  kernel.textFiles.clear();
  for (const [name, text] of Object.entries(files)) {
    kernel.textFiles.set(`/proc/${name.endsWith("map") ? "self" : "sys/kernel"}/${name}`, text);
  }
  return kernel;
}

/** What is not mapped where both maps are this one. */
function unmappedOf(map: string, overflow = { overflowuid: "65534\n", overflowgid: "65534\n" }) {
  const kernel = kernelOf({ uid_map: map, gid_map: map, ...overflow });
  const { uid, gid } = unmappedIds(kernel);
  assertEquals(uid, gid);
  kernel.assertAllClosed();
  return uid;
}

Deno.test("where every id is mapped, each id is one user", async (t) => {
  const maps = {
    "of the first namespace": ALL,
    "of a namespace within": "0 100000 4294967295\n",
    "in several lines": "0 0 1000\n1000 1001 4294966294\n4294967294 1000 1\n",
    "in another order": "1000 0 4294966295\n0 4294966295 1000\n",
    "without a newline behind it": ALL.trim(),
  };
  for (const [name, map] of Object.entries(maps)) await t.step(name, () => assertEquals(unmappedOf(map), undefined));
});

Deno.test("where not every id is mapped, the overflow id names nobody", async (t) => {
  const maps = {
    "root only": ROOT_ONLY,
    "of a container": "0 100000 65536\n",
    "all but one": "0 0 4294967294\n",
    "all but one, in two lines": "0 0 1000\n1001 1001 4294966294\n",
    "none: a process without a mapping": "",
    "nothing that is a map": "what is this?\n",
    "a line that is cut": "0 0",
  };
  for (const [name, map] of Object.entries(maps)) await t.step(name, () => assertEquals(unmappedOf(map), 65_534));
});

Deno.test("a map of the largest size is read whole", () => {
  const lines = Array.from({ length: 340 }, (_, index) => {
    const count = index < 339 ? 1 : 0xffff_ffff - 339;
    return `${String(index).padStart(10)} ${String(index).padStart(10)} ${String(count).padStart(10)}\n`;
  });
  assertEquals([lines.join("").length, unmappedOf(lines.join(""))], [340 * 33, undefined]);
});

Deno.test("users and groups are told apart", () => {
  const files = { overflowuid: "1\n", overflowgid: "2\n" };
  assertEquals(unmappedIds(kernelOf({ ...files, uid_map: ALL, gid_map: ROOT_ONLY })), { uid: undefined, gid: 2 });
  assertEquals(unmappedIds(kernelOf({ ...files, uid_map: ROOT_ONLY, gid_map: ALL })), { uid: 1, gid: undefined });
  assertEquals(unmappedIds(kernelOf({ ...files, uid_map: ROOT_ONLY, gid_map: ROOT_ONLY })), { uid: 1, gid: 2 });
});

Deno.test("the overflow id is what the kernel was told, and 65534 where that cannot be read", () => {
  const overflow = (text: string) => unmappedOf(ROOT_ONLY, { overflowuid: text, overflowgid: text });
  assertEquals(["99\n", "0\n", "4294967294\n", "", "none\n"].map(overflow), [99, 0, 4_294_967_294, 65_534, 65_534]);
  assertEquals(unmappedIds(kernelOf({ uid_map: ROOT_ONLY, gid_map: ROOT_ONLY })), {
    uid: OVERFLOW_ID,
    gid: OVERFLOW_ID,
  });
});

Deno.test("where /proc cannot be read, none counts as mapped, and nothing is open", () => {
  assertEquals(unmappedIds(kernelOf({})), { uid: 65_534, gid: 65_534 });
  for (const syscall of ["open", "read"] as const) {
    const kernel = kernelOf({ uid_map: ALL, gid_map: ALL, overflowuid: "1", overflowgid: "2" });
    kernel.fail(syscall, "EACCES", Infinity);
    assertEquals(unmappedIds(kernel), { uid: 65_534, gid: 65_534 }, syscall);
    kernel.assertAllClosed();
  }
});

Deno.test("the files are read once for each kernel: a map is written once", () => {
  const kernel = kernelOf({ uid_map: ALL, gid_map: ROOT_ONLY, overflowgid: "7\n" });
  const first = unmappedIds(kernel);
  kernel.textFiles.clear();
  const opened = kernel.count("open");
  assertEquals([unmappedIds(kernel), kernel.count("open")], [first, opened]);
  assertEquals(unmappedIds(kernelOf({ uid_map: ROOT_ONLY, gid_map: ALL, overflowuid: "8" })), {
    uid: 8,
    gid: undefined,
  });
});

Deno.test("descriptor 0 is one like others: a program may have closed its standard input", () => {
  const kernel = kernelOf({ uid_map: ALL, gid_map: ALL });
  let real = 0;
  const [open, read, close] = [kernel.open.bind(kernel), kernel.read.bind(kernel), kernel.close.bind(kernel)];
  kernel.open = (path) => {
    const fd = open(path);
    if (fd < 0) return fd;
    real = fd;
    return 0;
  };
  kernel.read = (_, buffer) => read(real, buffer);
  kernel.close = () => close(real);
  assertEquals(unmappedIds(kernel), { uid: undefined, gid: undefined });
  kernel.assertAllClosed();
});
