// Reading files.
import { assertEquals } from "@std/assert";
import { EPOLL_CLOEXEC } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import { syscalls, using } from "./sockets.ts";

/** Runs something with a file that holds a text. */
async function withFile(text: string, run: (fd: number) => void): Promise<void> {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, text);
    await using(syscalls.open(path), run);
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("A file is read from its start, as much as there is room for, and then on", async () => {
  await withFile("abcdefg", (fd) => {
    const buffer = new Uint8Array(4).fill(0xaa);
    assertEquals([syscalls.read(fd, buffer), buffer.toHex()], [4, "61626364"]);
    assertEquals([syscalls.read(fd, buffer), buffer.toHex()], [3, "65666764"], "what is behind stays as it was");
    assertEquals([syscalls.read(fd, buffer), buffer.toHex()], [0, "65666764"], "its end");
  });
});

Deno.test("An empty file, and no room, are nothing to read", async () => {
  await withFile("", (fd) => assertEquals(syscalls.read(fd, new Uint8Array(4)), 0));
  await withFile("a", (fd) => assertEquals(syscalls.read(fd, new Uint8Array(0)), 0));
});

Deno.test("What cannot be read says why", async () => {
  assertEquals([syscalls.read(-1, new Uint8Array(4)), syscalls.errno()], [-1, ERRNO.EBADF]);
  await using(syscalls.epollCreate(EPOLL_CLOEXEC), (fd) => {
    assertEquals([syscalls.read(fd, new Uint8Array(4)), syscalls.errno()], [-1, ERRNO.EINVAL]);
  });
});

Deno.test("A file of /proc is read as any other: the map of user ids", async () => {
  await using(syscalls.open("/proc/self/uid_map"), (fd) => {
    const buffer = new Uint8Array(16_384);
    const text = new TextDecoder().decode(buffer.subarray(0, syscalls.read(fd, buffer)));
    assertEquals(text.split("\n").filter((line) => line !== "" && !/^\s*\d+\s+\d+\s+\d+$/.test(line)), []);
  });
});
