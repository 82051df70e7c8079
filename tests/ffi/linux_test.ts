// A few real system calls.
import { assert, assertEquals } from "@std/assert";
import {
  AF_NETLINK,
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EPOLL_CLOEXEC,
  EPOLLIN,
  MSG_DONTWAIT,
  MSG_TRUNC,
  NETLINK_USERSOCK,
  SO_DOMAIN,
  SO_PASSCRED,
  SO_RCVTIMEO,
  SO_SNDTIMEO,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_SOCKET,
} from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import { SOCKADDR_NL_SIZE } from "../../ffi/structs/sockaddr_nl.ts";
import { bind, openSocket, portOf, syscalls, using } from "./sockets.ts";

Deno.test("The constants of a netlink socket are the kernel's", () => {
  assertEquals([AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK], [16, 3 | 0o2000000, 2]);
});

Deno.test("A socket sends to itself, and the kernel says who sent", async () => {
  await using(openSocket(), (fd) => {
    const address = bind(fd);
    const port = portOf(address);
    assert(port > 0);
    assertEquals(syscalls.setsockopt(fd, SOL_SOCKET, SO_PASSCRED, 1), 0);

    // One byte more than is to be sent.
    const data = new Uint8Array([1, 2, 3, 4, 5, 6]);
    assertEquals(syscalls.sendto(fd, data, 5, MSG_DONTWAIT, address), 5);
    const slot = syscalls.createReceiveSlot(100, 0);
    assertEquals(syscalls.recvmsg(fd, slot, MSG_DONTWAIT), 5);
    assertEquals(slot.data.subarray(0, 6).toHex(), "010203040500");
    assertEquals([slot.port, slot.flags], [port, 0]);
    assert(slot.findCredentials());
    assertEquals([slot.pid, slot.uid, slot.gid], [Deno.pid, syscalls.getuid(), syscalls.getgid()]);

    assertEquals(syscalls.recvmsg(fd, slot, MSG_DONTWAIT), -1);
    assertEquals(syscalls.errno(), ERRNO.EAGAIN);
  });
});

Deno.test("A datagram larger than the slot is cut, tells its true length, and does not spoil the next", async () => {
  await using(openSocket(), (fd) => {
    const address = bind(fd);
    for (const length of [9, 3]) syscalls.sendto(fd, new Uint8Array(9).fill(length), length, MSG_DONTWAIT, address);
    const slot = syscalls.createReceiveSlot(4, 0);
    assertEquals(syscalls.recvmsg(fd, slot, MSG_DONTWAIT | MSG_TRUNC), 9);
    assertEquals([slot.data.toHex(), slot.flags], ["09090909", MSG_TRUNC]);
    // Without SO_PASSCRED the kernel writes that there are no control messages; there must be room for the next one's.
    assertEquals(slot.findCredentials(), false);
    assertEquals(syscalls.setsockopt(fd, SOL_SOCKET, SO_PASSCRED, 1), 0);
    assertEquals(syscalls.recvmsg(fd, slot, MSG_DONTWAIT | MSG_TRUNC), 3);
    assertEquals([slot.data.toHex(), slot.flags, slot.findCredentials()], ["03030309", 0, true]);
  });
});

Deno.test("errno is that of the call that has just failed", async () => {
  const address = new Uint8Array(SOCKADDR_NL_SIZE);
  assertEquals([syscalls.close(-1), syscalls.errno()], [-1, ERRNO.EBADF]);
  assertEquals([syscalls.socket(AF_NETLINK, SOCK_RAW, 99), syscalls.errno()], [-1, ERRNO.EPROTONOSUPPORT]);
  assertEquals([syscalls.getsockname(-1, address), syscalls.errno()], [-1, ERRNO.EBADF]);
  assertEquals([syscalls.adopt(-1), syscalls.errno()], [-1, ERRNO.EBADF]);
  await using(openSocket(), async (first) => {
    const taken = bind(first);
    await using(openSocket(), (second) => {
      assertEquals([syscalls.bind(second, taken), syscalls.errno()], [-1, ERRNO.EADDRINUSE]);
      assertEquals([syscalls.sendto(second, taken, 0, MSG_DONTWAIT, taken), syscalls.errno()], [-1, ERRNO.ENODATA]);
    });
  });
});

Deno.test("Options of a socket are read and written", async () => {
  await using(openSocket(), (fd) => {
    const value = new Int32Array(1);
    assertEquals([syscalls.getsockopt(fd, SOL_SOCKET, SO_DOMAIN, value), value[0]], [0, AF_NETLINK]);
    assertEquals([syscalls.getsockopt(fd, SOL_SOCKET, SO_PASSCRED, value), value[0]], [0, 0]);
    assertEquals(syscalls.setsockopt(fd, SOL_SOCKET, SO_PASSCRED, 1), 0);
    assertEquals([syscalls.getsockopt(fd, SOL_SOCKET, SO_PASSCRED, value), value[0]], [0, 1]);
    assertEquals(syscalls.adopt(fd), 0);
  });
});

/** Reads a time span of a socket, in microseconds. */
function timeOf(fd: number, option: number): number {
  const value = new Int32Array(4);
  assertEquals(syscalls.getsockopt(fd, SOL_SOCKET, option, value), 0);
  assertEquals([value[1], value[3]], [0, 0], "the upper halves");
  return value[0]! * 1_000_000 + value[2]!;
}

Deno.test("A time span of a socket is what was asked for, but for a tick of the kernel's clock", async () => {
  await using(openSocket(), (fd) => {
    for (const [index, option] of [SO_RCVTIMEO, SO_SNDTIMEO].entries()) {
      for (const milliseconds of [0, 1, 999, 1_000, 86_400_050]) {
        const asked = milliseconds === 0 ? 0 : milliseconds + 50 * index;
        assertEquals(syscalls.setsockoptTime(fd, SOL_SOCKET, option, asked), 0);
        const more = timeOf(fd, option) - asked * 1_000;
        assert(more >= 0 && more < 10_000, `${asked} ms have become ${more} µs more`);
      }
    }
    // What was set last for the one is not the other's.
    assert(timeOf(fd, SO_RCVTIMEO) < timeOf(fd, SO_SNDTIMEO));
  });
  assertEquals([syscalls.setsockoptTime(-1, SOL_SOCKET, SO_RCVTIMEO, 1), syscalls.errno()], [-1, ERRNO.EBADF]);
});

Deno.test("Reading waits as long as SO_RCVTIMEO says, and not where something is there", async () => {
  await using(openSocket(), (fd) => {
    const address = bind(fd);
    const slot = syscalls.createReceiveSlot(100, 0);
    assertEquals(syscalls.setsockoptTime(fd, SOL_SOCKET, SO_RCVTIMEO, 100), 0);
    const start = performance.now();
    assertEquals([syscalls.recvmsg(fd, slot, 0), syscalls.errno()], [-1, ERRNO.EAGAIN]);
    assert(performance.now() - start >= 90, `It took ${performance.now() - start} ms`);
    assertEquals(syscalls.sendto(fd, new Uint8Array(3), 3, MSG_DONTWAIT, address), 3);
    // Where it waited for ever, this would not end.
    assertEquals(syscalls.setsockoptTime(fd, SOL_SOCKET, SO_RCVTIMEO, 0), 0);
    assertEquals(syscalls.recvmsg(fd, slot, 0), 3);
  });
});

Deno.test("An epoll set tells which eventfd was written, to a poll and to a wait in a thread", async () => {
  await using(syscalls.epollCreate(EPOLL_CLOEXEC), async (epfd) => {
    await using(syscalls.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), async (fd) => {
      const events = syscalls.createEventList(4);
      try {
        assertEquals(syscalls.epollAdd(epfd, fd, EPOLLIN), 0);
        assertEquals([syscalls.epollPoll(epfd, events, 4), events.written()], [0, false]);

        assertEquals(syscalls.eventfdWrite(fd), 0);
        assertEquals([syscalls.epollPoll(epfd, events, 4), events.written(), events.fd(0)], [1, true, fd]);
        events.clear();
        assertEquals(events.written(), false);
        assertEquals(await syscalls.epollWait(epfd, events, 4), 1);
        assertEquals([events.written(), events.fd(0)], [true, fd]);

        assertEquals(syscalls.eventfdRead(fd), 0);
        assertEquals([syscalls.eventfdRead(fd), syscalls.errno()], [-1, ERRNO.EAGAIN]);
        assertEquals(syscalls.eventfdWrite(fd), 0);
        assertEquals(syscalls.epollDelete(epfd, fd), 0);
        assertEquals(syscalls.epollPoll(epfd, events, 4), 0);
      } finally {
        events.free();
      }
    });
  });
});
