// Opening files, and going to the network namespace behind one.
import { assertEquals, assertNotEquals } from "@std/assert";
import { O_CLOEXEC, O_NONBLOCK, SO_NETNS_COOKIE, SOL_SOCKET } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import { reasonAgainst, testUnless } from "../integration/processes.ts";
import { openSocket, syscalls, using } from "./sockets.ts";

const isRoot = syscalls.getuid() === 0;
const noSetns = await reasonAgainst("no new network namespaces", "unshare", "--net", "true");

/** The number by which the kernel knows the network namespace of the sockets that this thread opens. */
function cookie(): string {
  const value = new Int32Array(2);
  const fd = openSocket();
  assertEquals(syscalls.getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, value), 0);
  assertEquals(syscalls.close(fd), 0);
  return value.join();
}

Deno.test("A file that does not exist cannot be opened, and errno says why", () => {
  assertEquals([syscalls.open("/no/such/file"), syscalls.errno()], [-1, ERRNO.ENOENT]);
  assertEquals([syscalls.open(""), syscalls.errno()], [-1, ERRNO.ENOENT]);
  assertEquals([syscalls.open("/dev/null/file"), syscalls.errno()], [-1, ERRNO.ENOTDIR]);
});

Deno.test("A file is opened for no child, and without waiting for anybody at its other end", async () => {
  await using(syscalls.open("/dev/null"), (fd) => {
    const { stdout } = new Deno.Command("cat", { args: [`/proc/${Deno.pid}/fdinfo/${fd}`] }).outputSync();
    const flags = /^flags:\s*([0-7]+)$/m.exec(new TextDecoder().decode(stdout))?.[1];
    // Of the flags, O_LARGEFILE is the kernel's own; access 0 is for reading.
    assertEquals(Number.parseInt(flags ?? "", 8) & ~0o100000, O_CLOEXEC | O_NONBLOCK);
  });
});

Deno.test("A path may have any characters", async () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/ネット n€t`;
  try {
    Deno.writeTextFileSync(path, "");
    await using(syscalls.open(path), () => {});
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

// The kernel looks at what the file is before it looks at who asks.
for (const path of ["/proc/self/status", "/proc/thread-self/ns/uts", "/dev/null"]) {
  Deno.test(`A file that is no network namespace is refused: ${path}`, async () => {
    await using(syscalls.open(path), (fd) => {
      assertEquals([syscalls.setns(fd), syscalls.errno()], [-1, ERRNO.EINVAL]);
    });
  });
}

Deno.test("What is no open file is no namespace either", () => {
  assertEquals([syscalls.setns(-1), syscalls.errno()], [-1, ERRNO.EBADF]);
});

testUnless(noSetns, "A thread goes to another network namespace and back, and opens its sockets there", async () => {
  await using(syscalls.open("/proc/thread-self/ns/net"), async (own) => {
    const child = new Deno.Command("unshare", {
      args: ["--net", "sh", "-c", "echo there; exec cat"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    try {
      // Whoever speaks is there.
      const reader = child.stdout.getReader();
      assertEquals(new TextDecoder().decode((await reader.read()).value), "there\n");
      reader.releaseLock();
      await using(syscalls.open(`/proc/${child.pid}/ns/net`), (other) => {
        const here = cookie();
        assertEquals(syscalls.setns(other), 0, `errno ${syscalls.errno()}`);
        const there = cookie();
        assertEquals(syscalls.setns(own), 0, `errno ${syscalls.errno()}`);
        assertNotEquals(there, here);
        assertEquals(cookie(), here);
      });
    } finally {
      await child.stdin.close();
      await child.stdout.cancel();
      await child.status;
    }
  });
});

testUnless(
  isRoot ? "root may" : undefined,
  "Without privileges, a thread may not even go to the network namespace that it is in",
  async () => {
    await using(syscalls.open("/proc/thread-self/ns/net"), (fd) => {
      assertEquals([syscalls.setns(fd), syscalls.errno()], [-1, ERRNO.EPERM]);
    });
  },
);
