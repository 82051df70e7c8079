import { assertEquals } from "@std/assert";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { LINGER_MILLISECONDS } from "../../src/netlink/watch_list.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { FakeSource } from "../fakes/source.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime, settled } from "../fakes/time.ts";

type Held = "held" | "unref'd" | "released" | "never held";

function open(kernel: FakeSyscalls, held: readonly Held[]): { reactor: Reactor; sources: FakeSource[] } {
  const reactor = new Reactor(kernel);
  const sources = held.map((state) => {
    const source = new FakeSource(reactor);
    if (state === "unref'd") source.registration.setRef(false);
    if (state !== "never held") source.hold();
    if (state === "released") source.release();
    return source;
  });
  return { reactor, sources };
}

Deno.test("when the last socket is closed, the epoll set, its eventfd and its memory go with it", async (t) => {
  const cases: Held[][] = [["held"], ["unref'd"], ["released"], ["never held"], ["held", "unref'd", "released"]];
  for (const held of cases) {
    await t.step(held.join(", "), async () => {
      using time = fakeTime();
      const kernel = new FakeSyscalls();
      const { sources } = open(kernel, held);
      await time.pass(3);
      for (const source of sources) source.close();
      await settled();
      kernel.assertAllClosed();
      const { waits, polls } = kernel;
      await time.pass(100);
      assertEquals([kernel.waits, kernel.polls], [waits, polls], "no timer is left");
    });
  }
});

Deno.test("the last socket closed after the wait has lingered leaves nothing open", async () => {
  using time = fakeTime();
  const kernel = new FakeSyscalls();
  const { sources } = open(kernel, ["released"]);
  await time.pass(LINGER_MILLISECONDS);
  assertEquals(kernel.waiting, false);
  sources[0]!.close();
  kernel.assertAllClosed();
});

Deno.test("a thread that is slow to come back is poked once", async () => {
  using time = fakeTime();
  const kernel = new FakeSyscalls();
  const { sources } = open(kernel, ["released"]);
  kernel.threadDelay = 1;
  await time.pass(LINGER_MILLISECONDS);
  sources[0]!.close();
  assertEquals(kernel.count("eventfd_write"), 1);
  kernel.schedYield();
  await settled();
  kernel.assertAllClosed();
});

Deno.test("a socket that is opened before the thread is back keeps the epoll set", async () => {
  using _time = fakeTime();
  const kernel = new FakeSyscalls();
  const { reactor, sources } = open(kernel, ["held"]);
  kernel.threadDelay = 1;
  sources[0]!.close();
  const next = new FakeSource(reactor);
  next.hold();
  kernel.arrive(next.port);
  kernel.schedYield();
  await settled();
  assertEquals([next.datagrams, kernel.waiting, kernel.count("epoll_create1")], [1, true, 1]);
  next.close();
  await settled();
  kernel.assertAllClosed();
});

Deno.test("a closed socket that another process has too is not waited for any more", async () => {
  using _time = fakeTime();
  const kernel = new FakeSyscalls();
  const { reactor, sources } = open(kernel, ["held"]);
  const shared = new FakeSource(reactor, { fd: kernel.openElsewhere({ shared: true, port: 9 }) });
  shared.hold();
  shared.close();
  assertEquals(kernel.watched, [sources[0]!.fd]);
  kernel.arrive(9);
  await settled();
  assertEquals([shared.turns, kernel.waits], [0, 1]);
  sources[0]!.close();
  await settled();
  kernel.assertAllClosed();
});

Deno.test("a shutdown closes everything before it returns", async (t) => {
  const cases: Held[][] = [[], ["held"], ["unref'd"], ["released"], ["never held"], ["held", "unref'd", "released"]];
  for (const held of cases) {
    await t.step(held.join(", ") || "no socket", async () => {
      using time = fakeTime();
      const kernel = new FakeSyscalls();
      const { reactor, sources } = open(kernel, held);
      reactor.shutdown();
      kernel.assertAllClosed();
      await time.pass(100);
      assertEquals(sources.map((source) => source.errors), held.map(() => []));
    });
  }
});

Deno.test("a shutdown lets the waiting thread come back before it closes what it waits for", async () => {
  using _time = fakeTime();
  const kernel = new FakeSyscalls();
  const { reactor, sources } = open(kernel, ["held"]);
  // What an earlier wait reported does not tell that this one has ended.
  kernel.arrive(sources[0]!.port);
  await settled();
  // The fake kernel throws where an epoll set is closed under a thread.
  kernel.threadDelay = 5;
  reactor.shutdown();
  assertEquals([kernel.threadDelay, kernel.waiting], [0, false]);
  kernel.assertAllClosed();
  await settled();
});

Deno.test("a shutdown does not wait for ever: what a lost thread uses stays open", () => {
  using time = fakeTime();
  const kernel = new FakeSyscalls();
  const { reactor, sources } = open(kernel, ["held"]);
  kernel.threadDelay = Infinity;
  const schedYield = kernel.schedYield.bind(kernel);
  let yields = 0;
  kernel.schedYield = () => {
    yields++;
    time.busy(10);
    schedYield();
  };
  reactor.shutdown();
  assertEquals(yields, 6, "50 ms, and the first moment after");
  assertEquals(kernel.isOpen(sources[0]!.fd), false);
  assertEquals(kernel.ledger.open, ["fd 4 (epoll)", "fd 5 (eventfd)", "event list 1 (64 events)"]);
});

Deno.test("a second shutdown finds nothing to do", async () => {
  using _time = fakeTime();
  const kernel = new FakeSyscalls();
  const { reactor } = open(kernel, ["held", "unref'd"]);
  reactor.shutdown();
  reactor.shutdown();
  kernel.assertAllClosed();
  await settled();
});

Deno.test("after a shutdown the port is free, also where a thread was sending", async () => {
  // The real kernel: nothing of the isolate runs any more after its last event, and so nothing later may be needed.
  const syscalls = new LinuxSyscalls();
  const receiver = new NetlinkSocket(syscalls);
  const reactor = new Reactor(syscalls);
  const link = new NetlinkLink({}, reactor);
  const { port, maxDatagram: size } = link;
  while (link.send(receiver.port, new Uint8Array(size), size));
  link.hold();
  const sent = link.sendPatiently(receiver.port, new Uint8Array(size), size, false).sent.catch(() => {});
  reactor.shutdown();
  try {
    new NetlinkSocket(syscalls, { port }).close();
  } finally {
    await sent;
    receiver.close();
  }
});
