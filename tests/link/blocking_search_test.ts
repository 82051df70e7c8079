// Where the whole thread waits, it looks for a moment first.
import { assertEquals } from "@std/assert";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { closeLinks, RecordingReceiver, utf8 } from "../fakes/link_receiver.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime } from "../fakes/time.ts";

const YIELD = 2 ** -10;

function open(busyPoll: number) {
  const time = fakeTime();
  const kernel = new FakeSyscalls();
  const link = new NetlinkLink({ port: 10, busyPoll: busyPoll * YIELD * 1_000 }, new Reactor(kernel));
  const receiver = new RecordingReceiver();
  const setup = {
    time,
    kernel,
    receiver,
    yields: 0,
    blocked: 0,
    /** What happens during each yield. */
    during: (_yields: number): void => {},
    receive: (milliseconds = 1_000) => link.blocking.receive(receiver, milliseconds),
    async [Symbol.asyncDispose]() {
      await closeLinks(kernel, link);
      time[Symbol.dispose]();
    },
  };
  kernel.schedYield = () => {
    time.busy(YIELD);
    setup.during(++setup.yields);
  };
  kernel.whileBlocked = () => {
    setup.blocked++;
    time.busy(1);
    kernel.arrive(10, utf8("late"));
  };
  return setup;
}

Deno.test("what comes at once is read without a wait", async () => {
  await using setup = open(50);
  setup.during = (yields) => {
    if (yields === 4) setup.kernel.arrive(10, utf8("soon"));
  };
  assertEquals(setup.receive(), true);
  assertEquals([setup.yields, setup.blocked, setup.receiver.texts], [4, 0, ["soon"]]);
});

Deno.test("what is there already is read without a look around", async () => {
  await using setup = open(50);
  setup.kernel.arrive(10, utf8("before"));
  assertEquals([setup.receive(), setup.yields, setup.blocked], [true, 0, 0]);
});

Deno.test("where nothing comes, the thread waits after so many microseconds, and after three times at once", async () => {
  await using setup = open(50);
  const yields: number[] = [];
  for (let count = 0; count < 5; count++) {
    assertEquals(setup.receive(), true);
    yields.push(setup.yields);
  }
  assertEquals([yields, setup.blocked], [[50, 100, 150, 150, 150], 5]);
});

Deno.test("nobody looks around where nobody wants to, nor where there is no time to wait", async () => {
  for (
    const { busyPoll, milliseconds, read } of [
      { busyPoll: 0, milliseconds: 1_000, read: true },
      { busyPoll: 50, milliseconds: 0, read: false },
    ]
  ) {
    await using setup = open(busyPoll);
    assertEquals([setup.receive(milliseconds), setup.yields], [read, 0]);
  }
});

Deno.test("beside a busy process it waits, and does not look around for a while", async () => {
  await using setup = open(50);
  setup.during = () => {
    setup.time.busy(4);
    setup.kernel.arrive(10, utf8("meanwhile"));
  };
  for (let count = 0; count < 100; count++) assertEquals(setup.receive(), true);
  assertEquals([setup.yields < 30, setup.blocked > 70], [true, true]);
});

Deno.test("where the clock stands still, a search comes to its end all the same", async () => {
  await using setup = open(50);
  let yields = 0;
  setup.kernel.schedYield = () => {
    // Else it would not come to its end.
    if (++yields > 100_000) setup.time.busy(1);
  };
  assertEquals([setup.receive(), yields <= 1_000, setup.blocked], [true, true, 1]);
});

Deno.test("what others take of the time while it looks around is not waited for once more", async () => {
  await using setup = open(50);
  const { kernel, time } = setup;
  setup.during = () => time.busy(4);
  const waits: number[] = [];
  const setsockoptTime = kernel.setsockoptTime.bind(kernel);
  kernel.setsockoptTime = (fd, level, option, milliseconds) => {
    waits.push(milliseconds);
    return setsockoptTime(fd, level, option, milliseconds);
  };
  const begun = performance.now();
  assertEquals([setup.receive(10), waits], [false, []]);
  assertEquals(performance.now() - begun < 15, true);
  // Others give the processor back, and a wait of what is left is made.
  setup.during = () => {};
  time.busy(1_000);
  assertEquals([setup.receive(10), waits], [true, [10]]);
});
