// A search comes to its end, and others have their turn, whatever the clock, the memory or a listener does.
import { assert, assertEquals } from "@std/assert";
import { Reactor } from "../../src/netlink/reactor.ts";
import { closeSources, FakeSource } from "../fakes/source.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime, settled } from "../fakes/time.ts";

const BUSY_POLL = .05;

function open() {
  const time = fakeTime();
  const kernel = new FakeSyscalls();
  const reactor = new Reactor(kernel);
  const source = new FakeSource(reactor, {}, BUSY_POLL);
  source.most = 1;
  return {
    time,
    kernel,
    reactor,
    source,
    async [Symbol.asyncDispose]() {
      source.onReadable = () => {};
      await closeSources(kernel, [source]);
      time[Symbol.dispose]();
    },
  };
}

/** Takes the errors that nobody has caught. */
function catchReported(): Disposable & { readonly errors: string[] } {
  const errors: string[] = [];
  const note = (event: ErrorEvent) => {
    event.preventDefault();
    errors.push(event.message);
  };
  addEventListener("error", note);
  return { errors, [Symbol.dispose]: () => removeEventListener("error", note) };
}

Deno.test("where the clock stands still, a search comes to its end all the same", async () => {
  await using setup = open();
  const { kernel, source, time } = setup;
  let yields = 0;
  kernel.schedYield = () => {
    // Else it would not come to its end.
    if (++yields > 100_000) time.busy(1);
  };
  source.hold();
  await settled(3);
  assertEquals([yields <= 1_000, kernel.waits], [true, 1]);
});

Deno.test("where the clock stands still, timers and other I/O have their turn although every search finds something", async () => {
  await using setup = open();
  const { kernel, source } = setup;
  source.onReadable = () => source.datagrams < 2_000 && kernel.arrive(source.port);
  kernel.arrive(source.port);
  source.hold();
  await settled(2);
  assert(source.datagrams <= 300, `${source.datagrams} datagrams in a turn`);
});

Deno.test("timers and other I/O have their turn also where a source throws with each datagram", async () => {
  await using setup = open();
  using reported = catchReported();
  const { kernel, source, time } = setup;
  source.onReadable = () => {
    time.busy(.01);
    if (source.datagrams >= 2_000) return;
    kernel.arrive(source.port);
    throw new Error("thrown");
  };
  kernel.arrive(source.port);
  source.hold();
  await settled(2);
  assert(source.datagrams <= 50, `${source.datagrams} datagrams in a turn`);
  assertEquals(reported.errors.length, source.datagrams);
});

Deno.test("where no memory is to be had for what a look finds, the sockets learn it, and nobody else", async () => {
  await using setup = open();
  using reported = catchReported();
  const { kernel, source } = setup;
  let lists = 0;
  const createEventList = kernel.createEventList.bind(kernel);
  kernel.createEventList = (maximum) => {
    if (++lists > 1) throw new RangeError("Out of memory");
    return createEventList(maximum);
  };
  source.onFailed = () => source.close();
  source.hold();
  await settled(2);
  assertEquals([source.errors.map(({ message }) => message), reported.errors], [["Out of memory"], []]);
});

for (const { where, busyPoll } of [{ where: "a wait", busyPoll: 0 }, { where: "a search", busyPoll: BUSY_POLL }]) {
  Deno.test(`a shutdown by what was found in ${where} closes everything before it returns, and nothing more is read`, async () => {
    using _time = fakeTime();
    const kernel = new FakeSyscalls();
    const reactor = new Reactor(kernel);
    const sources = [0, 1].map(() => new FakeSource(reactor, {}, busyPoll));
    for (const source of sources) {
      kernel.arrive(source.port);
      source.onReadable = () => {
        reactor.shutdown();
        kernel.assertAllClosed();
      };
      source.hold();
    }
    await settled(3);
    assertEquals(sources[0]!.turns + sources[1]!.turns, 1);
    kernel.assertAllClosed();
  });
}
