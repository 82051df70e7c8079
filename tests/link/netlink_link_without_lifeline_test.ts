// Whatever a lifeline lacks, a link works without it, and nothing is left open.
import { assertEquals } from "@std/assert";
import { SO_NETNS_COOKIE } from "../../ffi/constants.ts";
import type { ErrnoName } from "../../ffi/errno.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { closeLinks, RecordingReceiver, utf8 } from "../fakes/link_receiver.ts";
import type { SyscallName } from "../fakes/script.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime, settled } from "../fakes/time.ts";

interface Failing {
  readonly syscall: SyscallName;
  readonly errno: ErrnoName;
  readonly times?: number;
  readonly after?: number;
}

/** Sends from one link to the other, and back; fails where something does not arrive. */
async function assertWorking(kernel: FakeSyscalls, server: NetlinkLink, client: NetlinkLink): Promise<void> {
  const [atServer, atClient] = [new RecordingReceiver(), new RecordingReceiver()];
  server.start(atServer);
  client.start(atClient);
  atServer.onReceive = () => void server.send(client.port, utf8("answer"), 6);
  server.hold();
  client.hold();
  for (let round = 1; round <= 3; round++) {
    client.send(server.port, utf8("call"), 4);
    await settled();
    assertEquals([atServer.texts.length, atClient.texts.length], [round, round]);
  }
  assertEquals([atServer.failures, atClient.failures, atServer.troubles, atClient.troubles], [[], [], [], []]);
  assertEquals(kernel.waiting, true);
}

// The first socket and bind are the port's, the first epoll_ctl the wake-up descriptor's.
const SERVER: (Failing & { readonly listens: boolean })[] = [
  { syscall: "socket", errno: "EMFILE", after: 1, listens: false },
  { syscall: "socket", errno: "EAFNOSUPPORT", after: 1, listens: false },
  { syscall: "bind", errno: "EADDRINUSE", after: 1, listens: false },
  { syscall: "bind", errno: "EPERM", after: 1, listens: false },
  { syscall: "listen", errno: "EPERM", listens: false },
  { syscall: "accept4", errno: "EMFILE", times: 3, listens: true },
  { syscall: "accept4", errno: "EAGAIN", times: 3, listens: true },
];
for (const { syscall, errno, times = 1, after = 0, listens } of SERVER) {
  Deno.test(`a server whose ${syscall} fails with ${errno} serves ${listens ? "with" : "without"} a lifeline`, async () => {
    using _time = fakeTime();
    const kernel = new FakeSyscalls();
    kernel.fail(syscall, errno, times, after);
    const server = new NetlinkLink({ port: 10 }, new Reactor(kernel));
    const client = new NetlinkLink({ port: 20 }, new Reactor(kernel));
    const lifeline = client.openLifeline(10, () => {});
    assertEquals(lifeline?.isHeld(), listens ? true : undefined);
    await assertWorking(kernel, server, client);
    await closeLinks(kernel, server, client);
  });
}

Deno.test("a server whose lifeline cannot be watched serves", async () => {
  using _time = fakeTime();
  const kernel = new FakeSyscalls();
  const server = new NetlinkLink({ port: 10 }, new Reactor(kernel));
  const client = new NetlinkLink({ port: 20 }, new Reactor(kernel));
  kernel.fail("epoll_ctl", "ENOSPC", 1, 1);
  await assertWorking(kernel, server, client);
  await closeLinks(kernel, server, client);
});

Deno.test("a server of a kernel that does not name network namespaces has a lifeline", async () => {
  using _time = fakeTime();
  const kernel = new FakeSyscalls();
  const getsockopt = kernel.getsockopt.bind(kernel);
  kernel.getsockopt = (fd, level, option, value) => {
    if (option === SO_NETNS_COOKIE) kernel.fail("getsockopt", "ENOPROTOOPT");
    return getsockopt(fd, level, option, value);
  };
  const server = new NetlinkLink({ port: 10 }, new Reactor(kernel));
  const client = new NetlinkLink({ port: 20 }, new Reactor(kernel));
  assertEquals(client.openLifeline(10, () => {})?.ask(), true);
  await assertWorking(kernel, server, client);
  await closeLinks(kernel, server, client);
});

const CLIENT: (Failing & { readonly expected: "none" | "asked" | "watched" })[] = [
  { syscall: "socket", errno: "EMFILE", expected: "none" },
  { syscall: "connect", errno: "EAGAIN", expected: "none" },
  { syscall: "connect", errno: "ECONNREFUSED", expected: "none" },
  { syscall: "connect", errno: "EPERM", expected: "none" },
  { syscall: "getsockopt", errno: "ENOPROTOOPT", expected: "none" },
  { syscall: "getsockopt", errno: "ENOPROTOOPT", after: 2, expected: "none" },
  { syscall: "peer_pidfd", errno: "ENOPROTOOPT", expected: "asked" },
  { syscall: "peer_pidfd", errno: "EMFILE", expected: "asked" },
  { syscall: "epoll_ctl", errno: "ENOSPC", expected: "asked" },
  { syscall: "poll", errno: "ENOMEM", times: Infinity, expected: "watched" },
];
for (const { syscall, errno, times = 1, after = 0, expected } of CLIENT) {
  Deno.test(`a client whose ${syscall} fails with ${errno}, ${after} calls later, has this lifeline: ${expected}`, async () => {
    using time = fakeTime();
    const kernel = new FakeSyscalls();
    const server = new NetlinkLink({ port: 10 }, new Reactor(kernel));
    const client = new NetlinkLink({ port: 20 }, new Reactor(kernel));
    client.hold();
    kernel.fail(syscall, errno, times, after);
    const lifeline = client.openLifeline(10, () => {});
    assertEquals(lifeline?.isWatched, { none: undefined, asked: false, watched: true }[expected]);
    await assertWorking(kernel, server, client);
    time.busy(6);
    assertEquals([lifeline?.isHeld(), lifeline?.ask()], Array(2).fill(expected === "none" ? undefined : true));
    server.close();
    assertEquals(lifeline?.ask(), expected === "none" ? undefined : false);
    await closeLinks(kernel, server, client);
  });
}
