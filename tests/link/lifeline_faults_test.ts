// Lifelines where the kernel has no room for them, or a turn passes them over.
import { assertEquals } from "@std/assert";
import { AF_UNIX, SOCK_STREAM } from "../../ffi/constants.ts";
import type { Lifeline } from "../../src/link/link.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { closeLeftover, livingAt } from "../../src/netlink/leftovers.ts";
import { LifelineListener } from "../../src/netlink/lifeline_listener.ts";
import { lifelineAddress } from "../../src/netlink/lifeline_socket.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { TURN_MILLISECONDS } from "../../src/netlink/socket_reader.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { closeLinks, openLink, RecordingReceiver, utf8 } from "../fakes/link_receiver.ts";
import { FakeSource } from "../fakes/source.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime, settled } from "../fakes/time.ts";

/** Whether a caller that hangs up at once finds somebody who listens, with room for it. */
function reaches(kernel: FakeSyscalls, port: number): boolean {
  const fd = kernel.socket(AF_UNIX, SOCK_STREAM, 0);
  const reached = kernel.connect(fd, lifelineAddress(port)) === 0;
  kernel.close(fd);
  return reached;
}

Deno.test("a link whose listener cannot be watched opens all the same, and leaks nothing", async () => {
  using time = fakeTime();
  const { kernel, reactor, link } = openLink();
  link.hold();
  kernel.fail("epoll_ctl", "ENOSPC");
  const second = new NetlinkLink({ port: 20 }, reactor);
  const receiver = new RecordingReceiver();
  second.start(receiver);
  second.hold();
  link.send(20, utf8("hello"), 5);
  await settled();
  assertEquals(receiver.texts, ["hello"]);
  // It is tried again: who waits by then is accepted.
  kernel.backlog = 1;
  assertEquals([reaches(kernel, 20), reaches(kernel, 20)], [true, false]);
  await time.pass(1_500);
  assertEquals([reaches(kernel, 20), receiver.failures], [true, []]);
  await closeLinks(kernel, link, second);
  assertEquals(livingAt(20).size, 0);
});

Deno.test("a server whose listener cannot be watched once it is held is not gone for its callers", async () => {
  using time = fakeTime();
  const { kernel, link } = openLink();
  const caller = new NetlinkLink({ port: 20 }, new Reactor(kernel));
  const lifeline = caller.openLifeline(10, () => {})!;
  kernel.fail("epoll_ctl", "ENOSPC", 1, 1);
  link.hold();
  assertEquals(lifeline.ask(), true, "it lives, and holds its port");
  kernel.backlog = 1;
  assertEquals(reaches(kernel, 10), false);
  await time.pass(1_500);
  assertEquals([reaches(kernel, 10), lifeline.isHeld()], [true, true]);
  await closeLinks(kernel, link, caller);
});

Deno.test("a lifeline that cannot be watched once its link is held is looked at", async () => {
  using time = fakeTime();
  const { kernel, link } = openLink();
  const process = kernel.listenElsewhere(77);
  const lifeline = link.openLifeline(77, () => {})!;
  // The wake-up descriptor, what listens, and then the process.
  kernel.fail("epoll_ctl", "ENOSPC", 1, 2);
  link.hold();
  assertEquals([lifeline.isWatched, lifeline.isHeld(), lifeline.ask()], [false, true, true]);
  kernel.endProcess(process);
  time.busy(6);
  assertEquals(lifeline.isHeld(), false);
  await closeLinks(kernel, link);
});

Deno.test("a process that was seen to have ended does not come to life again", async () => {
  using time = fakeTime();
  for (const how of ["isHeld", "ask"] as const) {
    const { kernel, link } = openLink();
    const process = kernel.listenElsewhere(77);
    const lifeline = link.openLifeline(77, () => {})!;
    kernel.endProcess(process);
    time.busy(6);
    assertEquals([lifeline[how](), lifeline.isHeld(), lifeline.isHeld()], [false, false, false], how);
    await closeLinks(kernel, link);
  }
});

Deno.test("a link that is not held is not read, also where the end of a process is told", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link, receiver } = openLink();
  const other = new NetlinkLink({ port: 20 }, reactor);
  const process = kernel.listenElsewhere(77);
  let broken = 0;
  link.openLifeline(77, () => broken++);
  other.hold();
  kernel.arrive(10, utf8("a request"));
  kernel.endProcess(process);
  await settled();
  assertEquals([receiver.texts, broken], [[], 1]);
  link.hold();
  await settled();
  assertEquals(receiver.texts, ["a request"]);
  await closeLinks(kernel, link, other);
});

Deno.test("the lifelines of a dead isolate are closed in every network namespace where it held the port", () => {
  const kernel = new FakeSyscalls();
  const reactor = new Reactor(kernel);
  for (const namespace of ["own", "blue", "red"]) {
    kernel.namespace = namespace;
    const { fd } = new NetlinkSocket(kernel, { port: 77 });
    LifelineListener.open(reactor, { fd, netns: undefined }, 77);
  }
  kernel.namespace = "own";
  assertEquals(closeLeftover(kernel, 77), true);
  kernel.assertAllClosed();
});

/** A server at port 77 that listens, with room for eight callers. */
function openBusy() {
  const kernel = new FakeSyscalls();
  kernel.backlog = 8;
  const reactor = new Reactor(kernel);
  const server = new FakeSource(reactor, { port: 77 });
  const listener = LifelineListener.open(reactor, { fd: server.fd, netns: undefined }, 77)!;
  // The kernel reports what has become ready last behind what is ready always.
  const create = kernel.createEventList.bind(kernel);
  kernel.createEventList = (maximum) => {
    const list = create(maximum);
    const write = list.write.bind(list);
    list.write = (fds) => write(fds.toSorted((a, b) => Number(a === listener.fd) - Number(b === listener.fd)));
    return list;
  };
  server.most = 1;
  server.hold();
  return {
    kernel,
    server,
    listener,
    async finish() {
      listener.close();
      server.close();
      await settled();
      kernel.assertAllClosed();
    },
  };
}

Deno.test("a server whose turns are full still accepts, and can be reached afterwards", async () => {
  using time = fakeTime();
  const { kernel, server, finish } = openBusy();
  server.onReadable = () => {
    time.busy(TURN_MILLISECONDS + 1);
    // One caller comes every other turn; a datagram is there always.
    if (server.turns % 2 === 0 && server.turns < 60) reaches(kernel, 77);
    if (server.turns < 60) kernel.arrive(77);
  };
  kernel.arrive(77);
  await settled(100);
  assertEquals(server.turns, 60);
  const reached = [];
  for (let call = 0; call < 3; call++) {
    reached.push(reaches(kernel, 77));
    await settled(3);
  }
  assertEquals(reached.at(-1), true);
  await finish();
});

Deno.test("a server that was out of descriptors for a while can be reached afterwards, however many came meanwhile", async () => {
  using time = fakeTime();
  const { kernel, finish } = openBusy();
  kernel.fail("accept4", "EMFILE", 1_000);
  for (let call = 0; call < 10; call++) {
    reaches(kernel, 77);
    await settled();
  }
  kernel.heal("accept4");
  await time.pass(1_500);
  reaches(kernel, 77);
  await settled();
  assertEquals(reaches(kernel, 77), true);
  await finish();
});

Deno.test("a server that is out of descriptors tries again each second, and not once it is closed", async () => {
  using time = fakeTime();
  const { kernel, finish, listener } = openBusy();
  kernel.fail("accept4", "EMFILE", 3);
  const timers = time.unrefTimers.length;
  reaches(kernel, 77);
  await settled();
  assertEquals(
    [kernel.count("accept4"), time.unrefTimers.length - timers],
    [1, 2],
    "nor does it keep the process running",
  );
  const tries = [];
  for (let second = 0; second < 4; second++) {
    await time.pass(1_000);
    tries.push(kernel.count("accept4"));
  }
  // The last of them finds nobody else.
  assertEquals(tries, [2, 3, 5, 5]);
  kernel.fail("accept4", "EMFILE", 100);
  reaches(kernel, 77);
  await settled();
  listener.close();
  const watched = kernel.count("epoll_ctl");
  await time.pass(2_000);
  assertEquals(kernel.count("epoll_ctl"), watched);
  await finish();
});

for (const how of ["lifeline", "link"] as const) {
  Deno.test(`nobody is told of an end once the ${how} is closed, also by what is read before it`, async () => {
    using _time = fakeTime();
    const { kernel, link, receiver } = openLink();
    const process = kernel.listenElsewhere(77);
    let broken = 0;
    const lifeline: Lifeline = link.openLifeline(77, () => broken++)!;
    link.hold();
    receiver.onReceive = () => void (how === "link" ? link : lifeline).close();
    kernel.threadDelay = 1;
    kernel.arrive(10, utf8("the answer"), 77);
    kernel.endProcess(process);
    kernel.schedYield();
    await settled();
    assertEquals([receiver.texts, broken], [["the answer"], 0]);
    await closeLinks(kernel, link);
  });
}
