import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PeerGoneError, SyscallError } from "../../src/errors.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { livingAt } from "../../src/netlink/leftovers.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { MAX_DATAGRAM } from "../../src/netlink/socket_opening.ts";
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

Deno.test("a datagram that waits for room is sent when there is some, and holds up nothing else", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link } = openLink();
  const [slow, quick] = [20, 30].map((port) => new NetlinkLink({ port }, reactor)) as [NetlinkLink, NetlinkLink];
  kernel.queueLimit = 1;
  assertEquals(link.send(20, utf8("first"), 5), true);
  assertEquals(link.send(20, utf8("second"), 6), false, "there is no room");
  link.hold();
  const patient = link.sendPatiently(20, utf8("second, and more"), 6, false).sent;
  assertEquals([kernel.sending, link.send(30, utf8("other"), 5)], [1, true]);
  assertEquals(kernel.readAt(20), utf8("first"));
  assertEquals([await patient, kernel.readAt(20)], [true, utf8("second")]);
  await closeLinks(kernel, link, slow, quick);
});

Deno.test("a datagram for which no room comes in time is given back, and one to nobody rejects", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  kernel.queueLimit = 1;
  link.send(20, utf8("first"), 5);
  link.hold();
  const patient = link.sendPatiently(20, utf8("second"), 6, false).sent;
  kernel.endSends();
  assertEquals(await patient, false);
  const gone = await assertRejects(() => link.sendPatiently(99, utf8("hello"), 5, false).sent, PeerGoneError);
  assertEquals(gone.port, 99);
  await closeLinks(kernel, link, other);
});

Deno.test("one of four threads is never for a receiver that has let a whole wait pass", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link } = openLink();
  const ports = [20, 30, 40, 50, 60];
  const others = ports.map((port) => new NetlinkLink({ port }, reactor));
  kernel.queueLimit = 1;
  for (const port of ports) link.send(port, utf8("first"), 5);
  link.hold();
  const stalled = ports.slice(1).map((port) => link.sendPatiently(port, utf8("second"), 6, true).sent);
  assertEquals(kernel.sending, 3);
  const fresh = link.sendPatiently(20, utf8("second"), 6, false).sent;
  assertEquals(kernel.sending, 4);
  for (const port of ports) kernel.readAt(port);
  assertEquals(await fresh, true);
  await settled();
  for (const port of ports) kernel.readAt(port);
  assertEquals(await Promise.all(stalled), [true, true, true, true]);
  await closeLinks(kernel, link, ...others);
});

Deno.test("for a link that lets nothing wait no thread waits: a timer tries again", async () => {
  using time = fakeTime();
  const { kernel, reactor, link } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  kernel.queueLimit = 1;
  link.send(20, utf8("first"), 5);
  link.unref();
  link.hold();
  const patient = link.sendPatiently(20, utf8("second"), 6, false).sent;
  assertEquals(kernel.sending, 0);
  kernel.readAt(20);
  await time.pass(5);
  assertEquals([await patient, kernel.readAt(20)], [true, utf8("second")]);
  link.ref();
  link.send(20, utf8("third"), 5);
  const waits = link.sendPatiently(20, utf8("fourth"), 6, false).sent;
  assertEquals(kernel.sending, 1);
  kernel.readAt(20);
  assertEquals(await waits, true);
  await closeLinks(kernel, link, other);
});

Deno.test("for a link that is not held no thread waits either: it would keep the process running", async () => {
  using time = fakeTime();
  const { kernel, reactor, link } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  kernel.queueLimit = 1;
  link.send(20, utf8("first"), 5);
  const patient = link.sendPatiently(20, utf8("second"), 6, false).sent;
  assertEquals(kernel.sending, 0);
  kernel.readAt(20);
  await time.pass(5);
  assertEquals(await patient, true);
  await closeLinks(kernel, link, other);
});

Deno.test("what waits for a thread can be given up, what a thread has cannot", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link } = openLink();
  const ports = [20, 30, 40, 50, 60];
  const others = ports.map((port) => new NetlinkLink({ port }, reactor));
  kernel.queueLimit = 1;
  for (const port of ports) link.send(port, utf8("first"), 5);
  link.hold();
  const sends = ports.map((port) => link.sendPatiently(port, utf8("second"), 6, false));
  assertEquals(kernel.sending, 4);
  assertEquals([sends[0]!.cancel(), sends[4]!.cancel(), sends[4]!.cancel()], [false, true, false]);
  assertEquals(await sends[4]!.sent, false);
  for (const port of ports) kernel.readAt(port);
  assertEquals(await Promise.all(sends.map(({ sent }) => sent)), [true, true, true, true, false]);
  assertEquals(kernel.readAt(60), undefined);
  await closeLinks(kernel, link, ...others);
});

Deno.test("a link that is closed while a thread sends keeps its port until the thread has come back", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  kernel.queueLimit = 1;
  link.send(20, utf8("first"), 5);
  link.hold();
  const patient = link.sendPatiently(20, utf8("second"), 6, false).sent;
  const freed = link.close();
  assertEquals([freed instanceof Promise, kernel.isOpen(link.fd)], [true, true]);
  assertEquals(other.blocking.isOwn(10), true, "nobody may take it for a socket that was left behind");
  assertThrows(() => new NetlinkLink({ port: 10 }, reactor), SyscallError);
  kernel.endSends();
  await freed;
  assertEquals(kernel.isOpen(link.fd), false);
  await assertRejects(() => patient, SyscallError);
  await settled();
  assertEquals([other.blocking.isOwn(10), livingAt(10).size], [false, 0]);
  new NetlinkLink({ port: 10 }, reactor).close();
  assertEquals(other.close(), undefined, "without a thread it is free at once");
  await closeLinks(kernel, other);
});

Deno.test("a link that has failed frees its port, as one that is closed does", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link, receiver } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  kernel.fail("recvmsg", "EIO");
  kernel.arrive(10);
  link.hold();
  await settled();
  assertEquals([receiver.failures.length, other.blocking.isOwn(10)], [1, false]);
  assertThrows(() => link.send(20, utf8("hello"), 5), SyscallError);
  assertEquals(link.close(), undefined);
  await closeLinks(kernel, other);
});

Deno.test("a file descriptor that is another link's is refused, and stays that one's", async () => {
  const { kernel, reactor, link } = openLink();
  assertThrows(
    () => new NetlinkLink({ fd: link.fd }, reactor),
    TypeError,
    `File descriptor ${link.fd} is another peer's`,
  );
  assertEquals(kernel.isOpen(link.fd), true);
  await closeLinks(kernel, link);
});
