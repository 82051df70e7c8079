// Whether nobody holds a port, as the kernel tells it, and which socket does.
import { assert, assertEquals } from "@std/assert";
import { NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY } from "../../ffi/constants.ts";
import type { ErrnoName } from "../../ffi/errno.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { socketAt } from "../../src/netlink/sock_diag.ts";
import type { SocketPlace } from "../../src/netlink/socket_place.ts";
import { diagMessage, doneMessage, dumpOf, portMessage } from "../fakes/diag_socket.ts";
import type { SyscallName } from "../fakes/script.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";

const NLMSG_ERROR = 2;
const NLMSG_OVERRUN = 4;
/** The namespace file of `blue`. */
const BLUE = "/run/netns/blue";
/** The largest datagram of the kernel, in bytes, and a message about a socket in one. */
const [DATAGRAM, MESSAGE] = [32_768, 44];

/** Whether nobody holds a port; undefined where that is not sure. */
function isAbsent(kernel: FakeSyscalls, place: SocketPlace, port: number): boolean | undefined {
  const socket = socketAt(kernel, place, port);
  return socket === undefined ? undefined : socket === null;
}

/** A kernel with a socket that looks, at port 10, and one that is looked for, at port 20. */
function openKernel() {
  const kernel = new FakeSyscalls();
  kernel.namespaceFiles.set(BLUE, "blue");
  const [own, other] = [10, 20].map((port) => new NetlinkSocket(kernel, { port }));
  return {
    kernel,
    other: other!,
    socketAt: (port: number) => socketAt(kernel, { fd: own!.fd, netns: undefined }, port),
    isAbsent: (port: number) => isAbsent(kernel, { fd: own!.fd, netns: undefined }, port),
    /** How often the kernel was asked. */
    get looks() {
      return kernel.count("sendto");
    },
    [Symbol.dispose]() {
      assertEquals(kernel.ledger.open.filter((line) => line.includes("diag")), [], "the descriptor is closed");
      assertEquals(kernel.namespace, "own", "the thread is back");
      own!.close();
      other!.close();
      kernel.assertAllClosed();
    },
  };
}

/** Has the kernel answer each look so; what is behind the last one is answered like it. */
function answer(kernel: FakeSyscalls, ...looks: readonly (readonly Uint8Array[])[]): void {
  let look = 0;
  kernel.tellPorts = () => looks[Math.min(look++, looks.length - 1)]!;
}

function concat(...messages: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(messages.flatMap((bytes) => [...bytes]));
}

Deno.test("nobody holds a port that two looks do not find, and somebody one that the first finds", () => {
  using opened = openKernel();
  assertEquals([opened.isAbsent(20), opened.looks], [false, 1]);
  assertEquals([opened.isAbsent(10), opened.looks], [false, 2], "the own port is held too");
  assertEquals([opened.isAbsent(30), opened.looks], [true, 4]);
});

Deno.test("a port's socket is told by what no other one has had, whatever else is in the dump", () => {
  for (const cookie of [0n, 1n, 0x1_0000_0002n, 2n ** 64n - 1n]) {
    using opened = openKernel();
    answer(opened.kernel, [concat(portMessage(10, 5n), portMessage(20, cookie), portMessage(30, 6n), doneMessage())]);
    assertEquals([opened.socketAt(20), opened.looks], [cookie, 1]);
  }
});

Deno.test("a port that was just freed is held by nobody, and one that was just taken by somebody", () => {
  using opened = openKernel();
  opened.other.close();
  assertEquals(opened.isAbsent(20), true);
  const again = new NetlinkSocket(opened.kernel, { port: 20 });
  assertEquals(opened.isAbsent(20), false);
  again.close();
});

Deno.test("nothing is sent to the port that is looked for, and nothing is read there", () => {
  using opened = openKernel();
  opened.isAbsent(20);
  assertEquals(opened.kernel.readAt(20), undefined);
});

Deno.test("the question is for no child, makes nobody wait, and is opened and closed once", () => {
  using opened = openKernel();
  const { kernel } = opened;
  const args: number[][] = [];
  const socket = kernel.socket.bind(kernel);
  kernel.socket = (...given) => {
    args.push(given);
    return socket(...given);
  };
  const closed = kernel.count("close");
  opened.isAbsent(30);
  // SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK
  assertEquals([args, kernel.count("close") - closed], [[[16, 3 | 0o2000000 | 0o4000, NETLINK_SOCK_DIAG]], 1]);
});

Deno.test("where a system call fails, nothing is sure, and nothing is left open", async (t) => {
  const rows: [SyscallName, ErrnoName, after: number, times?: number][] = [
    ["socket", "EMFILE", 0],
    ["socket", "EPROTONOSUPPORT", 0],
    // Of one socket it is asked where that is, and then of the other.
    ["getsockopt", "EBADF", 0, 1],
    ["getsockopt", "EBADF", 1, 1],
    ["sendto", "ENOBUFS", 0],
    ["sendto", "EPERM", 0],
    ["read", "EAGAIN", 0],
    ["read", "ENOBUFS", 0],
    ["read", "EINTR", 1],
  ];
  for (const [call, errno, after, times = Infinity] of rows) {
    await t.step(`${call} fails with ${errno}${after > 0 ? ", call 2" : ""}`, () => {
      using opened = openKernel();
      opened.kernel.fail(call, errno, times, after);
      assertEquals(opened.isAbsent(30), undefined);
      opened.kernel.heal(call);
      assertEquals(opened.isAbsent(30), true, "and is sure again");
    });
  }
});

Deno.test("a kernel that names no namespaces is asked all the same", () => {
  using opened = openKernel();
  opened.kernel.fail("getsockopt", "ENOPROTOOPT", 2);
  assertEquals(opened.isAbsent(30), true);
});

Deno.test("where one look fails, it is the last: what is left of its answer must not be taken for the next one", () => {
  for (const call of ["sendto", "read"] as const) {
    for (const looks of [1, 2]) {
      using opened = openKernel();
      // A look has two reads: one for the ports, and one for the end.
      opened.kernel.fail(call, "ENOBUFS", 1, (call === "read" ? 2 : 1) * (looks - 1));
      assertEquals([opened.isAbsent(30), opened.looks], [undefined, looks]);
    }
  }
});

Deno.test("a port that only a later look finds is held", () => {
  for (const looks of [[[10], [10, 20]], [[10], [20]]]) {
    using opened = openKernel();
    answer(opened.kernel, ...looks.map((ports) => dumpOf(ports)));
    assertEquals([opened.isAbsent(20), opened.looks], [false, 2]);
  }
  using opened = openKernel();
  answer(opened.kernel, dumpOf([10], [11]), dumpOf([10]), dumpOf([10, 20]));
  assertEquals([opened.isAbsent(20), opened.looks], [false, 3]);
});

Deno.test("a port is found wherever it is in a dump, also in one of several datagrams or with an end that is no end", () => {
  const answers = [
    dumpOf([20, 1, 2]),
    dumpOf([1, 20, 2]),
    dumpOf([1, 2, 20]),
    dumpOf([1], [20]),
    dumpOf([20], [1]),
    [concat(portMessage(1), portMessage(20), doneMessage())],
    [portMessage(20), diagMessage(NLMSG_ERROR, new Uint8Array(20))],
    [portMessage(20)],
  ];
  for (const datagrams of answers) {
    using opened = openKernel();
    answer(opened.kernel, datagrams);
    assertEquals([opened.isAbsent(20), opened.looks], [false, 1]);
  }
});

Deno.test("a dump of several datagrams may pass over a socket: it does not count", () => {
  const [one, two] = [dumpOf([1, 2]), dumpOf([1], [2])];
  const cases: [looks: readonly (readonly Uint8Array[])[], isAbsent: boolean | undefined, made: number][] = [
    [[two], undefined, 3],
    [[two, one, one], true, 3],
    [[one, two, one], true, 3],
    [[one, two, two], undefined, 3],
    [[one, one, two], true, 2],
    [[two, two, one], undefined, 3],
    [[dumpOf([1], [2], [3]), one], true, 3],
  ];
  for (const [looks, expected, made] of cases) {
    using opened = openKernel();
    answer(opened.kernel, ...looks);
    assertEquals([opened.isAbsent(20), opened.looks], [expected, made]);
  }
});

Deno.test("the end of a dump may be in the datagram of the ports, or in one of its own", () => {
  const together = [concat(portMessage(1), portMessage(2), doneMessage())];
  using opened = openKernel();
  answer(opened.kernel, together, dumpOf([1, 2]));
  assertEquals([opened.isAbsent(20), opened.looks], [true, 2]);
  // Ports in one datagram, and more of them in that of the end.
  answer(opened.kernel, [portMessage(1), concat(portMessage(2), doneMessage())]);
  assertEquals(opened.isAbsent(20), undefined);
});

Deno.test("a dump without any port does not count: that of the one who asks is in it", () => {
  using opened = openKernel();
  answer(opened.kernel, [doneMessage()]);
  assertEquals([opened.isAbsent(20), opened.looks], [undefined, 1]);
});

Deno.test("what is no answer to the question makes nothing sure", async (t) => {
  const short = (length: number) => diagMessage(SOCK_DIAG_BY_FAMILY, new Uint8Array(28), length);
  const full = Array.from({ length: Math.floor(DATAGRAM / MESSAGE) }, (_, index) => portMessage(1_000 + index));
  const bad: Record<string, readonly Uint8Array[]> = {
    "an error": [diagMessage(NLMSG_ERROR, new Uint8Array(20))],
    "an error behind ports": [concat(portMessage(1), diagMessage(NLMSG_ERROR, new Uint8Array(20)))],
    "an overrun": [diagMessage(NLMSG_OVERRUN, new Uint8Array(4)), doneMessage()],
    "a message of another type": [diagMessage(SOCK_DIAG_BY_FAMILY + 1, new Uint8Array(28)), doneMessage()],
    "a message that is one byte too short": [diagMessage(SOCK_DIAG_BY_FAMILY, new Uint8Array(27)), doneMessage()],
    "a message that says it is too short": [concat(short(43), doneMessage()), doneMessage()],
    "a message without a length": [concat(short(0), doneMessage()), doneMessage()],
    "a message that says it is longer than its datagram": [short(45), doneMessage()],
    "a message of the largest length": [short(0xffff_ffff), doneMessage()],
    "a datagram that is cut short": [portMessage(1).subarray(0, 40), doneMessage()],
    "a datagram that is cut short behind a header": [concat(...full, portMessage(1).subarray(0, 16)), doneMessage()],
    "an empty datagram": [new Uint8Array(), doneMessage()],
    "an empty datagram behind ports": [portMessage(1), new Uint8Array(), doneMessage()],
    "no end": [portMessage(1)],
  };
  for (const [what, datagrams] of Object.entries(bad)) {
    await t.step(what, () => {
      using opened = openKernel();
      answer(opened.kernel, datagrams, dumpOf([1]));
      assertEquals([opened.isAbsent(30), opened.looks], [undefined, 1]);
    });
  }
});

Deno.test("a message may have attributes behind it, padded", () => {
  const attributes = diagMessage(SOCK_DIAG_BY_FAMILY, new Uint8Array(28 + 5));
  const padded = concat(attributes, new Uint8Array(3), portMessage(20));
  using opened = openKernel();
  answer(opened.kernel, [concat(padded, doneMessage())]);
  assertEquals([opened.isAbsent(20), opened.isAbsent(30)], [false, true]);
});

Deno.test("a datagram of the largest size is read as a whole", () => {
  const count = Math.floor(DATAGRAM / MESSAGE);
  const ports = Array.from({ length: count }, (_, index) => 1_000 + index);
  using opened = openKernel();
  answer(opened.kernel, dumpOf(ports));
  assertEquals([opened.isAbsent(30), opened.isAbsent(1_000 + count - 1)], [true, false]);
});

Deno.test("the kernel is asked in the network namespace of the socket", () => {
  using opened = openKernel();
  const { kernel } = opened;
  const there = new NetlinkSocket(kernel, { port: 30, netns: BLUE });
  const place = { fd: there.fd, netns: BLUE };
  assertEquals([isAbsent(kernel, place, 30), isAbsent(kernel, place, 20), opened.isAbsent(30)], [false, true, true]);
  there.close();
});

Deno.test("where the way to that namespace is closed, or leads elsewhere by now, nothing is sure", () => {
  using opened = openKernel();
  const { kernel } = opened;
  const there = new NetlinkSocket(kernel, { port: 30, netns: BLUE });
  const place = { fd: there.fd, netns: BLUE };
  kernel.fail("setns", "EPERM");
  assertEquals(isAbsent(kernel, place, 20), undefined);
  for (const now of ["red", "own"]) {
    kernel.namespaceFiles.set(BLUE, now);
    assertEquals(isAbsent(kernel, place, 20), undefined, "ports of another namespace say nothing");
  }
  kernel.namespaceFiles.delete(BLUE);
  assertEquals(isAbsent(kernel, place, 20), undefined);
  assertEquals(isAbsent(kernel, { ...place, netns: undefined }, 20), undefined);
  assert(opened.looks === 0, "nobody was asked");
  there.close();
});
