import { assertEquals, assertThrows } from "@std/assert";
import { SO_RCVLOWAT, SOL_SOCKET } from "../../ffi/constants.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { SyscallError } from "../../src/errors.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";

Deno.test("the port of a dead isolate of the same thread is taken over", () => {
  const kernel = new FakeSyscalls();
  const leftover = new NetlinkSocket(kernel, { port: 77 });
  const other = new NetlinkSocket(kernel, { port: 78 });
  const link = new NetlinkLink({ port: 77 }, new Reactor(kernel));
  assertEquals([link.port, kernel.isOpen(leftover.fd), kernel.isOpen(other.fd)], [77, false, true]);
  link.close();
  other.close();
  kernel.assertAllClosed();
});

Deno.test("the port of another thread, and of this isolate, is taken", () => {
  const kernel = new FakeSyscalls();
  kernel.thread = 1;
  const worker = new NetlinkSocket(kernel, { port: 77 });
  kernel.thread = 2;
  const reactor = new Reactor(kernel);
  const own = new NetlinkLink({ port: 78 }, reactor);
  for (const port of [77, 78]) {
    const error = assertThrows(() => new NetlinkLink({ port }, reactor), SyscallError);
    assertEquals(error.code, "EADDRINUSE");
  }
  assertEquals([kernel.isOpen(worker.fd), kernel.isOpen(own.fd)], [true, true]);
  own.close();
  worker.close();
  kernel.assertAllClosed();
});

Deno.test("the port of another process is taken", () => {
  const kernel = new FakeSyscalls();
  const elsewhere = kernel.openElsewhere({ port: 77 });
  assertThrows(() => new NetlinkLink({ port: 77 }, new Reactor(kernel)), SyscallError);
  assertEquals(kernel.isOpen(elsewhere), true);
  assertThrows(() => new NetlinkSocket(kernel, { port: 77 }), SyscallError);
});

Deno.test("a socket that nobody has marked is nobody's leftover, also in the first process of a container", () => {
  const kernel = new FakeSyscalls();
  kernel.thread = 1;
  const fd = kernel.openElsewhere({ port: 77 });
  kernel.setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, 1);
  assertThrows(() => new NetlinkLink({ port: 77 }, new Reactor(kernel)), SyscallError);
  assertEquals(kernel.isOpen(fd), true);
});

Deno.test("two peers never share a descriptor", () => {
  const kernel = new FakeSyscalls();
  const reactor = new Reactor(kernel);
  const link = new NetlinkLink({ fd: kernel.openElsewhere() }, reactor);
  assertThrows(() => new NetlinkLink({ fd: link.fd }, reactor), TypeError, "is another peer's");
  link.close();
});
