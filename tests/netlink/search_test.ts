// The reactor looks for what arrives by itself, before it sends a thread to wait.
import { assertEquals, assertThrows } from "@std/assert";
import { Reactor, SEARCH_MILLISECONDS } from "../../src/netlink/reactor.ts";
import { LINGER_MILLISECONDS } from "../../src/netlink/watch_list.ts";
import { closeSources, FakeSource } from "../fakes/source.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { type FakeTime, fakeTime, settled } from "../fakes/time.ts";

interface Setup extends AsyncDisposable {
  readonly time: FakeTime;
  readonly kernel: FakeSyscalls;
  readonly reactor: Reactor;
  readonly sources: FakeSource[];
  readonly first: FakeSource;
  /** What happens during each yield, told its number. A yield takes {@linkcode YIELD}. */
  during: (yields: number) => void;
  yields: number;
}

/** What a yield takes, in milliseconds: a number that adds up without an error. */
const YIELD = 2 ** -10;

function open(count = 1, busyPoll = 50 * YIELD): Setup {
  const time = fakeTime();
  const kernel = new FakeSyscalls();
  const reactor = new Reactor(kernel);
  const sources = Array.from({ length: count }, () => new FakeSource(reactor, {}, busyPoll));
  const setup: Setup = {
    time,
    kernel,
    reactor,
    sources,
    first: sources[0]!,
    during: () => {},
    yields: 0,
    async [Symbol.asyncDispose]() {
      setup.during = () => {};
      await closeSources(kernel, sources);
      time[Symbol.dispose]();
    },
  };
  const schedYield = kernel.schedYield.bind(kernel);
  kernel.schedYield = () => {
    time.busy(YIELD);
    schedYield();
    setup.during(++setup.yields);
  };
  return setup;
}

Deno.test("what arrives while it searches is read without a thread, in the same turn", async () => {
  await using setup = open();
  const { kernel, first } = setup;
  setup.during = (yields) => yields === 5 && kernel.arrive(first.port);
  first.hold();
  assertEquals([kernel.waits, first.turns], [0, 0]);
  await settled();
  assertEquals([kernel.waits, first.datagrams, setup.yields], [0, 1, 5]);
});

Deno.test("where nothing comes, a thread waits after so many microseconds, and nothing runs any more", async () => {
  await using setup = open();
  const { kernel, first } = setup;
  first.hold();
  await settled(3);
  assertEquals([kernel.waits, kernel.waiting, setup.yields], [1, true, 50]);
  const { turns } = first;
  await setup.time.pass(100);
  assertEquals([setup.yields, kernel.polls, first.turns], [50, 1, turns]);
  kernel.arrive(first.port);
  await settled();
  assertEquals(first.datagrams, 1);
});

Deno.test("after what was found it searches on, and once in vain", async () => {
  await using setup = open();
  const { kernel, first } = setup;
  setup.during = (yields) => yields <= 30 && yields % 10 === 0 && kernel.arrive(first.port);
  first.hold();
  await settled(6);
  assertEquals([first.datagrams, kernel.waits, setup.yields], [3, 1, 80]);
});

Deno.test("what came before is read to its end; what comes after a look, one by one, since its sender may wait", async () => {
  await using setup = open();
  const { kernel, first } = setup;
  const arrive = () => {
    for (let count = 0; count < 3; count++) kernel.arrive(first.port);
  };
  const read: number[] = [];
  first.onReadable = () => read.push(first.datagrams);
  setup.during = (yields) => yields === 1 && arrive();
  arrive();
  first.hold();
  await settled(3);
  // The first search, the second with a look in vain, the third and the fourth, which do without.
  assertEquals(read.slice(0, 5), [3, 3, 4, 5, 6]);
});

Deno.test("among several sockets those are read that are ready", async () => {
  await using setup = open(5);
  const { kernel, sources } = setup;
  setup.during = (yields) => yields === 3 && kernel.arrive(sources[4]!.port);
  for (const source of sources) source.hold();
  await settled();
  assertEquals(sources.map(({ turns }) => turns), [0, 0, 0, 0, 1]);
  assertEquals([sources[4]!.datagrams, kernel.waits], [1, 0]);
});

Deno.test("one socket that is always busy does not keep others from being read: each has its turn within a millisecond", async () => {
  await using setup = open(2);
  const { kernel, first, time, sources } = setup;
  const other = sources[1]!;
  other.registration.accompany();
  kernel.arrive(other.port);
  setup.during = () => kernel.arrive(first.port);
  first.onReadable = () => time.busy(.1);
  first.hold();
  await settled(1);
  // The first look is at all of them.
  assertEquals(other.datagrams, 1);
  const reads: number[] = [];
  for (let round = 2; round < 5; round++) {
    const before = first.datagrams;
    kernel.arrive(other.port);
    while (other.datagrams < round) await settled();
    reads.push(first.datagrams - before);
  }
  assertEquals(reads.slice(1).map((count) => count >= 8 && count <= 10), [true, true]);
});

Deno.test("timers and other I/O have their turn again and again, also where every search finds something", async () => {
  await using setup = open();
  const { kernel, first, time } = setup;
  setup.during = () => {
    kernel.arrive(first.port);
    time.busy(.05);
  };
  first.hold();
  await settled();
  for (let count = 0; count < 20; count++) {
    const before = first.datagrams;
    await settled();
    // A quarter of a millisecond's worth.
    assertEquals([first.datagrams > before, first.datagrams <= before + 5], [true, true]);
  }
});

Deno.test("others have their turn where yields take long, and the search goes on after it", async () => {
  await using setup = open();
  const { kernel, first, time } = setup;
  setup.during = () => time.busy(.2);
  first.hold();
  await settled();
  assertEquals([setup.yields, kernel.waits], [Math.ceil(SEARCH_MILLISECONDS / (.2 + YIELD)), 0]);
  await settled(20);
  assertEquals([setup.yields, kernel.waits], [25, 1]);
});

Deno.test("beside a busy process a thread waits, and nobody yields for a while", async () => {
  await using setup = open();
  const { kernel, first, time } = setup;
  setup.during = () => {
    time.busy(4);
    kernel.arrive(first.port);
  };
  first.hold();
  await settled(100);
  const { yields } = setup;
  assertEquals([yields < 30, kernel.waits], [true, 1]);
  for (let count = 0; count < 10; count++) {
    kernel.arrive(first.port);
    await settled(2);
  }
  assertEquals([setup.yields, kernel.waits], [yields, 11]);
  time.busy(193);
  kernel.arrive(first.port);
  await settled(2);
  assertEquals(setup.yields, yields + 1);
});

Deno.test("a stream that is slow and even costs no search any more after three vain ones", async () => {
  await using setup = open();
  const { kernel, first, time } = setup;
  first.hold();
  for (let count = 0; count < 20; count++) {
    await settled(2);
    time.busy(1);
    kernel.arrive(first.port);
  }
  await settled(2);
  assertEquals([first.datagrams, setup.yields], [20, 150]);
});

Deno.test("an answer to what is sent while a thread waits is searched for; then no thread waits any more", async () => {
  await using setup = open();
  const { kernel, reactor, first } = setup;
  first.hold();
  await settled(2);
  assertEquals([kernel.waiting, setup.yields], [true, 50]);
  // The thread does not notice.
  kernel.threadDelay = 100;
  setup.during = (yields) => yields === 53 && kernel.arrive(first.port);
  reactor.expectAnswers(100);
  reactor.expectAnswers(100);
  await settled();
  assertEquals([first.datagrams, setup.yields, kernel.count("eventfd_write")], [1, 53, 1]);
  kernel.threadDelay = 1;
  kernel.schedYield();
  await settled(3);
  assertEquals(kernel.waiting, true, "once more, after a search in vain");
});

Deno.test("nothing is searched for where nothing is awaited", async () => {
  await using setup = open();
  const { kernel, reactor, first } = setup;
  reactor.expectAnswers(100);
  first.hold();
  await settled(2);
  first.release();
  const { yields } = setup;
  reactor.expectAnswers(100);
  await settled(2);
  assertEquals(setup.yields, yields);
  await setup.time.pass(LINGER_MILLISECONDS);
  assertEquals(kernel.waiting, false);
});

Deno.test("a socket that is let go before the search begins has nobody search or wait", async () => {
  await using setup = open();
  const { kernel, first } = setup;
  first.hold();
  first.release();
  await settled(2);
  assertEquals([setup.yields, kernel.waits, first.turns], [0, 0, 0]);
});

Deno.test("a socket that does not keep the process running is looked at by timer, and never searched for", async () => {
  await using setup = open();
  const { kernel, first, time } = setup;
  first.registration.setRef(false);
  first.hold();
  kernel.arrive(first.port);
  await time.pass(1);
  assertEquals([first.datagrams, setup.yields, kernel.waits], [1, 0, 0]);
});

Deno.test("of all sockets that are open the longest time counts", async () => {
  await using setup = open(1, 10 * YIELD);
  const { reactor, first, sources, kernel } = setup;
  const longer = new FakeSource(reactor, {}, 20 * YIELD);
  const shorter = new FakeSource(reactor, {}, 5 * YIELD);
  sources.push(longer, shorter);
  first.hold();
  await settled(2);
  assertEquals(setup.yields, 20);
  longer.close();
  kernel.arrive(first.port);
  await settled(3);
  assertEquals(setup.yields, 30);
});

Deno.test("a listener that throws does not end the search, nor the waiting", async () => {
  await using setup = open();
  const { kernel, first } = setup;
  const errors: unknown[] = [];
  const note = (event: ErrorEvent) => {
    event.preventDefault();
    errors.push(event.error);
  };
  addEventListener("error", note);
  setup.during = (yields) => yields === 2 && kernel.arrive(first.port);
  first.onReadable = () => {
    if (first.datagrams !== 1) return;
    first.onReadable = () => {};
    throw new Error("It throws");
  };
  first.hold();
  await settled(3);
  removeEventListener("error", note);
  assertEquals(errors.map(String), ["Error: It throws"]);
  assertEquals([first.datagrams, kernel.waits], [1, 1]);
});

Deno.test("a look that fails is told to every socket", async () => {
  await using setup = open(2);
  const { kernel, sources } = setup;
  for (const source of sources) source.hold();
  kernel.fail("epoll_wait", "EBADF");
  await settled(2);
  assertEquals(sources.map(({ errors }) => errors.length), [1, 1]);
  assertThrows(() => sources[0]!.hold() ?? kernel.socketOf(sources[0]!.fd));
});

Deno.test("all that is open is closed while it searches", async () => {
  await using setup = open(2);
  const { kernel, sources, first } = setup;
  setup.during = () => {
    setup.during = () => {};
    kernel.arrive(first.port);
  };
  first.onReadable = () => {
    for (const source of sources) source.close();
  };
  for (const source of sources) source.hold();
  await settled(2);
  kernel.assertAllClosed();
});
