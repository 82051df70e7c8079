import { assertEquals, assertStrictEquals } from "@std/assert";
import { TURN_MILLISECONDS } from "../../src/netlink/socket_reader.ts";
import { MAX_OVERFLOW } from "../../src/netlink/socket.ts";
import { MAX_DATAGRAM } from "../../src/netlink/socket_opening.ts";
import { closeSources, FakeSource, openSources } from "../fakes/source.ts";
import { fakeTime, settled } from "../fakes/time.ts";

Deno.test("nothing is opened and nothing waits while nothing is held", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(2);
  kernel.arrive(sources[0]!.port);
  await time.pass(50);
  assertEquals([kernel.count("epoll_create1"), kernel.waits, kernel.polls], [0, 0, 0]);
  assertEquals(sources[0]!.turns, 0);
  await closeSources(kernel, sources);
});

Deno.test("one thread waits for many sockets, more than one wait reports", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(100);
  for (const source of sources) source.hold();
  assertEquals(kernel.waits, 1);
  kernel.threadDelay = 1;
  for (const source of sources) kernel.arrive(source.port);
  kernel.schedYield();
  await settled();
  assertEquals(sources.map((source) => source.datagrams), Array(100).fill(1));
  assertEquals(kernel.count("epoll_create1"), 1);
  assertEquals(kernel.waiting, true);
  await closeSources(kernel, sources);
});

Deno.test("what came before the socket was held is read", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  kernel.arrive(source.port);
  source.hold();
  await settled();
  assertEquals(source.datagrams, 1);
  await closeSources(kernel, sources);
});

Deno.test("sockets share one slot, which holds the largest datagram", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(2);
  for (const source of sources) {
    source.hold();
    kernel.arrive(source.port);
  }
  await settled();
  assertEquals(sources[0]!.slot?.data.length, MAX_DATAGRAM);
  assertEquals(sources[0]!.slot?.capacity, MAX_DATAGRAM + MAX_OVERFLOW, "what others send may be larger");
  assertStrictEquals(sources[0]!.slot, sources[1]!.slot);
  await closeSources(kernel, sources);
});

Deno.test("a socket that is left half read is read on", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.most = 2;
  for (let count = 0; count < 5; count++) kernel.arrive(source.port);
  source.hold();
  await settled();
  assertEquals([source.turns, source.datagrams], [3, 5]);
  await closeSources(kernel, sources);
});

Deno.test("a socket that is closed in another's turn is not read any more", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(3);
  const [first, second, third] = sources as [FakeSource, FakeSource, FakeSource];
  for (const source of sources) {
    source.hold();
    source.onReadable = () => second.close();
  }
  kernel.threadDelay = 1;
  for (const source of sources) kernel.arrive(source.port);
  kernel.schedYield();
  await settled();
  assertEquals([first.turns, second.turns, third.turns], [1, 0, 1]);
  await closeSources(kernel, sources);
});

Deno.test("a socket that closes all in its turn leaves nothing open", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(2);
  for (const source of sources) {
    source.hold();
    source.onReadable = () => sources.forEach((other) => other.close());
  }
  kernel.arrive(sources[0]!.port);
  await settled();
  kernel.assertAllClosed();
});

Deno.test("a socket that is opened and held in another's turn is read", async () => {
  using _time = fakeTime();
  const { kernel, reactor, sources } = openSources(1);
  sources[0]!.onReadable = () => {
    const late = new FakeSource(reactor);
    sources.push(late);
    late.hold();
    kernel.arrive(late.port);
  };
  sources[0]!.hold();
  kernel.arrive(sources[0]!.port);
  await settled();
  assertEquals(sources.map((source) => source.datagrams), [1, 1]);
  await closeSources(kernel, sources);
});

Deno.test("the turn has a deadline, and the next one begins with who was not reached", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(3);
  const order: number[] = [];
  kernel.threadDelay = 1;
  sources.forEach((source, index) => {
    source.most = 1;
    source.onReadable = () => {
      assertEquals(source.deadline, performance.now() + TURN_MILLISECONDS, "each is the first of its turn");
      order.push(index);
      time.busy(TURN_MILLISECONDS + 1);
    };
    source.hold();
    for (let count = 0; count < 3; count++) kernel.arrive(source.port);
  });
  kernel.schedYield();
  await settled(12);
  // The kernel reports all three each time, in one order: a busy socket must not push the others out.
  assertEquals(order.slice(0, 3).toSorted(), [0, 1, 2]);
  assertEquals(order.slice(3, 6).toSorted(), [0, 1, 2]);
  assertEquals(sources.map((source) => source.datagrams), [3, 3, 3]);
  await closeSources(kernel, sources);
});

Deno.test("sockets that are quick all have their turn before the deadline", async () => {
  using _time = fakeTime();
  const { kernel, sources } = openSources(3);
  kernel.threadDelay = 1;
  for (const source of sources) {
    source.hold();
    kernel.arrive(source.port);
  }
  kernel.schedYield();
  await settled();
  assertEquals(sources.map((source) => source.turns), [1, 1, 1]);
  assertEquals(kernel.waits, 2, "one wait reported them all, and the second goes on");
  await closeSources(kernel, sources);
});

Deno.test("after a turn's worth of work other I/O comes before the next turn, and not after less", async () => {
  for (const { busy, expected } of [{ busy: 5, expected: "T-T-T-" }, { busy: 0, expected: "TTT---" }]) {
    using time = fakeTime();
    const { kernel, sources } = openSources(1);
    const [source] = sources as [FakeSource];
    let order = "";
    source.most = 1;
    source.onReadable = () => {
      order += "T";
      setImmediate(() => order += "-");
      time.busy(busy);
    };
    for (let count = 0; count < 3; count++) kernel.arrive(source.port);
    source.hold();
    await settled(10);
    assertEquals(order, expected, `turns of ${busy} ms`);
    await closeSources(kernel, sources);
  }
});

Deno.test("short turns add up until other I/O has its turn", async () => {
  using time = fakeTime();
  const { kernel, sources } = openSources(1);
  const [source] = sources as [FakeSource];
  source.most = 1;
  let turnsBeforeOthers = 0;
  source.onReadable = () => {
    if (source.turns === 1) setImmediate(() => turnsBeforeOthers = source.turns);
    time.busy(2);
  };
  for (let count = 0; count < 9; count++) kernel.arrive(source.port);
  source.hold();
  await settled(10);
  assertEquals([turnsBeforeOthers, source.datagrams], [3, 9]);
  await closeSources(kernel, sources);
});

Deno.test("the last socket that is closed between two turns leaves nothing open", async () => {
  for (const how of ["close", "shutdown"] as const) {
    using time = fakeTime();
    const { kernel, reactor, sources } = openSources(1);
    const [source] = sources as [FakeSource];
    source.onReadable = () => {
      time.busy(TURN_MILLISECONDS);
      setImmediate(() => how === "close" ? source.close() : reactor.shutdown());
    };
    kernel.arrive(source.port);
    source.hold();
    await settled(5);
    kernel.assertAllClosed();
    assertEquals(kernel.waits, 1);
  }
});
