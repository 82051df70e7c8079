// Sending and receiving with the whole thread waiting.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { SO_RCVTIMEO, SO_SNDTIMEO, SOL_SOCKET } from "../../ffi/constants.ts";
import { MessageTooLargeError, PeerGoneError, SyscallError } from "../../src/errors.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { SEND_WAIT_MILLISECONDS } from "../../src/netlink/socket_opening.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime } from "../fakes/time.ts";

const HELLO = new TextEncoder().encode("hello");
const FULL = 8;

/** A socket, a port whose queue is full, and how long each wait was to last. */
function open(): { kernel: FakeSyscalls; socket: NetlinkSocket; waits: number[]; time: (option: number) => number } {
  const kernel = new FakeSyscalls();
  kernel.queueLimit = 1;
  kernel.openElsewhere({ port: FULL });
  kernel.arrive(FULL);
  const socket = new NetlinkSocket(kernel);
  const waits: number[] = [];
  kernel.whileBlocked = (milliseconds) => void waits.push(milliseconds);
  return { kernel, socket, waits, time: (option) => kernel.socketOf(socket.fd).options.get(option)! };
}

Deno.test("a send that may wait goes out when the receiver has read, and the time for threads is put back", () => {
  const { kernel, socket, waits, time } = open();
  kernel.whileBlocked = (milliseconds) => {
    waits.push(milliseconds);
    kernel.readAt(FULL);
  };
  assertEquals(socket.sendWaiting(FULL, HELLO, 4, 1_234), true);
  assertEquals([waits, kernel.readAt(FULL)], [[1_234], HELLO.subarray(0, 4)]);
  assertEquals(time(SO_SNDTIMEO), SEND_WAIT_MILLISECONDS);
});

Deno.test("a send that finds no room in its time returns false, and the time for threads is put back", () => {
  const { kernel, socket, waits, time } = open();
  assertEquals(socket.sendWaiting(FULL, HELLO, 5, 20), false);
  assertEquals([waits, time(SO_SNDTIMEO), kernel.sending], [[20], SEND_WAIT_MILLISECONDS, 0]);
});

Deno.test("a send that finds room at once does not wait", () => {
  const { kernel, socket, waits } = open();
  kernel.readAt(FULL);
  assertEquals([socket.sendWaiting(FULL, HELLO, 5, 20), waits], [true, []]);
});

Deno.test("a send that may wait fails as one that may not, and the time for threads is put back", async (t) => {
  const size = 300_000;
  const cases = [
    { name: "nobody holds the port", type: PeerGoneError, use: (s: NetlinkSocket) => s.sendWaiting(9, HELLO, 5, 20) },
    {
      name: "too large",
      type: MessageTooLargeError,
      use: (s: NetlinkSocket) => s.sendWaiting(FULL, new Uint8Array(size), size, 20),
    },
    { name: "another reason", type: SyscallError, use: (s: NetlinkSocket) => s.sendWaiting(FULL, HELLO, 5, 20) },
  ];
  for (const { name, type, use } of cases) {
    await t.step(name, () => {
      const { kernel, socket, time } = open();
      if (type === SyscallError) kernel.fail("sendto", "ENOMEM");
      assertThrows(() => use(socket), type);
      assertEquals(time(SO_SNDTIMEO), SEND_WAIT_MILLISECONDS);
    });
  }
});

Deno.test("the receiver ends while a send waits: nobody holds the port", () => {
  const { kernel, socket, time } = open();
  kernel.whileBlocked = () => void kernel.close(3);
  assertEquals(assertThrows(() => socket.sendWaiting(FULL, HELLO, 5, 20), PeerGoneError).port, FULL);
  assertEquals(time(SO_SNDTIMEO), SEND_WAIT_MILLISECONDS);
});

Deno.test("a signal ends a wait: whoever waits looks at the time, and waits again", () => {
  const { kernel, socket, waits } = open();
  kernel.fail("sendto", "EINTR");
  assertEquals(socket.sendWaiting(FULL, HELLO, 5, 20), false);
  assertEquals([kernel.count("sendto"), waits], [1, []]);
  const slot = kernel.createReceiveSlot(64, 0);
  kernel.fail("recvmsg", "EINTR");
  assertEquals(socket.receiveWaiting(slot, 30), -1);
  assertEquals([kernel.count("recvmsg"), waits], [1, []]);
});

Deno.test("signals that come again and again do not prolong a wait", () => {
  using time = fakeTime();
  const { kernel, socket } = open();
  const slot = kernel.createReceiveSlot(64, 0);
  // A timer that goes off every 20 ms. The kernel begins each wait anew, with the whole time.
  const [sendto, recvmsg] = [kernel.sendto.bind(kernel), kernel.recvmsg.bind(kernel)];
  const interrupt = (syscall: "sendto" | "recvmsg") => {
    time.busy(20);
    kernel.fail(syscall, "EINTR");
    assert(performance.now() < begun + 1_000, "there is no end to it");
  };
  kernel.sendto = (...args) => {
    interrupt("sendto");
    return sendto(...args);
  };
  kernel.recvmsg = (...args) => {
    interrupt("recvmsg");
    return recvmsg(...args);
  };
  let begun = performance.now();
  assertEquals(socket.receiveWaiting(slot, 100), -1);
  begun = performance.now();
  assertEquals(socket.sendWaiting(FULL, HELLO, 5, 100), false);
});

Deno.test("a read that may wait has what comes meanwhile, and what was there before", () => {
  const { kernel, socket, waits } = open();
  const slot = kernel.createReceiveSlot(64, 0);
  kernel.whileBlocked = (milliseconds) => {
    waits.push(milliseconds);
    kernel.arrive(socket.port, HELLO, 55);
  };
  assertEquals([socket.receiveWaiting(slot, 30), slot.port, waits], [5, 55, [30]]);
  kernel.arrive(socket.port);
  assertEquals([socket.receiveWaiting(slot, 30), waits], [1, [30]]);
});

Deno.test("nothing comes in the time", () => {
  const { kernel, socket, waits } = open();
  assertEquals([socket.receiveWaiting(kernel.createReceiveSlot(64, 0), 30), waits], [-1, [30]]);
});

Deno.test("a datagram that is cut has its true length, also where the read may wait", () => {
  const { kernel, socket } = open();
  kernel.arrive(socket.port, HELLO);
  assertEquals(socket.receiveWaiting(kernel.createReceiveSlot(2, 0), 30), 5);
});

Deno.test("the time of a read is set only where it changes; a part of a millisecond counts as one, and Infinity is 0", () => {
  const { kernel, socket, waits, time } = open();
  const slot = kernel.createReceiveSlot(64, 0);
  const sets: number[] = [];
  const begun = kernel.count("setsockopt");
  const times = [30, 30, 29.2, 0.1, 1, Infinity, Infinity, 1];
  for (const milliseconds of times) {
    kernel.arrive(socket.port);
    socket.receiveWaiting(slot, milliseconds);
    sets.push(kernel.count("setsockopt") - begun);
  }
  // 30, 1, 0 and 1 are set.
  assertEquals(sets, [1, 1, 1, 2, 2, 3, 3, 4]);
  assertEquals([time(SO_RCVTIMEO), waits], [1, []]);
});

Deno.test("a read without end waits until something comes", () => {
  const { kernel, socket, waits } = open();
  const slot = kernel.createReceiveSlot(64, 0);
  socket.receiveWaiting(slot, 30);
  kernel.whileBlocked = (milliseconds) => {
    waits.push(milliseconds);
    kernel.arrive(socket.port);
  };
  assertEquals([socket.receiveWaiting(slot, Infinity), waits], [1, [30, 0]]);
});

Deno.test("a read without end has no end either where a socket that was handed in had one", () => {
  const { kernel, waits } = open();
  const fd = kernel.openElsewhere();
  kernel.setsockoptTime(fd, SOL_SOCKET, SO_RCVTIMEO, 100);
  const socket = new NetlinkSocket(kernel, { fd });
  kernel.whileBlocked = (milliseconds) => {
    waits.push(milliseconds);
    kernel.arrive(socket.port);
  };
  assertEquals([socket.receiveWaiting(kernel.createReceiveSlot(64, 0), Infinity), waits], [1, [0]]);
});

Deno.test("a time that cannot be set is told, and is tried again with the next read", () => {
  const { kernel, socket, waits } = open();
  const slot = kernel.createReceiveSlot(64, 0);
  kernel.fail("setsockopt", "EINVAL");
  const error = assertThrows(() => socket.receiveWaiting(slot, 30), SyscallError);
  assertEquals([error.syscall, error.code, kernel.count("recvmsg")], ["setsockopt", "EINVAL", 0]);
  assertEquals([socket.receiveWaiting(slot, 30), waits], [-1, [30]]);
});

Deno.test("reading with the whole thread waiting fails with the kernel's error", () => {
  const { kernel, socket } = open();
  const slot = kernel.createReceiveSlot(64, 0);
  for (const errno of ["ENOBUFS", "EBADF"] as const) {
    kernel.fail("recvmsg", errno);
    const error = assertThrows(() => socket.receiveWaiting(slot, 30), SyscallError);
    assertEquals([error.syscall, error.code], ["recvmsg", errno]);
  }
});
