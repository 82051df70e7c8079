import { assertEquals } from "@std/assert";
import { SO_PASSCRED, SO_RCVBUF } from "../../ffi/constants.ts";
import type { SyscallError } from "../../src/errors.ts";
import { NetlinkEar } from "../../src/link/netlink_ear.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { MAX_DATAGRAM } from "../../src/netlink/socket_opening.ts";
import { RecordingReceiver, utf8 } from "../fakes/link_receiver.ts";
import { FIRST_PORT } from "../fakes/kernel.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime, settled } from "../fakes/time.ts";

/** An ear on a kernel of its own. Datagrams arrive at its port, as those of a group do. */
function openEar() {
  const kernel = new FakeSyscalls();
  let ends = 0;
  const ear = new NetlinkEar(new Reactor(kernel), 5, undefined, () => ends++);
  const listen = (from: number) => {
    const receiver = new RecordingReceiver();
    return { receiver, listener: ear.listen(from, receiver) };
  };
  const arrive = (text: string, from: number) => kernel.arrive(FIRST_PORT, utf8(text), from);
  return { kernel, ear, listen, arrive, ended: () => ends };
}

/** Fails where something is open once nothing waits any more. */
async function assertClosed(kernel: FakeSyscalls): Promise<void> {
  await settled();
  kernel.assertAllClosed();
}

Deno.test("each listener gets what comes from its port, and nothing of others is trouble", async () => {
  using _time = fakeTime();
  const { kernel, listen, arrive } = openEar();
  const [first, second, third] = [listen(20), listen(20), listen(30)];
  first.listener.hold();
  arrive("a", 20);
  arrive("b", 40);
  arrive("c", 30);
  await settled();
  assertEquals([first, second, third].map(({ receiver }) => receiver.texts), [["a"], ["a"], ["c"]]);
  assertEquals([first, second, third].flatMap(({ receiver }) => receiver.troubles), []);
  for (const { listener } of [first, second, third]) listener.close();
  await assertClosed(kernel);
});

Deno.test("it reads only while somebody holds it, and closes once nobody listens", async () => {
  using time = fakeTime();
  const { kernel, listen, arrive, ended } = openEar();
  const [first, second] = [listen(20), listen(20)];
  arrive("early", 20);
  await time.pass(20);
  assertEquals(first.receiver.texts, []);
  first.listener.hold();
  second.listener.hold();
  await settled();
  assertEquals(first.receiver.texts, ["early"]);
  first.listener.release();
  arrive("held by the other", 20);
  await settled();
  assertEquals(first.receiver.texts, ["early", "held by the other"]);
  second.listener.close();
  await time.pass(20);
  arrive("late", 20);
  await time.pass(20);
  assertEquals([first.receiver.texts.length, ended()], [2, 0]);
  first.listener.close();
  first.listener.close();
  assertEquals(ended(), 1);
  await assertClosed(kernel);
});

Deno.test("it keeps the process running while one that is held wants that", async () => {
  using time = fakeTime();
  const { kernel, listen } = openEar();
  const [first, second] = [listen(20), listen(30)];
  first.listener.hold();
  first.listener.unref();
  second.listener.hold();
  await settled();
  assertEquals(kernel.waiting, true);
  second.listener.release();
  await time.pass(50);
  assertEquals(kernel.waiting, false);
  first.listener.ref();
  await settled();
  assertEquals(kernel.waiting, true);
  for (const { listener } of [first, second]) listener.close();
  await time.pass(50);
  await assertClosed(kernel);
});

Deno.test("an overrun is told to all, and what comes behind it is read", async () => {
  using _time = fakeTime();
  const { kernel, listen, arrive } = openEar();
  const both = [listen(20), listen(30)];
  kernel.fail("recvmsg", "ENOBUFS");
  both[0]!.listener.hold();
  arrive("behind", 20);
  await settled();
  for (const { receiver } of both) assertEquals(receiver.troubles.map(([kind]) => kind), ["overrun"]);
  assertEquals(both[0]!.receiver.texts, ["behind"]);
  for (const { listener } of both) listener.close();
  await assertClosed(kernel);
});

Deno.test("another error closes it, and tells all", async () => {
  using _time = fakeTime();
  const { kernel, listen, arrive, ended } = openEar();
  const both = [listen(20), listen(30)];
  kernel.fail("recvmsg", "EIO");
  both[0]!.listener.hold();
  arrive("unread", 20);
  await settled();
  for (const { receiver } of both) {
    assertEquals(receiver.failures.map((error) => (error as SyscallError).code), ["EIO"]);
    assertEquals([receiver.texts, receiver.troubles], [[], []]);
  }
  assertEquals(ended(), 1);
  await assertClosed(kernel);
  for (const { listener } of both) listener.close();
  assertEquals(ended(), 1);
});

Deno.test("a drain reads all that has been sent, held or not, also more than in one turn", async () => {
  const { kernel, listen, arrive } = openEar();
  const { listener, receiver } = listen(20);
  for (let number = 0; number < 200; number++) arrive(`${number}`, 20);
  listener.drain();
  assertEquals(receiver.texts, Array.from({ length: 200 }, (_, number) => `${number}`));
  listener.close();
  listener.drain();
  await assertClosed(kernel);
});

Deno.test("a drain comes to an end although others go on sending", async () => {
  const { kernel, listen, arrive } = openEar();
  const { listener, receiver } = listen(20);
  receiver.onReceive = () => arrive("more", 20);
  arrive("first", 20);
  listener.drain();
  assertEquals(receiver.texts.length, 128 * 64);
  listener.close();
  await assertClosed(kernel);
});

Deno.test("one that closes all while it is told reads no more", async () => {
  using _time = fakeTime();
  const { kernel, listen, arrive } = openEar();
  const { listener, receiver } = listen(20);
  receiver.onReceive = () => listener.close();
  listener.hold();
  arrive("a", 20);
  arrive("b", 20);
  await settled();
  assertEquals(receiver.texts, ["a"]);
  await assertClosed(kernel);
});

Deno.test("what has no credentials is told to whom it is for, and handed to nobody", async () => {
  using _time = fakeTime();
  const { kernel, ear, listen, arrive } = openEar();
  const [first, other] = [listen(20), listen(30)];
  kernel.socketOf(ear.fd).options.set(SO_PASSCRED, 0);
  first.listener.hold();
  arrive("whose?", 20);
  await settled();
  assertEquals(first.receiver.troubles.map(([kind]) => kind), ["spoofed"]);
  assertEquals([first.receiver.texts, other.receiver.troubles], [[], []]);
  for (const { listener } of [first, other]) listener.close();
  await assertClosed(kernel);
});

Deno.test("its capacity is what the kernel grants, and a datagram of any size is read", async () => {
  using _time = fakeTime();
  const { kernel, ear, listen } = openEar();
  assertEquals(ear.capacity, kernel.socketOf(ear.fd).options.get(SO_RCVBUF)!);
  assertEquals(ear.capacity, 2 * 1_048_576);
  const { listener, receiver } = listen(20);
  assertEquals(listener.capacity, ear.capacity);
  listener.hold();
  kernel.arrive(FIRST_PORT, new Uint8Array(2 * MAX_DATAGRAM).fill(0x41), 20);
  await settled();
  assertEquals(receiver.texts.map(({ length }) => length), [2 * MAX_DATAGRAM]);
  listener.close();
  await assertClosed(kernel);
});

Deno.test("where it cannot be waited for, a hold fails and counts for nothing", async () => {
  using time = fakeTime();
  const { kernel, listen } = openEar();
  const { listener } = listen(20);
  kernel.fail("epoll_ctl", "ENOMEM");
  let error: unknown;
  try {
    listener.hold();
  } catch (thrown) {
    error = thrown;
  }
  assertEquals((error as SyscallError).code, "ENOMEM");
  listener.hold();
  await settled();
  assertEquals(kernel.waiting, true);
  listener.release();
  await time.pass(50);
  assertEquals(kernel.waiting, false);
  listener.close();
});
