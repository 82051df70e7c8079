// Who holds a port, and when that is over.
import { assertEquals } from "@std/assert";
import type { ErrnoName } from "../../ffi/errno.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import { NetlinkLifeline } from "../../src/netlink/lifeline.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import type { SyscallName } from "../fakes/script.ts";
import { Calls, giveZero } from "./lifelines.ts";

Deno.test("a lifeline tells who listens beside a port, and keeps one descriptor: that of the process", async () => {
  using _time = fakeTime();
  const calls = new Calls();
  calls.kernel.listenElsewhere(77, { uid: 0xffff_fffd, gid: 0xffff_fffc });
  const lifeline = calls.open();
  assertEquals([lifeline.uid, lifeline.gid], [0xffff_fffd, 0xffff_fffc]);
  assertEquals([lifeline.isWatched, lifeline.isHeld(), lifeline.ask()], [true, true, true]);
  assertEquals(calls.opened, [`fd ${lifeline.fd} (pidfd)`]);
  await calls.finish();
});

Deno.test("where nobody listens there is no lifeline, and nothing is open", async () => {
  const calls = new Calls();
  calls.kernel.listenElsewhere(78);
  calls.kernel.endProcess(calls.kernel.listenElsewhere(76));
  for (const port of [76, 77, 7, 778]) assertEquals(calls.tryToOpen(port), undefined);
  assertEquals([calls.opened, calls.told], [[], []]);
  await calls.finish();
});

Deno.test("the end of the process is told once, while others are read, and closes its descriptor", async () => {
  using time = fakeTime();
  const calls = new Calls();
  const { kernel, caller } = calls;
  const process = kernel.listenElsewhere(77);
  kernel.listenElsewhere(78);
  const [lifeline, other] = [calls.open(77), calls.open(78)];
  caller.hold();
  await settled();
  assertEquals(calls.told, []);
  kernel.endProcess(process);
  await settled();
  assertEquals(calls.told, ["77 ended", "77 broken"]);
  assertEquals([lifeline.isWatched, lifeline.isHeld(), lifeline.ask()], [false, false, false]);
  assertEquals([kernel.isOpen(lifeline.fd), other.isWatched, other.isHeld()], [false, true, true]);
  await time.pass(20);
  assertEquals([calls.told.length, kernel.waiting], [2, true]);
  await calls.finish();
});

Deno.test("whoever is told of the end is given the memory that sockets are read to", async () => {
  using _time = fakeTime();
  const calls = new Calls();
  const { kernel, caller, reactor } = calls;
  const process = kernel.listenElsewhere(77);
  const slots: ReceiveSlot[] = [];
  NetlinkLifeline.open(reactor, calls.place, 77, { broken: (slot) => void slots.push(slot), ended() {} });
  kernel.arrive(caller.port);
  caller.hold();
  await settled();
  kernel.endProcess(process);
  await settled();
  assertEquals([slots.length, slots[0] === caller.slot], [1, true]);
  await calls.finish();
});

Deno.test("a lifeline that is closed tells nobody that it is broken; twice closes once", async () => {
  using _time = fakeTime();
  const calls = new Calls();
  const process = calls.kernel.listenElsewhere(77);
  const lifeline = calls.open();
  calls.caller.hold();
  lifeline.close();
  lifeline.close();
  assertEquals([calls.told, lifeline.isWatched, calls.kernel.isOpen(lifeline.fd)], [["77 ended"], false, false]);
  calls.kernel.endProcess(process);
  await settled();
  assertEquals([calls.told, lifeline.isHeld(), lifeline.ask()], [["77 ended"], false, false]);
  await calls.finish();
});

Deno.test("an event of another descriptor, which had the same number a moment ago, is no false alarm", async () => {
  using time = fakeTime();
  const calls = new Calls();
  const { kernel, caller } = calls;
  kernel.reuseFds = true;
  const [first, second] = [kernel.listenElsewhere(77), kernel.listenElsewhere(78)];
  caller.hold();
  const ended = calls.open(77);
  const opened: NetlinkLifeline[] = [];
  caller.onReadable = () => {
    ended.close();
    opened.push(calls.open(78));
  };
  // One wait reports both: the socket, and then the process.
  kernel.threadDelay = 1;
  kernel.arrive(caller.port);
  kernel.endProcess(first);
  kernel.schedYield();
  await settled();
  const [living] = opened as [NetlinkLifeline];
  assertEquals(living.fd, ended.fd, "the number is the same");
  assertEquals([calls.told, living.isWatched, living.isHeld()], [["77 ended"], true, true]);
  kernel.endProcess(second);
  await time.pass(1);
  assertEquals(calls.told, ["77 ended", "78 ended", "78 broken"]);
  await calls.finish();
});

Deno.test("a kernel without descriptors of processes has lifelines that are asked", async () => {
  using _time = fakeTime();
  for (const errno of ["ENOPROTOOPT", "EMFILE", "ESRCH"] as const) {
    const calls = new Calls();
    const process = calls.kernel.listenElsewhere(77);
    calls.kernel.fail("peer_pidfd", errno);
    const lifeline = calls.open();
    calls.caller.hold();
    assertEquals([lifeline.fd, lifeline.isWatched, lifeline.isHeld(), lifeline.ask()], [-1, false, true, true]);
    assertEquals(calls.kernel.count("poll"), 0, "there is nothing to look at");
    calls.kernel.endProcess(process);
    await settled();
    assertEquals(calls.told, []);
    assertEquals([lifeline.ask(), lifeline.isHeld()], [false, false], errno);
    assertEquals(calls.told, ["77 ended"]);
    await calls.finish();
  }
});

Deno.test("a lifeline that cannot be watched is looked at, and is no leak", async () => {
  using time = fakeTime();
  const calls = new Calls();
  const { kernel, caller } = calls;
  const process = kernel.listenElsewhere(77);
  caller.hold();
  kernel.fail("epoll_ctl", "ENOSPC");
  const lifeline = calls.open();
  assertEquals([lifeline.isWatched, lifeline.isHeld(), calls.told], [false, true, []]);
  kernel.endProcess(process);
  await time.pass(6);
  assertEquals(calls.told, []);
  assertEquals([lifeline.isHeld(), lifeline.ask()], [false, false]);
  // The caller is read on.
  kernel.arrive(caller.port);
  await settled();
  assertEquals(caller.datagrams, 1);
  await calls.finish();
});

const REFUSALS: [syscall: SyscallName, errno: ErrnoName, after?: number][] = [
  ["socket", "EMFILE"],
  ["socket", "EAFNOSUPPORT"],
  ["connect", "EAGAIN"],
  ["connect", "ECONNREFUSED"],
  ["connect", "EPERM"],
  // Two ask for the network namespaces.
  ["getsockopt", "ENOPROTOOPT", 2],
];
for (const [syscall, errno, after = 0] of REFUSALS) {
  Deno.test(`where ${syscall} fails with ${errno} there is no lifeline, nothing is open, and the next one opens`, async () => {
    const calls = new Calls();
    calls.kernel.listenElsewhere(77);
    calls.kernel.fail(syscall, errno, 1, after);
    assertEquals([calls.tryToOpen(), calls.opened, calls.told], [undefined, [], []]);
    assertEquals(calls.open().isHeld(), true);
    await calls.finish();
  });
}

Deno.test("descriptor 0 is one like others: a program may have closed its standard input", async () => {
  for (const opens of ["socket", "peerPidfd"] as const) {
    using time = fakeTime();
    const calls = new Calls();
    const process = calls.kernel.listenElsewhere(77);
    giveZero(calls.kernel, opens);
    const lifeline = calls.open();
    assertEquals([lifeline.fd === 0, lifeline.isWatched], [opens === "peerPidfd", true], opens);
    await time.pass(6);
    assertEquals(lifeline.isHeld(), true);
    await time.pass(6);
    calls.kernel.endProcess(process);
    assertEquals(lifeline.isHeld(), false, opens);
    await calls.finish();
  }
});

Deno.test("where nobody can wait any more, a lifeline is not watched, and does not claim that anybody has ended", async () => {
  using _time = fakeTime();
  const calls = new Calls();
  calls.kernel.listenElsewhere(77);
  const lifeline = calls.open();
  calls.caller.hold();
  calls.kernel.fail("epoll_wait", "EBADF", 2);
  await settled();
  assertEquals([calls.caller.errors.length, calls.told.includes("77 broken"), lifeline.isWatched], [1, false, false]);
  await calls.finish();
});

Deno.test("a shutdown closes lifelines without a word of an end", async () => {
  using _time = fakeTime();
  const calls = new Calls();
  calls.kernel.listenElsewhere(77);
  calls.open();
  calls.caller.hold();
  calls.reactor.shutdown();
  calls.kernel.assertAllClosed();
  assertEquals(calls.told, ["77 ended"]);
  await calls.finish();
});
