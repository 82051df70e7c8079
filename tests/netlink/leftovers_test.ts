import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { SO_RCVLOWAT, SOL_SOCKET } from "../../ffi/constants.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import {
  closeLeftover,
  forgetLiving,
  isLiving,
  livingAt,
  noteLiving,
  threadMark,
} from "../../src/netlink/leftovers.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { SyscallError } from "../../src/errors.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime, settled } from "../fakes/time.ts";

/** A link of which a thread sends to a port whose queue is full. */
function openSending(kernel: FakeSyscalls, port: number): NetlinkLink {
  kernel.queueLimit = 1;
  kernel.openElsewhere({ port: 1 });
  kernel.arrive(1);
  const link = new NetlinkLink({ port }, new Reactor(kernel));
  link.hold();
  link.sendPatiently(1, new Uint8Array([1]), 1, false).sent.catch(() => {});
  assertEquals(kernel.sendingTo, [1]);
  return link;
}

Deno.test("living sockets are noted by port and descriptor, and forgotten one by one", () => {
  // The sockets of an isolate are one table: these numbers are nobody else's.
  const [blue, green, other] = [90_001, 90_002, 90_003];
  noteLiving(77, blue);
  noteLiving(77, green);
  noteLiving(77, green);
  noteLiving(78, other);
  assertEquals([[...livingAt(77)], [...livingAt(78)], [...livingAt(79)]], [[blue, green], [other], []]);
  assertEquals([blue, green, other, 90_004].map(isLiving), [true, true, true, false]);

  forgetLiving(78, blue);
  forgetLiving(79, blue);
  assertEquals([[...livingAt(77)], [...livingAt(78)]], [[blue, green], [other]], "none is of that port");
  forgetLiving(77, blue);
  forgetLiving(77, blue);
  assertEquals([[...livingAt(77)], isLiving(blue), isLiving(green)], [[green], false, true]);
  forgetLiving(77, green);
  forgetLiving(78, other);
  assertEquals([[...livingAt(77)], isLiving(green), isLiving(other)], [[], false, false]);
  // A port that nobody holds any more takes up nothing: programs open thousands, one after the other.
  const table = (globalThis as { [key: symbol]: unknown })[Symbol.for("procslink.living-sockets")];
  assertEquals([...(table as Map<number, unknown>).keys()].filter((port) => port === 77 || port === 78), []);
});

Deno.test("a link is noted as long as its port is held", () => {
  const kernel = new FakeSyscalls();
  const link = new NetlinkLink({ port: 77 }, new Reactor(kernel));
  assertEquals([[...livingAt(77)], isLiving(link.fd)], [[link.fd], true]);
  link.close();
  assertEquals([[...livingAt(77)], isLiving(link.fd)], [[], false]);
});

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

Deno.test("a port of a dead isolate is free again in every network namespace, and other ports stay", () => {
  const kernel = new FakeSyscalls();
  const leftovers = ["own", "blue"].map((namespace) => {
    kernel.namespace = namespace;
    return new NetlinkSocket(kernel, { port: 77 });
  });
  const other = new NetlinkSocket(kernel, { port: 78 });
  assertEquals([closeLeftover(kernel, 77), closeLeftover(kernel, 77)], [true, false]);
  assertEquals([...leftovers, other].map(({ fd }) => kernel.isOpen(fd)), [false, false, true]);
});

Deno.test("where one of several sockets of a port lives, or is another thread's, none is taken for dead", () => {
  for (const how of ["lives", "another thread's"]) {
    const kernel = new FakeSyscalls();
    const leftover = new NetlinkSocket(kernel, { port: 77 });
    kernel.namespace = "blue";
    if (how !== "lives") kernel.thread++;
    const second = new NetlinkSocket(kernel, { port: 77 });
    kernel.thread = new FakeSyscalls().thread;
    if (how === "lives") noteLiving(77, second.fd);
    assertEquals(closeLeftover(kernel, 77), false);
    assertEquals([leftover, second].map(({ fd }) => kernel.isOpen(fd)), [true, true], how);
    forgetLiving(77, second.fd);
  }
});

Deno.test("another protocol's port is none of this one", () => {
  const kernel = new FakeSyscalls();
  const route = kernel.openElsewhere({ protocol: 0, port: 77 });
  kernel.setsockopt(route, SOL_SOCKET, SO_RCVLOWAT, threadMark(kernel));
  const unix = kernel.openElsewhere({ domain: 1, port: 78 });
  kernel.setsockopt(unix, SOL_SOCKET, SO_RCVLOWAT, threadMark(kernel));
  assertEquals([closeLeftover(kernel, 77), closeLeftover(kernel, 78)], [false, false]);
  assertEquals([kernel.isOpen(route), kernel.isOpen(unix)], [true, true]);
});

Deno.test("the mark of a thread is its own, and never what SO_RCVLOWAT has by itself", () => {
  const kernel = new FakeSyscalls();
  kernel.thread = 1;
  const first = threadMark(kernel);
  kernel.thread = 2;
  assertNotEquals(first, threadMark(kernel));
  assertNotEquals(first, 1);
});

Deno.test("two peers never share a descriptor", () => {
  const kernel = new FakeSyscalls();
  const reactor = new Reactor(kernel);
  const link = new NetlinkLink({ fd: kernel.openElsewhere() }, reactor);
  assertThrows(() => new NetlinkLink({ fd: link.fd }, reactor), TypeError, "is another peer's");
  link.close();
});

Deno.test("a link that is closed while a thread sends is noted until its port is free", async () => {
  using _time = fakeTime();
  const kernel = new FakeSyscalls();
  const link = openSending(kernel, 77);
  link.close();
  await settled();
  assertEquals([[...livingAt(77)], isLiving(link.fd)], [[link.fd], true]);
  const reactor = new Reactor(kernel);
  assertThrows(() => new NetlinkLink({ port: 77 }, reactor), SyscallError, "EADDRINUSE");
  assertThrows(() => new NetlinkLink({ fd: link.fd }, reactor), TypeError, "is another peer's");
  assertEquals([kernel.isOpen(link.fd), kernel.sending], [true, 1], "a thread uses it");
  kernel.endSends();
  await settled();
  assertEquals([[...livingAt(77)], isLiving(link.fd), kernel.isOpen(link.fd)], [[], false, false]);
});

Deno.test("whoever gets the port and the descriptor of a link as soon as they are free is not forgotten with it", async () => {
  using _time = fakeTime();
  const kernel = new FakeSyscalls();
  kernel.reuseFds = true;
  const link = openSending(kernel, 77);
  link.close();
  kernel.endSends();
  // Two threads come back at once: what waits for the second runs right after the socket was closed.
  const next = await Promise.resolve().then(() => new NetlinkLink({ port: 77 }, new Reactor(kernel)));
  await settled();
  assertEquals([next.fd, kernel.isOpen(next.fd)], [link.fd, true]);
  assertEquals([[...livingAt(77)], isLiving(next.fd)], [[next.fd], true], "it could be taken for a dead isolate's");
  next.close();
});
