import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { MSG_TRUNC } from "../../ffi/constants.ts";
import { MessageTooLargeError, PeerGoneError, ReceiverFullError, SyscallError } from "../../src/errors.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";

const HELLO = new TextEncoder().encode("hello");

Deno.test("a datagram arrives as it was sent: the bytes up to its length, the port and the credentials", () => {
  const kernel = new FakeSyscalls();
  const [alice, bob] = [new NetlinkSocket(kernel, { port: 1 }), new NetlinkSocket(kernel, { port: 0xffff_fff0 })];
  const slot = kernel.createReceiveSlot(64);
  kernel.credentials = { pid: 11, uid: 22, gid: 33 };
  bob.send(1, HELLO, 4);
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
  const slot = kernel.createReceiveSlot(64);
  for (let length = 1; length <= 3; length++) socket.send(socket.port, HELLO, length);
  assertEquals([1, 2, 3, 4].map(() => socket.receive(slot)), [1, 2, 3, -1]);
});

Deno.test("a datagram that is larger than the slot has its true length, and says that it was cut", () => {
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel);
  const slot = kernel.createReceiveSlot(2);
  socket.send(socket.port, HELLO, 5);
  assertEquals(socket.receive(slot), 5);
  assertEquals(slot.flags & MSG_TRUNC, MSG_TRUNC);
});

Deno.test("a signal interrupts neither send nor receive", () => {
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel);
  const slot = kernel.createReceiveSlot(64);
  kernel.fail("sendto", "EINTR", 2);
  socket.send(socket.port, HELLO, 5);
  assertEquals(kernel.count("sendto"), 3);
  kernel.fail("recvmsg", "EINTR", 2);
  assertEquals(socket.receive(slot), 5);
  assertEquals(kernel.count("recvmsg"), 3);
  assertEquals(socket.receive(slot), -1, "it was sent once");
});

Deno.test("receiving fails with the kernel's error", () => {
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel);
  for (const errno of ["ENOBUFS", "EBADF"] as const) {
    kernel.fail("recvmsg", errno);
    const error = assertThrows(() => socket.receive(kernel.createReceiveSlot(64)), SyscallError);
    assertEquals([error.syscall, error.code], ["recvmsg", errno]);
  }
});

Deno.test("sending to a port that nobody holds is a PeerGoneError", () => {
  const socket = new NetlinkSocket(new FakeSyscalls());
  assertEquals(assertThrows(() => socket.send(0xffff_0000, HELLO, 5), PeerGoneError).port, 0xffff_0000);
});

Deno.test("sending to a full queue is a ReceiverFullError, and works again once it was read", () => {
  const kernel = new FakeSyscalls();
  kernel.queueLimit = 1;
  const [sender, receiver] = [new NetlinkSocket(kernel), new NetlinkSocket(kernel, { port: 8 })];
  sender.send(8, HELLO, 5);
  assertEquals(assertThrows(() => sender.send(8, HELLO, 5), ReceiverFullError).port, 8);
  receiver.receive(kernel.createReceiveSlot(64));
  sender.send(8, HELLO, 5);
});

Deno.test("a datagram of the largest size is sent, and one byte more is a MessageTooLargeError", () => {
  const kernel = new FakeSyscalls();
  kernel.bufferMaximum = 4096;
  const socket = new NetlinkSocket(kernel);
  const { maxDatagram } = socket;
  socket.send(socket.port, new Uint8Array(maxDatagram), maxDatagram);
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

Deno.test("a closed socket never uses its file descriptor, which may be another socket's by then", () => {
  const kernel = new FakeSyscalls();
  kernel.reuseFds = true;
  const closed = new NetlinkSocket(kernel, { port: 1 });
  closed.close();
  const next = new NetlinkSocket(kernel, { port: 2 });
  assertEquals(next.fd, closed.fd);
  kernel.arrive(2);
  const slot = kernel.createReceiveSlot(64);
  assertThrows(() => closed.send(2, HELLO, 5), Error);
  assertThrows(() => closed.receive(slot), Error);
  assertEquals([next.receive(slot), next.receive(slot)], [1, -1], "only what came before is in its queue");
});
