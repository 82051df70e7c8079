import { assertEquals } from "@std/assert";
import { POLLFD_SIZE, writePollfd } from "../../../ffi/structs/pollfd.ts";

Deno.test("writePollfd writes 8 bytes, of which nothing has happened, and leaves its neighbours alone", () => {
  const bytes = new Uint8Array(POLLFD_SIZE + 8).fill(0xaa);
  writePollfd(new DataView(bytes.buffer), 4, 0x14131211, 0x2221);
  assertEquals(POLLFD_SIZE, 8);
  assertEquals(bytes.toHex(), "aaaaaaaa" + "11121314" + "2122" + "0000" + "aaaaaaaa");
});

Deno.test("A pollfd may have no descriptor, the largest one, and every event", () => {
  const view = new DataView(new ArrayBuffer(POLLFD_SIZE));
  for (const fd of [-1, 0, 0x7fff_ffff]) {
    writePollfd(view, 0, fd, 0xffff);
    assertEquals([view.getInt32(0, true), view.getUint16(4, true), view.getUint16(6, true)], [fd, 0xffff, 0]);
  }
});

Deno.test("Each pollfd of a list is at its own place", () => {
  const view = new DataView(new ArrayBuffer(3 * POLLFD_SIZE));
  const fds = [7, 8, 9];
  for (const [index, fd] of fds.entries()) writePollfd(view, index * POLLFD_SIZE, fd, index);
  assertEquals(fds.map((_, index) => view.getInt32(index * POLLFD_SIZE, true)), fds);
  assertEquals(fds.map((_, index) => view.getUint16(index * POLLFD_SIZE + 4, true)), [0, 1, 2]);
});
