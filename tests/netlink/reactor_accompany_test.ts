// Sockets that are read whenever others are, and are no reason to wait.
import { assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "../../src/errors.ts";
import type { Reactor } from "../../src/netlink/reactor.ts";
import { LINGER_MILLISECONDS } from "../../src/netlink/watch_list.ts";
import { type ReactorSource, Registration, type RegistrationState } from "../../src/netlink/registration.ts";
import { closeSources, FakeSource, openSources } from "../fakes/source.ts";
import type { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime, settled } from "../fakes/time.ts";

interface Setup {
  readonly kernel: FakeSyscalls;
  readonly reactor: Reactor;
  readonly sources: FakeSource[];
  /** What others are read for. */
  readonly main: FakeSource;
  /** What is read with it. */
  readonly other: FakeSource;
}

/** Opens two sockets, of which one accompanies the other: from the start, or once the other is held. */
function open(from: "start" | "hold"): Setup {
  const { kernel, reactor, sources } = openSources(2);
  const [main, other] = sources as [FakeSource, FakeSource];
  if (from === "hold") main.hold();
  other.registration.accompany();
  main.hold();
  return { kernel, reactor, sources, main, other };
}

Deno.test("to accompany is told once, and ends with closing", () => {
  const told: [from: RegistrationState, to: RegistrationState][] = [];
  const registration = new Registration({} as ReactorSource, (_, from, to) => void told.push([from, to]));
  registration.accompany();
  registration.accompany();
  assertEquals(registration.isHeld, false);
  registration.close();
  registration.close();
  assertEquals(told, [["idle", "accompanying"], ["accompanying", "closed"]]);
});

Deno.test("without others nothing is opened, nothing waits, and nothing is read", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(2);
  const [, other] = sources as [FakeSource, FakeSource];
  other.registration.accompany();
  kernel.arrive(other.port);
  await time.pass(50);
  assertEquals([kernel.count("epoll_create1"), kernel.waits, kernel.polls, other.turns], [0, 0, 0, 0]);
  await closeSources(kernel, sources);
});

for (const from of ["start", "hold"] as const) {
  Deno.test(`what accompanies from the ${from} on is read by the wait of others, also what came before`, async () => {
    using _time = fakeTime();
    const { kernel, sources } = openSources(2);
    const [main, other] = sources as [FakeSource, FakeSource];
    kernel.arrive(other.port);
    if (from === "hold") main.hold();
    other.registration.accompany();
    main.hold();
    await settled();
    assertEquals([other.datagrams, main.datagrams, kernel.waiting], [1, 0, true]);
    kernel.arrive(other.port);
    kernel.arrive(main.port);
    await settled();
    assertEquals([other.datagrams, main.datagrams, kernel.count("epoll_create1")], [2, 1, 1]);
    await closeSources(kernel, sources);
  });

  Deno.test(`what accompanies from the ${from} on lets the wait of others end, and is not read until the next`, async () => {
    using time = fakeTime();
    const { kernel, sources, main, other } = open(from);
    main.release();
    if (from === "hold") main.release();
    await time.pass(LINGER_MILLISECONDS);
    assertEquals([kernel.waiting, kernel.count("eventfd_write")], [false, 1]);
    kernel.arrive(other.port);
    await time.pass(50);
    assertEquals([other.turns, kernel.waits, kernel.polls], [0, 1, 0]);
    main.hold();
    await settled();
    assertEquals(other.datagrams, 1);
    await closeSources(kernel, sources);
  });

  Deno.test(`what accompanies from the ${from} on is out of the epoll set once it is closed`, async () => {
    using _time = fakeTime();
    const { kernel, sources, main, other } = open(from);
    assertEquals(kernel.watched.toSorted(), [main.fd, other.fd]);
    // Another process has the socket too: closing the descriptor alone would not do it.
    kernel.socketOf(other.fd).shared = true;
    other.close();
    assertEquals(kernel.watched, [main.fd]);
    await closeSources(kernel, sources);
  });
}

Deno.test("what lingers does not hinder what accompanies, which is read meanwhile and does not prolong it", async () => {
  using time = fakeTime();
  const { kernel, sources, main, other } = open("start");
  main.release();
  await time.pass(LINGER_MILLISECONDS - 1);
  kernel.arrive(other.port);
  await settled();
  assertEquals(other.datagrams, 1);
  await time.pass(1);
  assertEquals([kernel.waiting, kernel.watched], [false, [other.fd]]);
  await closeSources(kernel, sources);
});

Deno.test("what accompanies an unref'd socket is read when somebody looks, and sends no thread to wait", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(2);
  const [main, other] = sources as [FakeSource, FakeSource];
  other.registration.accompany();
  main.registration.setRef(false);
  main.hold();
  kernel.arrive(other.port);
  await time.pass(1);
  assertEquals([other.datagrams, kernel.waits], [1, 0]);
  main.release();
  await time.pass(20);
  const { polls } = kernel;
  kernel.arrive(other.port);
  await time.pass(50);
  assertEquals([other.datagrams, kernel.polls, kernel.waits], [1, polls, 0]);
  await closeSources(kernel, sources);
});

Deno.test("what is closed before others are held is never watched, nor who has its number by then", async () => {
  using _time = fakeTime();
  const { kernel, reactor, sources } = openSources(2);
  const [main, other] = sources as [FakeSource, FakeSource];
  kernel.reuseFds = true;
  other.registration.accompany();
  other.close();
  const next = new FakeSource(reactor);
  sources.push(next);
  assertEquals(next.fd, other.fd);
  main.hold();
  assertEquals([kernel.watched, other.errors, next.errors], [[main.fd], [], []]);
  await closeSources(kernel, sources);
});

Deno.test("where the kernel does not take it in, that is told, others go on, and it can be tried again", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(2);
  const [main, other] = sources as [FakeSource, FakeSource];
  main.hold();
  kernel.fail("epoll_ctl", "ENOSPC");
  const error = assertThrows(() => other.registration.accompany(), SyscallError);
  assertEquals([error.syscall, error.code, kernel.watched], ["epoll_ctl", "ENOSPC", [main.fd]]);
  for (const { port } of sources) kernel.arrive(port);
  await settled();
  assertEquals([main.datagrams, other.datagrams], [1, 0]);
  other.registration.accompany();
  await settled();
  assertEquals(other.datagrams, 1);
  await closeSources(kernel, sources);
});

Deno.test("where the kernel does not take it in later, it alone fails: not what is held, nor what else accompanies", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(3);
  const [main, first, second] = sources as [FakeSource, FakeSource, FakeSource];
  for (const { registration } of [first, second]) registration.accompany();
  // The first is the wake-up descriptor.
  kernel.fail("epoll_ctl", "ENOSPC", 1, 1);
  main.hold();
  assertEquals(first.errors.map((error) => [(error as SyscallError).syscall, (error as SyscallError).code]), [[
    "epoll_ctl",
    "ENOSPC",
  ]]);
  for (const { port } of [main, second]) kernel.arrive(port);
  await settled();
  assertEquals([main.datagrams, second.datagrams], [1, 1]);
  assertEquals([main.errors, second.errors, kernel.waiting], [[], [], true]);
  await closeSources(kernel, sources);
});

Deno.test("where there is no epoll set to be had, what accompanies is watched with the next", async () => {
  using _time = fakeTime();
  for (const syscall of ["epoll_create1", "eventfd", "epoll_ctl"] as const) {
    const { kernel, sources } = openSources(2);
    const [main, other] = sources as [FakeSource, FakeSource];
    other.registration.accompany();
    kernel.fail(syscall, "EMFILE");
    assertThrows(() => main.hold(), SyscallError, syscall);
    assertEquals(other.errors, []);
    main.hold();
    kernel.arrive(other.port);
    await settled();
    assertEquals(other.datagrams, 1, syscall);
    await closeSources(kernel, sources);
  }
});

Deno.test("where a wait fails, what accompanies learns it too, watched or not", async () => {
  using _time = fakeTime();
  const { kernel, sources, main, other } = open("start");
  kernel.fail("epoll_wait", "EBADF", 2);
  await settled();
  assertEquals([main.errors.length, other.errors.length], [1, 1]);
  kernel.assertAllClosed();
  await closeSources(kernel, sources);
});

Deno.test("an epoll set stays for what accompanies, and goes with the last socket", async () => {
  using time = fakeTime();
  const { kernel, reactor, sources, main, other } = open("start");
  main.close();
  await time.pass(LINGER_MILLISECONDS);
  assertEquals([kernel.waiting, kernel.watched], [false, [other.fd]]);
  const late = new FakeSource(reactor);
  sources.push(late);
  kernel.arrive(other.port);
  late.hold();
  await settled();
  assertEquals([other.datagrams, kernel.count("epoll_create1")], [1, 1]);
  late.close();
  await time.pass(LINGER_MILLISECONDS);
  other.close();
  kernel.assertAllClosed();
});

Deno.test("a shutdown closes what accompanies, watched or not", () => {
  using _time = fakeTime();
  for (const held of [true, false]) {
    const { kernel, reactor, sources } = openSources(2);
    const [main, other] = sources as [FakeSource, FakeSource];
    other.registration.accompany();
    if (held) main.hold();
    reactor.shutdown();
    kernel.assertAllClosed();
  }
});
