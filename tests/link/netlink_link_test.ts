import { assertEquals, assertThrows } from "@std/assert";
import { PeerGoneError, SyscallError } from "../../src/errors.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { MAX_DATAGRAM } from "../../src/netlink/socket.ts";
import { closeLinks, openLink, utf8 } from "../fakes/link_receiver.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime, settled } from "../fakes/time.ts";

Deno.test("a link has its socket's port, size and file descriptor", async () => {
  const { kernel, link } = openLink();
  assertEquals([link.port, link.maxDatagram, kernel.isOpen(link.fd)], [10, MAX_DATAGRAM, true]);
  await closeLinks(kernel, link);
});

Deno.test("a link delivers what another one sends, with the sender in the words of the kernel", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link, receiver } = openLink();
  const other = new NetlinkLink({ port: 0xffff_fff0 }, reactor);
  kernel.credentials = { pid: 11, uid: 22, gid: 33 };
  link.hold();
  other.send(10, utf8("hello, and more"), 5);
  assertEquals(receiver.received, [], "not before send has returned");
  await settled();
  assertEquals(receiver.received, [{
    text: "hello",
    sender: { port: 0xffff_fff0, uid: 22, gid: 33, pidHint: 11 },
  }]);
  assertThrows(() => other.send(999, utf8("hello"), 5), PeerGoneError);
  await closeLinks(kernel, link, other);
});

Deno.test("what a link sends to itself arrives after send has returned", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  link.hold();
  link.send(10, utf8("self"), 4);
  assertEquals(receiver.received, []);
  await settled();
  assertEquals(receiver.texts, ["self"]);
  await closeLinks(kernel, link);
});

Deno.test("another error fails the link once, and closes its socket", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  kernel.fail("recvmsg", "EIO");
  kernel.arrive(10);
  link.hold();
  await settled();
  assertEquals(receiver.failures.map((error) => (error as SyscallError).code), ["EIO"]);
  assertEquals(receiver.received, []);
  kernel.assertAllClosed();
  link.close();
});

Deno.test("a link whose wait fails closes itself and says why", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  link.hold();
  kernel.fail("epoll_wait", "EBADF", 2);
  await settled();
  assertEquals(receiver.failures.map((error) => (error as SyscallError).syscall), ["epoll_wait"]);
  kernel.assertAllClosed();
});

Deno.test("a link reads only while it is held: until then datagrams wait in the queue", async () => {
  using time = fakeTime();
  const { kernel, link, receiver } = openLink();
  kernel.arrive(10, utf8("early"));
  await time.pass(20);
  assertEquals(receiver.texts, []);
  link.hold();
  await settled();
  assertEquals(receiver.texts, ["early"]);
  link.release();
  await time.pass(20);
  kernel.arrive(10, utf8("late"));
  await time.pass(20);
  assertEquals([receiver.texts, kernel.waiting], [["early"], false]);
  await closeLinks(kernel, link);
});

Deno.test("unref lets nothing wait for the link, and ref does again", async () => {
  using time = fakeTime();
  const { kernel, link, receiver } = openLink();
  link.unref();
  link.hold();
  kernel.arrive(10, utf8("seen by timer"));
  await time.pass(1);
  assertEquals([receiver.texts, kernel.waits], [["seen by timer"], 0]);
  link.ref();
  assertEquals(kernel.waiting, true);
  await closeLinks(kernel, link);
});

Deno.test("closing twice closes once, and a shutdown closes a link without a word", async () => {
  const { kernel, link } = openLink();
  link.close();
  link.close();
  kernel.assertAllClosed();

  const second = openLink();
  second.link.hold();
  second.reactor.shutdown();
  second.kernel.assertAllClosed();
  assertEquals(second.receiver.failures, []);
  await settled();
});

Deno.test("a link that was not started drops what arrives, and does not spin", async () => {
  using _time = fakeTime();
  const kernel = new FakeSyscalls();
  const link = new NetlinkLink({ port: 10 }, new Reactor(kernel));
  kernel.arrive(10);
  link.hold();
  await settled();
  assertEquals([kernel.waits, kernel.waiting], [2, true]);
  await closeLinks(kernel, link);
});

Deno.test("a socket that cannot be opened leaves nothing behind", () => {
  const kernel = new FakeSyscalls();
  const reactor = new Reactor(kernel);
  const link = new NetlinkLink({ port: 10 }, reactor);
  assertThrows(() => new NetlinkLink({ port: 10 }, reactor), SyscallError);
  link.close();
  kernel.assertAllClosed();
});
