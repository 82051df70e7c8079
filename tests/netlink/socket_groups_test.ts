import { assertEquals, assertThrows } from "@std/assert";
import { NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, SO_PASSCRED, SO_RCVBUF } from "../../ffi/constants.ts";
import { SyscallError } from "../../src/errors.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { RECEIVE_BUFFER_SIZE } from "../../src/netlink/socket_opening.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";

Deno.test("a socket that hears a group is no peer's: others do not see the flag by which peers are known", () => {
  const kernel = new FakeSyscalls();
  const [peer, ear] = [new NetlinkSocket(kernel), new NetlinkSocket(kernel, { group: 32 })];
  const options = [peer, ear].map(({ fd }) => kernel.socketOf(fd).options);
  assertEquals(options.map((all) => all.get(NETLINK_CAP_ACK)), [1, undefined]);
  assertEquals(options.map((all) => all.get(NETLINK_ADD_MEMBERSHIP)), [undefined, 32]);
  assertEquals(options.map((all) => all.get(SO_PASSCRED)), [1, 1]);
  for (const socket of [peer, ear]) socket.close();
  kernel.assertAllClosed();
});

Deno.test("it has more room: nobody waits for it; as much as the kernel grants", () => {
  const kernel = new FakeSyscalls();
  const ear = new NetlinkSocket(kernel, { group: 1 });
  assertEquals([kernel.socketOf(ear.fd).options.get(SO_RCVBUF), ear.receiveBuffer], [2_097_152, 2_097_152]);
  assertEquals(new NetlinkSocket(kernel).receiveBuffer, 2 * RECEIVE_BUFFER_SIZE);
  kernel.bufferMaximum = 212_992;
  assertEquals(new NetlinkSocket(kernel, { group: 1 }).receiveBuffer, 425_984);
  ear.close();
  assertThrows(() => ear.receiveBuffer, SyscallError, "getsockopt");
});

Deno.test("a socket that may not hear the group is closed", () => {
  const kernel = new FakeSyscalls();
  new NetlinkSocket(kernel, { group: 1 }).close();
  const calls = kernel.count("setsockopt");
  kernel.fail("setsockopt", "EPERM", 1, calls - 1);
  const error = assertThrows(() => new NetlinkSocket(kernel, { group: 1 }), SyscallError);
  assertEquals([error.syscall, error.code], ["setsockopt", "EPERM"]);
  kernel.assertAllClosed();
});

Deno.test("what is sent to a group reaches those that hear it: that nobody has port 0 is no error", () => {
  const kernel = new FakeSyscalls();
  const sender = new NetlinkSocket(kernel);
  const ears = [1, 32, 32].map((group) => new NetlinkSocket(kernel, { group }));
  sender.multicast(32, new Uint8Array([1, 2, 3]), 2);
  sender.multicast(5, new Uint8Array(1), 1);
  const queues = ears.map(({ fd }) => kernel.socketOf(fd).queue.map(({ bytes, from }) => [from, ...bytes]));
  assertEquals(queues, [[], [[sender.port, 1, 2]], [[sender.port, 1, 2]]]);
  assertEquals(kernel.socketOf(sender.fd).queue, []);
});

Deno.test("a signal does not end it; what the kernel has no memory for is an error, and so is a closed socket", () => {
  const kernel = new FakeSyscalls();
  const sender = new NetlinkSocket(kernel);
  const ear = new NetlinkSocket(kernel, { group: 3 });
  kernel.fail("sendto", "EINTR", 2);
  sender.multicast(3, new Uint8Array(1), 1);
  assertEquals(kernel.socketOf(ear.fd).queue.length, 1);
  kernel.fail("sendto", "ENOBUFS");
  const error = assertThrows(() => sender.multicast(3, new Uint8Array(1), 1), SyscallError);
  assertEquals([error.syscall, error.code], ["sendto", "ENOBUFS"]);
  sender.close();
  assertThrows(() => sender.multicast(3, new Uint8Array(1), 1), SyscallError);
});
