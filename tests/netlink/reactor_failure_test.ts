import { assertEquals, assertThrows } from "@std/assert";
import { LINGER_MILLISECONDS } from "../../src/netlink/watch_list.ts";
import { SyscallError } from "../../src/errors.ts";
import { closeSources, FakeSource, openSources } from "../fakes/source.ts";
import { fakeTime, settled } from "../fakes/time.ts";

Deno.test("a signal does not end the wait", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.hold();
  // The first time the second try is interrupted too, the second time only the wait.
  for (const times of [2, 1]) {
    kernel.fail("epoll_wait", "EINTR", times);
    await settled();
    assertEquals(kernel.waiting, true);
  }
  kernel.arrive(source.port);
  await settled();
  assertEquals([source.datagrams, source.errors], [1, []]);
  await closeSources(kernel, sources);
});

Deno.test("what arrived when the wait was interrupted is read", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.hold();
  kernel.threadDelay = 1;
  kernel.arrive(source.port);
  kernel.fail("epoll_wait", "EINTR");
  kernel.threadDelay = 0;
  await settled();
  assertEquals([source.datagrams, kernel.waiting], [1, true]);
  await closeSources(kernel, sources);
});

for (const { how, ref } of [{ how: "a wait", ref: true }, { how: "a look by timer", ref: false }]) {
  for (const count of [1, 3]) {
    Deno.test(`${how} that fails is told to every socket, once, with ${count}; then nothing is open`, async () => {
      using time = fakeTime();
      const { kernel, reactor, sources } = openSources(count);
      for (const source of sources) {
        source.registration.setRef(ref);
        source.hold();
      }
      kernel.fail("epoll_wait", "EBADF", 100);
      await time.pass(1);
      for (const { errors } of sources) {
        assertEquals(errors.map((error) => [(error as SyscallError).syscall, (error as SyscallError).code]), [
          ["epoll_wait", "EBADF"],
        ]);
      }
      await time.pass(50);
      kernel.assertAllClosed();
      kernel.heal("epoll_wait");
      // A socket that is opened after that has an epoll set of its own.
      assertEquals(kernel.count("epoll_create1"), 1);
      const late = new FakeSource(reactor);
      late.hold();
      assertEquals(kernel.count("epoll_create1"), 2);
      late.close();
      await time.pass(50);
      kernel.assertAllClosed();
    });
  }
}

Deno.test("no further wait begins while the sockets are told of a failure", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(3);
  for (const source of sources) source.hold();
  kernel.fail("epoll_wait", "EBADF", 2);
  await settled();
  assertEquals(kernel.waits, 1);
});

Deno.test("a hold that fails says why, does not count, and the next one works", async (t) => {
  const cases = [
    { name: "the epoll set", syscall: "epoll_create1", after: 0 },
    { name: "the eventfd", syscall: "eventfd", after: 0 },
    { name: "the eventfd into the set", syscall: "epoll_ctl", after: 0 },
    { name: "the socket into the set", syscall: "epoll_ctl", after: 1 },
  ] as const;
  for (const { name, syscall, after } of cases) {
    await t.step(name, async () => {
      using time = fakeTime();
      const { kernel, sources } = openSources(1);
      const [source] = sources as [FakeSource];
      kernel.fail(syscall, "ENOSPC", 1, after);
      const error = assertThrows(() => source.hold(), SyscallError);
      assertEquals([error.syscall, error.code], [syscall, "ENOSPC"]);
      assertEquals([kernel.waits, kernel.watched], [0, []]);
      source.hold();
      kernel.arrive(source.port);
      await settled();
      assertEquals(source.datagrams, 1);
      source.release();
      await time.pass(LINGER_MILLISECONDS);
      assertEquals(kernel.waiting, false, "one hold was made, and one was taken back");
      await closeSources(kernel, sources);
    });
  }
});

Deno.test("an epoll set that was not finished is closed at once", () => {
  for (const syscall of ["eventfd", "epoll_ctl"] as const) {
    const { kernel, sources } = openSources(1);
    kernel.fail(syscall, "ENOMEM");
    assertThrows(() => sources[0]!.hold(), SyscallError);
    sources[0]!.close();
    kernel.assertAllClosed();
  }
});

Deno.test("a socket whose hold failed does not disturb the others", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(2);
  const [first, second] = sources as [FakeSource, FakeSource];
  first.hold();
  kernel.fail("epoll_ctl", "ENOSPC");
  assertThrows(() => second.hold(), SyscallError);
  for (const source of sources) kernel.arrive(source.port);
  await settled();
  assertEquals([first.datagrams, second.datagrams], [1, 0]);
  await closeSources(kernel, sources);
});
