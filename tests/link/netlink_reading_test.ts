import { assertEquals, assertNotStrictEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { SO_PASSCRED, SOL_SOCKET } from "../../ffi/constants.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { MAX_OVERFLOW } from "../../src/netlink/socket.ts";
import { MAX_DATAGRAM } from "../../src/netlink/socket_opening.ts";
import { closeLinks, openLink, RecordingReceiver, utf8 } from "../fakes/link_receiver.ts";
import { fakeTime, settled } from "../fakes/time.ts";

Deno.test("one sender object serves for datagrams in a row, another one for whoever differs in anything", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  const same = { pid: 1, uid: 2, gid: 3 };
  const senders = [
    { from: 50, credentials: same },
    { from: 50, credentials: { ...same } },
    { from: 51, credentials: same },
    { from: 51, credentials: { ...same, pid: 9 } },
    { from: 51, credentials: { ...same, pid: 9, uid: 9 } },
    { from: 51, credentials: { pid: 9, uid: 9, gid: 9 } },
  ];
  for (const { from, credentials } of senders) {
    kernel.credentials = credentials;
    kernel.arrive(10, utf8("x"), from);
  }
  link.hold();
  await settled();
  const callers = receiver.received.map(({ sender }) => sender);
  assertEquals(
    callers,
    senders.map(({ from, credentials: { pid, uid, gid } }) => ({ port: from, uid, gid, pidHint: pid })),
  );
  assertStrictEquals(callers[0], callers[1]);
  for (let index = 2; index < callers.length; index++) assertNotStrictEquals(callers[index], callers[index - 1]);
  assertEquals(callers.every((caller) => Object.isFrozen(caller)), true);
  await closeLinks(kernel, link);
});

Deno.test("a datagram larger than any that is sent arrives whole, and so does the next one", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  const large = new Uint8Array(3 * MAX_DATAGRAM).fill(0x41);
  large.fill(0x42, MAX_DATAGRAM);
  large.fill(0x43, MAX_DATAGRAM + 1);
  kernel.arrive(10, large, 50);
  kernel.arrive(10, utf8("next"));
  kernel.arrive(10, large.subarray(0, MAX_DATAGRAM + 1));
  link.hold();
  await settled();
  const whole = `${"A".repeat(MAX_DATAGRAM)}B${"C".repeat(2 * MAX_DATAGRAM - 1)}`;
  assertEquals(receiver.texts.map((text) => text.length), [whole.length, 4, MAX_DATAGRAM + 1]);
  assertEquals([receiver.texts[0] === whole, receiver.texts[1], receiver.texts[2]!.slice(-2)], [true, "next", "AB"]);
  assertEquals([receiver.received[0]!.sender.port, receiver.troubles], [50, []]);
  await closeLinks(kernel, link);
});

Deno.test("a datagram larger than what is read is trouble, and the next one arrives", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  const capacity = MAX_DATAGRAM + MAX_OVERFLOW;
  kernel.arrive(10, new Uint8Array(capacity + 1), 50);
  kernel.arrive(10, utf8("next"));
  link.hold();
  await settled();
  const [trouble] = receiver.troubles;
  assertEquals([receiver.troubles.length, trouble?.[0], trouble?.[2]], [1, "truncated", 50]);
  assertStringIncludes(trouble![1], `${capacity + 1} bytes: at most ${capacity} are read`);
  assertEquals(receiver.texts, ["next"]);
  await closeLinks(kernel, link);
});

Deno.test("a truncated datagram whose sender the kernel does not name is one trouble", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  kernel.setsockopt(link.fd, SOL_SOCKET, SO_PASSCRED, 0);
  kernel.arrive(10, new Uint8Array(MAX_DATAGRAM + MAX_OVERFLOW + 1), 50);
  link.hold();
  await settled();
  assertEquals(receiver.troubles.map(([kind]) => kind), ["spoofed"]);
  await closeLinks(kernel, link);
});

Deno.test("a datagram of the largest size arrives whole", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  kernel.arrive(10, new Uint8Array(MAX_DATAGRAM).fill(0x41));
  link.hold();
  await settled();
  assertEquals([receiver.texts[0]?.length, receiver.troubles], [MAX_DATAGRAM, []]);
  await closeLinks(kernel, link);
});

Deno.test("a datagram whose sender the kernel does not name is trouble, also after one that was named", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  link.hold();
  kernel.arrive(10, utf8("named"), 50);
  await settled();
  kernel.setsockopt(link.fd, SOL_SOCKET, SO_PASSCRED, 0);
  kernel.arrive(10, utf8("anonymous"), 51);
  await settled();
  assertEquals(receiver.texts, ["named"]);
  assertEquals(receiver.troubles.map(([kind, , port]) => [kind, port]), [["spoofed", 51]]);
  await closeLinks(kernel, link);
});

Deno.test("an overrun is trouble, and what is left in the queue is read", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  kernel.fail("recvmsg", "ENOBUFS", 1, 1);
  kernel.arrive(10, utf8("before"));
  kernel.arrive(10, utf8("after"));
  link.hold();
  await settled();
  assertEquals(receiver.texts, ["before", "after"]);
  assertEquals(receiver.troubles.map(([kind, , port]) => [kind, port]), [["overrun", undefined]]);
  assertEquals([receiver.failures, kernel.waits], [[], 2], "all in one turn");
  await closeLinks(kernel, link);
});

Deno.test("closing while it reads stops the reading", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  receiver.onReceive = () => link.close();
  for (const text of ["one", "two"]) kernel.arrive(10, utf8(text));
  link.hold();
  await settled();
  assertEquals(receiver.texts, ["one"]);
  assertEquals([kernel.count("recvmsg"), receiver.failures], [1, []]);
  kernel.assertAllClosed();
});

Deno.test("a link reads 64 datagrams in a turn; then another one has its turn", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link, receiver } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  const neighbour = new RecordingReceiver();
  other.start(neighbour);
  const readBefore: number[] = [];
  neighbour.onReceive = () => readBefore.push(receiver.received.length);
  kernel.threadDelay = 1;
  link.hold();
  other.hold();
  for (let count = 0; count < 150; count++) kernel.arrive(10, utf8("flood"));
  kernel.arrive(20, utf8("small"));
  kernel.schedYield();
  await settled();
  assertEquals([readBefore, receiver.received.length], [[64], 150]);
  await closeLinks(kernel, link, other);
});

Deno.test("a link stops at the deadline of the turn, within eight datagrams", async () => {
  using time = fakeTime();
  const { kernel, reactor, link, receiver } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  const readBefore: number[] = [];
  const neighbour = new RecordingReceiver();
  other.start(neighbour);
  neighbour.onReceive = () => readBefore.push(receiver.received.length);
  // A slow receiver: its first datagram takes the whole turn.
  receiver.onReceive = () => time.busy(100);
  kernel.threadDelay = 1;
  link.hold();
  other.hold();
  for (let count = 0; count < 20; count++) kernel.arrive(10, utf8("slow"));
  kernel.arrive(20, utf8("small"));
  kernel.schedYield();
  await settled(10);
  assertEquals([readBefore, receiver.received.length], [[7], 20]);
  await closeLinks(kernel, link, other);
});
