// Listening beside a port.
import { assertEquals } from "@std/assert";
import { AF_UNIX, SOCK_STREAM } from "../../ffi/constants.ts";
import type { ErrnoName } from "../../ffi/errno.ts";
import { LifelineListener } from "../../src/netlink/lifeline_listener.ts";
import { lifelineAddress } from "../../src/netlink/lifeline_socket.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { TURN_MILLISECONDS } from "../../src/netlink/socket_reader.ts";
import { LINGER_MILLISECONDS } from "../../src/netlink/watch_list.ts";
import { FakeSource } from "../fakes/source.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import type { SyscallName } from "../fakes/script.ts";
import { BLUE, giveZero } from "./lifelines.ts";

/** A server at port 77 that others can connect to. */
class Server {
  readonly kernel: FakeSyscalls;
  readonly reactor: Reactor;
  readonly source: FakeSource;
  /** How many connections it has accepted. */
  accepted = 0;
  /** Called with each. */
  onAccept: () => void = () => {};
  #listener: LifelineListener | undefined;

  constructor(kernel = new FakeSyscalls()) {
    this.kernel = kernel;
    this.reactor = new Reactor(kernel);
    this.source = new FakeSource(this.reactor, { port: 77 });
    const accept = kernel.accept.bind(kernel);
    kernel.accept = (fd) => {
      const accepted = accept(fd);
      if (accepted < 0) return accepted;
      this.accepted++;
      this.onAccept();
      return accepted;
    };
  }

  tryToListen(): LifelineListener | undefined {
    return this.#listener = LifelineListener.open(this.reactor, { fd: this.source.fd, netns: undefined }, 77);
  }

  listen(): LifelineListener {
    const listener = this.tryToListen();
    if (listener === undefined) throw new Error("Nobody listens");
    return listener;
  }

  /** How many of so many callers reach it, before they hang up. */
  call(times = 1): number {
    let reached = 0;
    for (let count = 0; count < times; count++) {
      const fd = this.kernel.socket(AF_UNIX, SOCK_STREAM, 0);
      if (this.kernel.connect(fd, lifelineAddress(77)) === 0) reached++;
      this.kernel.close(fd);
    }
    return reached;
  }

  /** What is open besides the server's socket. */
  get opened(): string[] {
    return this.kernel.ledger.open.filter((what) => what !== `fd ${this.source.fd} (socket)`);
  }

  async finish(): Promise<void> {
    this.#listener?.close();
    this.source.close();
    await settled();
    this.kernel.assertAllClosed();
  }
}

Deno.test("whoever connects is accepted while others are read, and no descriptor is kept for it", async () => {
  using _time = fakeTime();
  const server = new Server();
  server.listen();
  server.source.hold();
  const { opened, kernel } = server;
  for (let round = 1; round <= 3; round++) {
    assertEquals(server.call(), 1);
    await settled();
    // The last look finds nobody.
    assertEquals([kernel.count("accept4"), server.opened], [2 * round, opened]);
  }
  assertEquals(server.source.turns, 0);
  await server.finish();
});

Deno.test("listening is no reason to wait: who connects meanwhile is accepted later", async () => {
  using time = fakeTime();
  const server = new Server();
  const { kernel, source } = server;
  server.listen();
  assertEquals(server.call(3), 3);
  await time.pass(50);
  assertEquals([kernel.waits, kernel.polls, kernel.count("accept4")], [0, 0, 0]);
  source.hold();
  await settled();
  assertEquals([kernel.count("accept4"), kernel.waiting], [4, true]);
  source.release();
  await time.pass(LINGER_MILLISECONDS);
  assertEquals([server.call(), kernel.waiting, kernel.count("accept4")], [1, false, 4]);
  await server.finish();
});

Deno.test("after 64 connections another socket has its turn, and the rest is accepted with the next one at the latest", async () => {
  using _time = fakeTime();
  const server = new Server();
  const { source, kernel } = server;
  const order: number[] = [];
  server.listen();
  source.onReadable = () => order.push(server.accepted);
  server.call(100);
  kernel.arrive(source.port);
  source.hold();
  await settled();
  assertEquals(order, [64]);
  server.call();
  await settled();
  assertEquals(server.accepted, 101);
  await server.finish();
});

Deno.test("connections are accepted until the turn ends, and the rest with the next ones at the latest", async () => {
  using time = fakeTime();
  const server = new Server();
  let others = 0;
  server.listen();
  server.onAccept = () => {
    if (server.accepted === 1) setImmediate(() => others = server.accepted);
    time.busy(1);
  };
  server.call(20);
  server.source.hold();
  await settled(10);
  assertEquals(others, TURN_MILLISECONDS + 1);
  for (let count = 0; count < 4; count++) {
    server.call();
    await settled(10);
  }
  assertEquals(server.accepted, 24);
  await server.finish();
});

const REFUSALS: [syscall: SyscallName, errno: ErrnoName][] = [
  ["socket", "EMFILE"],
  ["socket", "EAFNOSUPPORT"],
  ["bind", "EADDRINUSE"],
  ["bind", "EPERM"],
  ["listen", "EPERM"],
];
for (const [syscall, errno] of REFUSALS) {
  Deno.test(`where ${syscall} fails with ${errno}, nobody listens, nothing is open, and the server goes on`, async () => {
    using _time = fakeTime();
    const server = new Server();
    const { kernel, source } = server;
    kernel.fail(syscall, errno);
    assertEquals([server.tryToListen(), server.opened, server.call()], [undefined, [], 0]);
    kernel.arrive(source.port);
    source.hold();
    await settled();
    assertEquals(source.datagrams, 1);
    await server.finish();
  });
}

Deno.test("a name that another process has taken is left to it", async () => {
  const server = new Server();
  const squatter = server.kernel.listenElsewhere(77);
  assertEquals([server.tryToListen(), server.opened], [undefined, []]);
  assertEquals(server.call(), 1, "whoever connects reaches the other one");
  server.kernel.endProcess(squatter);
  assertEquals([server.call(), server.listen() !== undefined, server.call()], [0, true, 1]);
  await server.finish();
});

Deno.test("a connection that cannot be accepted is accepted later, with the next one", async () => {
  using time = fakeTime();
  for (const errno of ["EMFILE", "ENFILE", "ENOMEM", "EINTR", "EAGAIN"] as const) {
    const server = new Server();
    const { kernel, source } = server;
    server.listen();
    kernel.fail("accept4", errno);
    server.call(2);
    source.hold();
    kernel.arrive(source.port);
    await settled();
    assertEquals(source.datagrams, 1, errno);
    server.call();
    await time.pass(1_500);
    assertEquals(server.accepted, 3, errno);
    await server.finish();
  }
});

Deno.test("where no descriptor is to be had for a connection, nobody tries again and again", async () => {
  using _time = fakeTime();
  const server = new Server();
  const { kernel, source } = server;
  server.listen();
  source.hold();
  kernel.fail("accept4", "EMFILE", 1_000);
  for (let count = 1; count <= 3; count++) {
    assertEquals(server.call(), 1);
    await settled(5);
  }
  assertEquals([kernel.count("accept4") <= 6, kernel.waits <= 7, server.accepted], [true, true, 0]);
  kernel.arrive(source.port);
  await settled();
  assertEquals([source.datagrams, kernel.waiting], [1, true]);
  await server.finish();
});

Deno.test("closing frees the name at once; twice closes once", async () => {
  using _time = fakeTime();
  const server = new Server();
  const listener = server.listen();
  server.source.hold();
  server.call(3);
  listener.close();
  listener.close();
  assertEquals([server.kernel.isOpen(listener.fd), server.call()], [false, 0]);
  await settled();
  assertEquals(server.kernel.count("accept4"), 0);
  assertEquals([server.listen() !== undefined, server.call()], [true, 1]);
  await server.finish();
});

Deno.test("a shutdown closes what listens, with callers that were not accepted", () => {
  using _time = fakeTime();
  for (const held of [true, false]) {
    const server = new Server();
    server.listen();
    if (held) server.source.hold();
    server.call(3);
    server.reactor.shutdown();
    server.kernel.assertAllClosed();
  }
});

Deno.test("where it cannot be watched once others are, those are read all the same, and nothing is left open", async () => {
  using _time = fakeTime();
  const server = new Server();
  const { kernel, source } = server;
  server.listen();
  // The first is the wake-up descriptor.
  kernel.fail("epoll_ctl", "ENOSPC", 1, 1);
  source.hold();
  kernel.arrive(source.port);
  await settled();
  assertEquals([source.datagrams, source.errors, kernel.waiting], [1, [], true]);
  await server.finish();
});

Deno.test("a port has a name of its own in each network namespace", async () => {
  const kernel = new FakeSyscalls();
  kernel.namespaceFiles.set(BLUE, "blue");
  const server = new Server(kernel);
  server.listen();
  const blue = new FakeSource(server.reactor, { port: 77, netns: BLUE });
  const place = { fd: blue.fd, netns: BLUE };
  const listener = LifelineListener.open(server.reactor, place, 77)!;
  assertEquals(LifelineListener.open(server.reactor, place, 77), undefined);
  assertEquals([kernel.namespace, server.call()], ["own", 1]);
  kernel.namespace = "blue";
  assertEquals(server.call(), 1);
  listener.close();
  assertEquals(server.call(), 0);
  kernel.namespace = "own";
  assertEquals(server.call(), 1);
  blue.close();
  await server.finish();
});

Deno.test("descriptor 0 is one like others, of what listens and of whoever is accepted", async () => {
  using _time = fakeTime();
  for (const opens of ["socket", "accept"] as const) {
    const server = new Server();
    giveZero(server.kernel, opens);
    const listener = server.listen();
    assertEquals(listener.fd === 0, opens === "socket");
    if (opens === "accept") {
      server.call(2);
      server.source.hold();
      await settled();
      assertEquals(server.kernel.count("accept4"), 3);
    }
    await server.finish();
  }
});
