import { assertEquals } from "@std/assert";
import { epollEventLayout, readEpollEventFd, writeEpollEvent } from "../../../ffi/structs/epoll_event.ts";

const LAYOUTS = [
  { arch: "x86_64", size: 12, first: "01000080" + "07000000" + "00000000" },
  { arch: "aarch64", size: 16, first: "01000080" + "aaaaaaaa" + "07000000" + "00000000" },
];

for (const { arch, size, first } of LAYOUTS) {
  Deno.test(`An epoll_event of ${arch} has ${size} bytes, and the fd where the kernel looks for it`, () => {
    const layout = epollEventLayout(arch);
    assertEquals(layout.size, size);
    const bytes = new Uint8Array(size).fill(0xaa);
    writeEpollEvent(new DataView(bytes.buffer), 0, layout, 0x80000001, 7);
    assertEquals(bytes.toHex(), first);
  });

  Deno.test(`Each epoll_event of a list is read at its own place on ${arch}`, () => {
    const layout = epollEventLayout(arch);
    const view = new DataView(new ArrayBuffer(3 * size));
    const fds = [0, 1023, 2 ** 31 - 1];
    for (const [index, fd] of fds.entries()) writeEpollEvent(view, index * size, layout, 1, fd);
    assertEquals(fds.map((_, index) => readEpollEventFd(view, index * size, layout)), fds);
  });
}
