import { assertEquals, assertThrows } from "@std/assert";
import { SO_PASSCRED, SO_RCVTIMEO, SO_SNDTIMEO, SOL_SOCKET } from "../../ffi/constants.ts";
import { MessageTooLargeError, PeerGoneError, SyscallError } from "../../src/errors.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { forgetLiving, noteLiving } from "../../src/netlink/leftovers.ts";
import { MAX_OVERFLOW } from "../../src/netlink/socket.ts";
import { MAX_DATAGRAM } from "../../src/netlink/socket_opening.ts";
import { closeLinks, openLink, RecordingReceiver, utf8 } from "../fakes/link_receiver.ts";
import { fakeTime, settled } from "../fakes/time.ts";

const HELLO = utf8("hello");

Deno.test("a port is this thread's own as long as a link holds it", async () => {
  const { kernel, reactor, link } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  const elsewhere = kernel.openElsewhere({ port: 30 });
  assertEquals([10, 20, 30, 40].map((port) => link.blocking.isOwn(port)), [true, true, false, false]);
  other.close();
  assertEquals([10, 20].map((port) => link.blocking.isOwn(port)), [true, false]);
  link.close();
  assertEquals(link.blocking.isOwn(10), false);
  kernel.close(elsewhere);
  await closeLinks(kernel, link, other);
});

Deno.test("the same port in another network namespace is somebody else's", async () => {
  const { kernel, reactor, link } = openLink();
  kernel.namespaceFiles.set("/run/netns/blue", "blue");
  const blue = new NetlinkLink({ port: 20, netns: "/run/netns/blue" }, reactor);
  const own = new NetlinkLink({ port: 30 }, reactor);
  assertEquals([10, 20, 30].map((port) => link.blocking.isOwn(port)), [true, false, true]);
  assertEquals([10, 20, 30].map((port) => blue.blocking.isOwn(port)), [false, true, false]);
  // Port 20 in both: whichever was opened first.
  noteLiving(20, own.fd);
  assertEquals([link, blue].map(({ blocking }) => blocking.isOwn(20)), [true, true]);
  blue.close();
  assertEquals(link.blocking.isOwn(20), true);
  forgetLiving(20, own.fd);
  assertEquals(link.blocking.isOwn(20), false);
  await closeLinks(kernel, link, blue, own);
});

Deno.test("a kernel that does not name namespaces has all ports of this thread for its own", async () => {
  const { kernel, reactor, link } = openLink();
  kernel.namespaceFiles.set("/run/netns/blue", "blue");
  const blue = new NetlinkLink({ port: 20, netns: "/run/netns/blue" }, reactor);
  kernel.fail("getsockopt", "ENOPROTOOPT", 2);
  assertEquals(link.blocking.isOwn(20), true);
  await closeLinks(kernel, link, blue);
});

Deno.test("a datagram is sent at once where there is room, without setting a time", async () => {
  const { kernel, link } = openLink();
  const options = kernel.count("setsockopt");
  kernel.whileBlocked = () => {
    throw new Error("It waited");
  };
  assertEquals(link.blocking.send(10, utf8("hello, and more"), 5, 2), true);
  assertEquals(kernel.readAt(10), HELLO);
  assertEquals(kernel.count("setsockopt"), options);
  await closeLinks(kernel, link);
});

Deno.test("where there is no room the thread waits for it", async () => {
  const { kernel, reactor, link } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  kernel.queueLimit = 1;
  link.send(20, utf8("before"), 6);
  const waited: [read: string, milliseconds: number | undefined][] = [];
  kernel.whileBlocked = () => {
    const read = new TextDecoder().decode(kernel.readAt(20));
    waited.push([read, kernel.socketOf(link.fd).options.get(SO_SNDTIMEO)]);
  };
  assertEquals(link.blocking.send(20, utf8("hello, and more"), 5, 2), true);
  assertEquals([waited, kernel.readAt(20)], [[["before", 2]], HELLO]);
  await closeLinks(kernel, link, other);
});

Deno.test("where no room comes in time, nothing was sent", async () => {
  const { kernel, reactor, link } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  kernel.queueLimit = 1;
  link.send(20, utf8("before"), 6);
  let waits = 0;
  kernel.whileBlocked = () => waits++;
  assertEquals([link.blocking.send(20, HELLO, 5, 2), waits], [false, 1]);
  assertEquals([kernel.readAt(20), kernel.readAt(20)], [utf8("before"), undefined]);
  await closeLinks(kernel, link, other);
});

Deno.test("sending throws as a link does: nobody there, too large, closed, and also after it has waited", async () => {
  const { kernel, reactor, link } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  assertEquals(assertThrows(() => link.blocking.send(99, HELLO, 5, 2), PeerGoneError).port, 99);
  const large = new Uint8Array(link.maxDatagram * 3);
  assertThrows(() => link.blocking.send(20, large, large.length, 2), MessageTooLargeError);
  kernel.queueLimit = 1;
  link.send(20, HELLO, 5);
  kernel.whileBlocked = () => void other.close();
  assertThrows(() => link.blocking.send(20, HELLO, 5, 2), PeerGoneError);
  link.close();
  const closed = assertThrows(() => link.blocking.send(20, HELLO, 5, 2), SyscallError);
  assertEquals(closed.code, "EBADF");
  await closeLinks(kernel, link, other);
});

Deno.test("without time a datagram is read that is there, one at a time, and nobody waits", async () => {
  const { kernel, link, receiver } = openLink();
  const blocking = new RecordingReceiver();
  kernel.whileBlocked = () => {
    throw new Error("It waited");
  };
  assertEquals(link.blocking.receive(blocking, 0), false);
  kernel.credentials = { pid: 11, uid: 22, gid: 33 };
  for (const text of ["one", "two"]) kernel.arrive(10, utf8(text), 50);
  assertEquals(link.blocking.receive(blocking, 0), true);
  assertEquals(blocking.received, [{ text: "one", sender: { port: 50, uid: 22, gid: 33, pidHint: 11 } }]);
  assertEquals([link.blocking.receive(blocking, 0), link.blocking.receive(blocking, 0)], [true, false]);
  assertEquals(blocking.texts, ["one", "two"]);
  assertEquals(receiver.received, [], "the link's own receiver is not told");
  await closeLinks(kernel, link);
});

Deno.test("with time the thread waits for a datagram, but not where one is there", async () => {
  const { kernel, link } = openLink();
  const receiver = new RecordingReceiver();
  let waits = 0;
  kernel.whileBlocked = () => {
    waits++;
    if (waits === 1) kernel.arrive(10, utf8("late"));
  };
  kernel.arrive(10, utf8("early"));
  assertEquals([link.blocking.receive(receiver, 5), waits], [true, 0]);
  assertEquals([link.blocking.receive(receiver, 5), waits], [true, 1]);
  assertEquals([link.blocking.receive(receiver, 5), waits], [false, 2], "nothing came in time");
  const times: (number | undefined)[] = [];
  kernel.whileBlocked = () => {
    times.push(kernel.socketOf(link.fd).options.get(SO_RCVTIMEO));
    kernel.arrive(10, utf8("at last"));
  };
  for (const milliseconds of [0.1, 20, Infinity]) {
    assertEquals(link.blocking.receive(receiver, milliseconds), true);
  }
  assertEquals(times, [1, 20, 0], "in whole milliseconds, where 0 is without end");
  assertEquals(receiver.texts, ["early", "late", "at last", "at last", "at last"]);
  await closeLinks(kernel, link);
});

Deno.test("an overrun is trouble, whether it is met at once or after a wait, and what is left is read", async () => {
  const { kernel, link } = openLink();
  const receiver = new RecordingReceiver();
  kernel.fail("recvmsg", "ENOBUFS");
  kernel.arrive(10, utf8("left"));
  assertEquals(link.blocking.receive(receiver, 0), true);
  assertEquals(receiver.texts, []);
  assertEquals(link.blocking.receive(receiver, 0), true);
  kernel.whileBlocked = () => kernel.arrive(10, utf8("more"));
  kernel.fail("recvmsg", "ENOBUFS", 1, 1);
  assertEquals(link.blocking.receive(receiver, 5), true);
  assertEquals(receiver.troubles.map(([kind, , port]) => [kind, port]), Array(2).fill(["overrun", undefined]));
  assertEquals(receiver.texts, ["left"]);
  await closeLinks(kernel, link);
});

Deno.test("another error is thrown, and nobody is told", async () => {
  const { kernel, link } = openLink();
  const receiver = new RecordingReceiver();
  for (const milliseconds of [0, 5]) {
    kernel.fail("recvmsg", "EIO", 1, milliseconds === 0 ? 0 : 1);
    const error = assertThrows(() => link.blocking.receive(receiver, milliseconds), SyscallError);
    assertEquals(error.code, "EIO");
  }
  link.close();
  assertEquals(assertThrows(() => link.blocking.receive(receiver, 0), SyscallError).code, "EBADF");
  assertEquals([receiver.received, receiver.troubles], [[], []]);
  await closeLinks(kernel, link);
});

Deno.test("a datagram without credentials and one that is too large are trouble; a large one arrives whole", async () => {
  const { kernel, link } = openLink();
  const receiver = new RecordingReceiver();
  const capacity = MAX_DATAGRAM + MAX_OVERFLOW;
  kernel.arrive(10, new Uint8Array(capacity + 1), 50);
  kernel.arrive(10, new Uint8Array(MAX_DATAGRAM + 1).fill(0x41), 51);
  for (let count = 0; count < 2; count++) assertEquals(link.blocking.receive(receiver, 0), true);
  kernel.setsockopt(link.fd, SOL_SOCKET, SO_PASSCRED, 0);
  kernel.arrive(10, utf8("anonymous"), 52);
  assertEquals(link.blocking.receive(receiver, 0), true);
  assertEquals(receiver.troubles.map(([kind, , port]) => [kind, port]), [["truncated", 50], ["spoofed", 52]]);
  assertEquals(receiver.received.map(({ text, sender }) => [text.length, sender.port]), [[MAX_DATAGRAM + 1, 51]]);
  await closeLinks(kernel, link);
});

Deno.test("what the event loop has just read stays as it is while a datagram is read in its midst", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  const texts: string[] = [];
  const inner = new RecordingReceiver();
  receiver.receive = (bytes, length) => {
    const text = () => new TextDecoder().decode(bytes.subarray(0, length));
    texts.push(text());
    link.blocking.receive(inner, 0);
    texts.push(text());
  };
  for (const text of ["outer", "inner"]) kernel.arrive(10, utf8(text));
  link.hold();
  await settled();
  assertEquals([texts, inner.texts], [["outer", "outer"], ["inner"]]);
  await closeLinks(kernel, link);
});

Deno.test("what is being read stays as it is while another datagram is read in its midst, each time", async () => {
  const { kernel, link } = openLink();
  let slots = 0;
  const createReceiveSlot = kernel.createReceiveSlot.bind(kernel);
  kernel.createReceiveSlot = (...sizes) => {
    slots++;
    return createReceiveSlot(...sizes);
  };
  // Whoever takes a datagram apart may report trouble, and a listener may make a synchronous call.
  const receiverAt = (depth: number, texts: string[]) => ({
    receive(bytes: Uint8Array, length: number) {
      const text = () => new TextDecoder().decode(bytes.subarray(0, length));
      const before = text();
      if (depth > 1) link.blocking.receive(receiverAt(depth - 1, texts), 0);
      texts.push(`${before} ${text()}`);
    },
    trouble() {},
  });
  for (let round = 0; round < 3; round++) {
    const texts: string[] = [];
    for (const text of ["outer", "inner", "inmost"]) kernel.arrive(10, utf8(text));
    link.blocking.receive(receiverAt(3, texts), 0);
    assertEquals(texts, ["inmost inmost", "inner inner", "outer outer"]);
    assertEquals(link.blocking.receive(receiverAt(1, texts), 0), false);
  }
  assertEquals(slots, 3, "their memory is used again");
  await closeLinks(kernel, link);
});
