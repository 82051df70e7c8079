import { assertEquals, assertInstanceOf, assertRejects, assertThrows, fail } from "@std/assert";
import { MSG_TRUNC } from "../../ffi/constants.ts";
import { MessageTooLargeError, PeerGoneError, SyscallError } from "../../src/errors.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";

const HELLO = new TextEncoder().encode("hello");

Deno.test("a datagram arrives as it was sent: the bytes up to its length, the port and the credentials", () => {
  const kernel = new FakeSyscalls();
  const [alice, bob] = [new NetlinkSocket(kernel, { port: 1 }), new NetlinkSocket(kernel, { port: 0xffff_fff0 })];
  const slot = kernel.createReceiveSlot(64, 0);
  kernel.credentials = { pid: 11, uid: 22, gid: 33 };
  assertEquals(bob.send(1, HELLO, 4), true);
  assertEquals(alice.receive(slot), 4);
  assertEquals(slot.data.subarray(0, 4), HELLO.subarray(0, 4));
  assertEquals(slot.port, 0xffff_fff0);
  assertEquals(slot.findCredentials(), true);
  assertEquals([slot.pid, slot.uid, slot.gid], [11, 22, 33]);
  assertEquals(slot.flags & MSG_TRUNC, 0);
});

Deno.test("datagrams of one sender arrive in order, and then nothing is there", () => {
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel);
  const slot = kernel.createReceiveSlot(64, 0);
  for (let length = 1; length <= 3; length++) socket.send(socket.port, HELLO, length);
  assertEquals([1, 2, 3, 4].map(() => socket.receive(slot)), [1, 2, 3, -1]);
});

Deno.test("a datagram that is larger than the slot has its true length, and says that it was cut", () => {
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel);
  for (
    const { overflow, flag } of [{ overflow: 0, flag: MSG_TRUNC }, { overflow: 2, flag: MSG_TRUNC }, {
      overflow: 3,
      flag: 0,
    }]
  ) {
    const slot = kernel.createReceiveSlot(2, overflow);
    socket.send(socket.port, HELLO, 5);
    assertEquals(socket.receive(slot), 5);
    assertEquals(slot.flags & MSG_TRUNC, flag, `2 and ${overflow} bytes`);
  }
});

Deno.test("a signal interrupts neither send nor receive", () => {
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel);
  const slot = kernel.createReceiveSlot(64, 0);
  kernel.fail("sendto", "EINTR", 2);
  assertEquals(socket.send(socket.port, HELLO, 5), true);
  assertEquals(kernel.count("sendto"), 3);
  kernel.fail("recvmsg", "EINTR", 2);
  assertEquals(socket.receive(slot), 5);
  assertEquals(kernel.count("recvmsg"), 3);
  assertEquals(socket.receive(slot), -1, "it was sent once");
});

Deno.test("receiving fails with the kernel's error", () => {
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel);
  const slot = kernel.createReceiveSlot(64, 0);
  for (const errno of ["ENOBUFS", "EBADF"] as const) {
    kernel.fail("recvmsg", errno);
    const error = assertThrows(() => socket.receive(slot), SyscallError);
    assertEquals([error.syscall, error.code], ["recvmsg", errno]);
  }
});

Deno.test("sending to a port that nobody holds is a PeerGoneError", () => {
  const socket = new NetlinkSocket(new FakeSyscalls());
  assertEquals(assertThrows(() => socket.send(0xffff_0000, HELLO, 5), PeerGoneError).port, 0xffff_0000);
});

Deno.test("sending to a full queue returns false and leaves nothing there, and works again once it was read", () => {
  const kernel = new FakeSyscalls();
  kernel.queueLimit = 1;
  const [sender, receiver] = [new NetlinkSocket(kernel), new NetlinkSocket(kernel, { port: 8 })];
  const slot = kernel.createReceiveSlot(64, 0);
  kernel.whileBlocked = () => fail("it waits");
  assertEquals([sender.send(8, HELLO, 1), sender.send(8, HELLO, 2)], [true, false]);
  assertEquals(receiver.receive(slot), 1);
  assertEquals(sender.send(8, HELLO, 3), true);
  assertEquals([receiver.receive(slot), receiver.receive(slot)], [3, -1]);
});

Deno.test("a datagram of the largest size is sent, and one byte more is a MessageTooLargeError", () => {
  const kernel = new FakeSyscalls();
  kernel.bufferMaximum = 4096;
  const socket = new NetlinkSocket(kernel);
  const { maxDatagram } = socket;
  assertEquals(socket.send(socket.port, new Uint8Array(maxDatagram), maxDatagram), true);
  const size = maxDatagram + 1;
  const error = assertThrows(() => socket.send(socket.port, new Uint8Array(size), size), MessageTooLargeError);
  assertInstanceOf(error, RangeError);
  assertEquals([error.size, error.maximum], [size, maxDatagram]);
});

Deno.test("another error of a send is a SyscallError", () => {
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel);
  kernel.fail("sendto", "ENOBUFS");
  const error = assertThrows(() => socket.send(1, HELLO, 5), SyscallError);
  assertEquals([error.syscall, error.code], ["sendto", "ENOBUFS"]);
});

Deno.test("a closed socket never uses its file descriptor, which may be another socket's by then", async () => {
  const kernel = new FakeSyscalls();
  kernel.reuseFds = true;
  const closed = new NetlinkSocket(kernel, { port: 1 });
  closed.close();
  const next = new NetlinkSocket(kernel, { port: 2 });
  assertEquals(next.fd, closed.fd);
  kernel.arrive(2);
  const sets = kernel.count("setsockopt");
  const slot = kernel.createReceiveSlot(64, 0);
  for (
    const { syscall, use } of [
      { syscall: "sendto", use: () => closed.send(2, HELLO, 5) },
      { syscall: "sendto", use: () => closed.sendWaiting(2, HELLO, 5, 100) },
      { syscall: "recvmsg", use: () => closed.receive(slot) },
      { syscall: "recvmsg", use: () => closed.receiveWaiting(slot, 100) },
    ]
  ) {
    const error = assertThrows(use, SyscallError);
    assertEquals([error.syscall, error.code], [syscall, "EBADF"]);
  }
  const sendSlot = kernel.createSendSlot(8);
  sendSlot.fill(2, HELLO, 5);
  assertEquals((await assertRejects(() => closed.sendInThread(sendSlot), SyscallError)).code, "EBADF");
  assertEquals(kernel.count("setsockopt"), sets, "nor is anything set on it");
  assertEquals([next.receive(slot), next.receive(slot)], [1, -1], "only what came before is in its queue");
});
