import { assertEquals, assertThrows } from "@std/assert";
import { LINGER_MILLISECONDS } from "../../src/netlink/watch_list.ts";
import { type ReactorSource, Registration, type RegistrationState } from "../../src/netlink/registration.ts";
import { closeSources, type FakeSource, openSources } from "../fakes/source.ts";
import { fakeTime, settled } from "../fakes/time.ts";

type Step = [action: (registration: Registration) => void, state: RegistrationState];

Deno.test("holds, ref and unref lead from state to state, and only a change is told", async (t) => {
  const hold = (registration: Registration) => registration.hold();
  const release = (registration: Registration) => registration.release();
  const ref = (registration: Registration) => registration.setRef(true);
  const unref = (registration: Registration) => registration.setRef(false);
  const close = (registration: Registration) => registration.close();
  const cases: Record<string, Step[]> = {
    "holds count": [[hold, "ref"], [hold, "ref"], [release, "ref"], [release, "idle"], [hold, "ref"]],
    "unref before a hold": [[unref, "idle"], [hold, "unref"], [ref, "ref"], [release, "idle"]],
    "unref while held": [[hold, "ref"], [unref, "unref"], [hold, "unref"], [release, "unref"], [release, "idle"]],
    "twice the same": [[hold, "ref"], [ref, "ref"], [unref, "unref"], [unref, "unref"]],
    "closed for good": [[hold, "ref"], [close, "closed"], [release, "closed"], [hold, "closed"], [ref, "closed"], [
      close,
      "closed",
    ]],
  };
  for (const [name, steps] of Object.entries(cases)) {
    await t.step(name, () => {
      let state: RegistrationState = "idle";
      const registration: Registration = new Registration({} as ReactorSource, (changed, from, to) => {
        assertEquals([changed === registration, from, from === to], [true, state, false]);
        state = to;
      });
      steps.forEach(([action, expected], index) => {
        action(registration);
        assertEquals(state, expected, `after step ${index + 1}`);
      });
    });
  }
});

Deno.test("a socket is held from its first hold to its last release, ref'd or not", () => {
  const registration = new Registration({} as ReactorSource, () => {});
  const steps: [action: () => void, held: boolean][] = [
    [() => {}, false],
    [() => registration.hold(), true],
    [() => registration.hold(), true],
    [() => registration.setRef(false), true],
    [() => registration.release(), true],
    [() => registration.release(), false],
  ];
  for (const [action, held] of steps) {
    action();
    assertEquals(registration.isHeld, held);
  }
});

Deno.test("a change that is refused leaves state and counts as they were", () => {
  let refuse = true;
  const states: RegistrationState[] = [];
  const registration = new Registration({} as ReactorSource, (_, _from, to) => {
    if (refuse) throw new Error("refused");
    states.push(to);
  });
  assertThrows(() => registration.hold(), Error, "refused");
  refuse = false;
  registration.hold();
  registration.release();
  assertEquals(states, ["ref", "idle"], "the hold that was refused does not count");
});

Deno.test("the wait lingers after the last release, and then it is ended", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.hold();
  source.hold();
  source.release();
  await time.pass(2 * LINGER_MILLISECONDS);
  assertEquals(kernel.waiting, true, "one hold is left");
  source.release();
  await time.pass(LINGER_MILLISECONDS - 1);
  assertEquals([kernel.waiting, kernel.count("eventfd_write")], [true, 0]);
  await time.pass(1);
  assertEquals([kernel.waiting, kernel.count("eventfd_write"), kernel.waits], [false, 1, 1]);
  assertEquals(kernel.watched, []);
  await time.pass(100);
  assertEquals([kernel.waits, kernel.polls], [1, 0], "nothing goes on");
  assertEquals(time.unrefTimers.length, 1, "the timer that lingers does not keep the process running");
  await closeSources(kernel, sources);
});

Deno.test("a hold while the wait lingers costs no system call", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.hold();
  source.release();
  const before = kernel.count("epoll_ctl");
  source.hold();
  await time.pass(5 * LINGER_MILLISECONDS);
  assertEquals([kernel.count("epoll_ctl"), kernel.waits, kernel.count("eventfd_write")], [before, 1, 0]);
  kernel.arrive(source.port);
  await settled();
  assertEquals(source.datagrams, 1);
  await closeSources(kernel, sources);
});

Deno.test("the wait lingers as long after every last release, not after the first", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.hold();
  source.release();
  await time.pass(LINGER_MILLISECONDS - 1);
  source.hold();
  source.release();
  await time.pass(LINGER_MILLISECONDS - 1);
  assertEquals([kernel.waiting, kernel.count("eventfd_write")], [true, 0]);
  await time.pass(1);
  assertEquals(kernel.waiting, false);
  await closeSources(kernel, sources);
});

Deno.test("a hold after the wait was poked goes on waiting", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.hold();
  source.release();
  kernel.threadDelay = 1;
  await time.pass(LINGER_MILLISECONDS);
  source.hold();
  assertEquals(kernel.waits, 1, "the thread has not come back yet");
  kernel.schedYield();
  await settled();
  assertEquals([kernel.waits, kernel.waiting], [2, true]);
  kernel.arrive(source.port);
  await settled();
  assertEquals(source.datagrams, 1);
  await closeSources(kernel, sources);
});

Deno.test("a hold long after works like the first", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  for (let round = 1; round <= 3; round++) {
    source.hold();
    kernel.arrive(source.port);
    await settled();
    assertEquals(source.datagrams, round);
    source.release();
    await time.pass(LINGER_MILLISECONDS);
    assertEquals([kernel.waiting, kernel.watched], [false, []]);
  }
  assertEquals(kernel.count("epoll_create1"), 1);
  await closeSources(kernel, sources);
});

Deno.test("a released socket is not read, while the wait lingers neither", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(2);
  const [released, held] = sources as [FakeSource, FakeSource];
  for (const source of sources) source.hold();
  released.release();
  for (const source of sources) kernel.arrive(source.port);
  await settled();
  assertEquals([released.turns, held.turns], [0, 1]);
  await time.pass(LINGER_MILLISECONDS);
  assertEquals([released.turns, held.turns], [0, 1]);
  released.hold();
  await settled();
  assertEquals(released.datagrams, 1, "it waited in the queue");
  await closeSources(kernel, sources);
});

Deno.test("one socket that is held keeps the wait; the other leaves the epoll set when it has lingered", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(2);
  const [released, held] = sources as [FakeSource, FakeSource];
  for (const source of sources) source.hold();
  released.release();
  assertEquals(kernel.watched, [released.fd, held.fd]);
  await time.pass(LINGER_MILLISECONDS);
  assertEquals([kernel.watched, kernel.waiting, kernel.count("eventfd_write")], [[held.fd], true, 0]);
  kernel.arrive(released.port);
  await settled();
  assertEquals([released.turns, kernel.waits], [0, 1]);
  await closeSources(kernel, sources);
});

Deno.test("an unref'd socket sends no thread to wait: it is looked at by timer, which does not keep running", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.registration.setRef(false);
  source.hold();
  kernel.arrive(source.port);
  await time.pass(1);
  assertEquals([source.datagrams, kernel.waits], [1, 0]);
  await time.pass(100);
  kernel.arrive(source.port);
  await time.pass(16);
  assertEquals([source.datagrams, kernel.waits], [2, 0]);
  // 16 ms apart at most, and at least 1 ms: some ten looks in this time, each of its own timer.
  assertEquals(kernel.polls >= 8 && kernel.polls <= 20, true, `${kernel.polls} looks`);
  assertEquals(time.unrefTimers.length >= kernel.polls, true);
  await closeSources(kernel, sources);
});

Deno.test("looks come less and less often while nothing comes, and at once again when something does", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.registration.setRef(false);
  source.hold();
  const looks: number[] = [];
  const pass = async (milliseconds: number) => {
    const before = kernel.polls;
    await time.pass(milliseconds);
    looks.push(kernel.polls - before);
  };
  for (const gap of [1, 2, 4, 8, 16, 16]) await pass(gap);
  assertEquals(looks, [1, 1, 1, 1, 1, 1]);
  kernel.arrive(source.port);
  await pass(16);
  assertEquals([looks.pop(), source.datagrams], [1, 1]);
  await pass(1);
  assertEquals(looks.pop(), 1);
  await closeSources(kernel, sources);
});

Deno.test("nobody looks for a socket that was released; once it is held again, somebody looks soon", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.registration.setRef(false);
  source.hold();
  await time.pass(100);
  source.release();
  await time.pass(20);
  const { polls } = kernel;
  await time.pass(100);
  assertEquals(kernel.polls, polls);
  kernel.arrive(source.port);
  source.hold();
  await time.pass(1);
  assertEquals(source.datagrams, 1);
  await closeSources(kernel, sources);
});

Deno.test("unref ends the wait, and ref begins it again", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.hold();
  source.registration.setRef(false);
  await time.pass(LINGER_MILLISECONDS);
  assertEquals([kernel.waiting, kernel.waits], [false, 1]);
  await time.pass(1);
  kernel.arrive(source.port);
  await time.pass(16);
  assertEquals([source.datagrams, kernel.waits], [1, 1]);
  source.registration.setRef(true);
  assertEquals([kernel.waiting, kernel.waits], [true, 2]);
  const before = kernel.polls;
  await time.pass(100);
  assertEquals(kernel.polls, before, "nobody looks while a thread waits");
  kernel.arrive(source.port);
  await settled();
  assertEquals(source.datagrams, 2);
  await closeSources(kernel, sources);
});

Deno.test("an unref'd socket is read by the wait of another one", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(2);
  const [unrefd, held] = sources as [FakeSource, FakeSource];
  unrefd.registration.setRef(false);
  unrefd.hold();
  held.hold();
  kernel.arrive(unrefd.port);
  await settled();
  assertEquals(unrefd.datagrams, 1);
  held.close();
  await time.pass(LINGER_MILLISECONDS);
  assertEquals(kernel.waiting, false, "what is left does not keep the process running");
  kernel.arrive(unrefd.port);
  await time.pass(16);
  assertEquals(unrefd.datagrams, 2);
  await closeSources(kernel, sources);
});
