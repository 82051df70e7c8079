import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  AF_NETLINK,
  NETLINK_USERSOCK,
  SO_DOMAIN,
  SO_PASSCRED,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVTIMEO,
  SO_SNDBUF,
  SO_SNDTIMEO,
  SOCK_CLOEXEC,
  SOCK_RAW,
} from "../../ffi/constants.ts";
import { SyscallError } from "../../src/errors.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { MAX_DATAGRAM, RECEIVE_BUFFER_SIZE, SEND_WAIT_MILLISECONDS } from "../../src/netlink/socket_opening.ts";
import { FIRST_PORT } from "../fakes/kernel.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";

const AF_UNIX = 1;
const NETLINK_ROUTE = 0;

Deno.test("a socket is opened with all that it needs, and bound to a port that the kernel chooses", () => {
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel);
  assertEquals(socket.port, FIRST_PORT);
  const { type, options } = kernel.socketOf(socket.fd);
  assertEquals(type, SOCK_RAW | SOCK_CLOEXEC);
  assertEquals(options.get(SO_DOMAIN), AF_NETLINK);
  assertEquals(options.get(SO_PROTOCOL), NETLINK_USERSOCK);
  assertEquals(options.get(SO_PASSCRED), 1);
  assertEquals(options.get(SO_RCVBUF), 2 * RECEIVE_BUFFER_SIZE);
  assertEquals(options.get(SO_SNDBUF), 2 * MAX_DATAGRAM);
  // A thread that sends must come back, and a read without a time waits without end.
  assertEquals([options.get(SO_SNDTIMEO), options.get(SO_RCVTIMEO)], [SEND_WAIT_MILLISECONDS, 0]);
  socket.close();
  kernel.assertAllClosed();
});

Deno.test("a port above 2^31 is not read as a negative number", () => {
  const kernel = new FakeSyscalls();
  for (const port of [0x8000_0000, 0xffff_ffff]) assertEquals(new NetlinkSocket(kernel, { port }).port, port);
});

Deno.test("a socket binds the port that is asked for, which is free again once it is closed", () => {
  const kernel = new FakeSyscalls();
  const first = new NetlinkSocket(kernel, { port: 5_000_000 });
  assertEquals(first.port, 5_000_000);
  first.close();
  assertEquals(new NetlinkSocket(kernel, { port: 5_000_000 }).port, 5_000_000);
});

Deno.test("the largest datagram is what the kernel grants, and never more than fits one receive slot", () => {
  // With what the kernel adds to it, it takes 128 KiB of the receiver's queue.
  assertEquals(MAX_DATAGRAM, 130_560);
  for (
    const { bufferMaximum, maxDatagram } of [
      { bufferMaximum: 4_194_304, maxDatagram: MAX_DATAGRAM },
      { bufferMaximum: 212_992, maxDatagram: MAX_DATAGRAM },
      { bufferMaximum: 65_296, maxDatagram: MAX_DATAGRAM },
      { bufferMaximum: 65_295, maxDatagram: MAX_DATAGRAM - 2 },
      { bufferMaximum: 8_192, maxDatagram: 2 * 8_192 - 32 },
    ]
  ) {
    const kernel = new FakeSyscalls();
    kernel.bufferMaximum = bufferMaximum;
    assertEquals(new NetlinkSocket(kernel).maxDatagram, maxDatagram);
  }
});

Deno.test("a step that fails closes the file descriptor, and names the step", async (t) => {
  const steps = [
    { syscall: "socket", after: 0 },
    { syscall: "getsockname", after: 0 },
    { syscall: "bind", after: 0 },
    { syscall: "getsockname", after: 1 },
    { syscall: "setsockopt", after: 0 },
    { syscall: "setsockopt", after: 1 },
    { syscall: "setsockopt", after: 2 },
    { syscall: "setsockopt", after: 3 },
    { syscall: "setsockopt", after: 4 },
    { syscall: "getsockopt", after: 0 },
  ] as const;
  for (const { syscall, after } of steps) {
    await t.step(`${syscall}, after ${after}`, () => {
      const kernel = new FakeSyscalls();
      kernel.fail(syscall, "EPERM", 1, after);
      const error = assertThrows(() => new NetlinkSocket(kernel), SyscallError);
      assertEquals([error.syscall, error.code], [syscall, "EPERM"]);
      kernel.assertAllClosed();
    });
  }
});

Deno.test("a port that is taken is an EADDRINUSE that says what to do", () => {
  const kernel = new FakeSyscalls();
  const first = new NetlinkSocket(kernel, { port: 99 });
  const error = assertThrows(() => new NetlinkSocket(kernel, { port: 99 }), SyscallError);
  assertEquals([error.syscall, error.code], ["bind", "EADDRINUSE"]);
  assertStringIncludes(error.message, "Another socket holds port 99: choose another, or none to get a free one");
  first.close();
  kernel.assertAllClosed();
});

Deno.test("a sandbox that forbids netlink sockets is named, and only where it can be one", async (t) => {
  const cases = { EAFNOSUPPORT: true, EPROTONOSUPPORT: true, EPERM: true, EACCES: true, EMFILE: false } as const;
  for (const [errno, hint] of Object.entries(cases)) {
    await t.step(errno, () => {
      const kernel = new FakeSyscalls();
      kernel.fail("socket", errno as keyof typeof cases);
      const { message } = assertThrows(() => new NetlinkSocket(kernel), SyscallError);
      assertEquals(message.includes("RestrictAddressFamilies= must name AF_NETLINK"), hint, message);
    });
  }
});

Deno.test("another error of bind has no such hint", () => {
  const kernel = new FakeSyscalls();
  kernel.fail("bind", "EPERM");
  const error = assertThrows(() => new NetlinkSocket(kernel, { port: 99 }), SyscallError);
  assertEquals(error.message, "bind failed: operation not permitted (EPERM)");
});

Deno.test("a socket that was opened elsewhere is taken over", async (t) => {
  const cases = [
    { name: "unbound, any port", port: 0, wanted: undefined, result: FIRST_PORT },
    { name: "unbound, a stated port", port: 0, wanted: 77, result: 77 },
    { name: "bound already", port: 4711, wanted: undefined, result: 4711 },
    { name: "bound to the stated port", port: 4711, wanted: 4711, result: 4711 },
  ];
  for (const { name, port, wanted, result } of cases) {
    await t.step(name, () => {
      const kernel = new FakeSyscalls();
      const fd = kernel.openElsewhere({ port });
      const socket = new NetlinkSocket(kernel, { fd, port: wanted });
      assertEquals([socket.fd, socket.port], [fd, result]);
      assertEquals(kernel.count("socket"), 0);
      assertEquals(kernel.socketOf(fd).closeOnExec, true);
      assertEquals(kernel.socketOf(fd).options.get(SO_PASSCRED), 1);
      assertEquals(kernel.socketOf(fd).options.get(SO_SNDTIMEO), SEND_WAIT_MILLISECONDS);
      socket.close();
      kernel.assertAllClosed();
    });
  }
});

Deno.test("what cannot be taken over is refused with a TypeError, and stays open", async (t) => {
  const cases = [
    { name: "another family", options: { domain: AF_UNIX }, message: "is not a NETLINK_USERSOCK socket" },
    { name: "another protocol", options: { protocol: NETLINK_ROUTE }, message: "is not a NETLINK_USERSOCK socket" },
    { name: "another port", options: { port: 4711 }, message: "is bound to port 4711 already, not to 77" },
  ];
  for (const { name, options, message } of cases) {
    await t.step(name, () => {
      const kernel = new FakeSyscalls();
      const fd = kernel.openElsewhere(options);
      const error = assertThrows(() => new NetlinkSocket(kernel, { fd, port: 77 }), TypeError);
      assertStringIncludes(error.message, `File descriptor ${fd} ${message}`);
      assertEquals(kernel.isOpen(fd), true);
    });
  }
});

Deno.test("a socket that is refused is not taken over: it stays its owner's, also in a Worker that ends", () => {
  const kernel = new FakeSyscalls();
  const fd = kernel.openElsewhere({ port: 4711 });
  assertThrows(() => new NetlinkSocket(kernel, { fd, port: 77 }), TypeError);
  assertEquals(kernel.socketOf(fd).closeOnExec, false);
});

Deno.test("a file descriptor that is no socket, or not open, is refused and not closed", () => {
  const kernel = new FakeSyscalls();
  const eventfd = kernel.eventfd(0, 0);
  for (const { fd, code } of [{ fd: eventfd, code: "ENOTSOCK" }, { fd: 999, code: "EBADF" }]) {
    const error = assertThrows(() => new NetlinkSocket(kernel, { fd }), SyscallError);
    assertEquals([error.syscall, error.code], ["getsockopt", code]);
  }
  assertEquals(kernel.isOpen(eventfd), true);
});

Deno.test("a step that fails leaves a socket that was handed in open", () => {
  for (const syscall of ["fcntl", "getsockname", "bind", "setsockopt", "getsockopt"] as const) {
    const kernel = new FakeSyscalls();
    const fd = kernel.openElsewhere();
    kernel.fail(syscall, "EPERM");
    const error = assertThrows(() => new NetlinkSocket(kernel, { fd }), SyscallError);
    assertEquals(error.syscall, syscall);
    assertEquals(kernel.isOpen(fd), true);
  }
});

Deno.test("closing frees the port at once where no thread sends; twice closes once", () => {
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel);
  assertEquals([socket.close(), socket.close()], [undefined, undefined]);
  assertEquals(kernel.count("close"), 1);
  kernel.assertAllClosed();
});
