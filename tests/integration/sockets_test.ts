// Real sockets, in one process.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { PeerGoneError, ReceiverFullError, RPCPeer, SyscallError } from "../../mod.ts";
import { AF_NETLINK, NETLINK_USERSOCK, SO_SNDBUF, SOCK_RAW, SOL_SOCKET } from "../../ffi/constants.ts";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";
import { currentCall } from "../../mod.ts";
import { troublesOf } from "../fakes/peers.ts";
import { randomPort } from "./processes.ts";

/** A server that answers `echo` and `caller`. */
function serve(options = {}): RPCPeer {
  const server = new RPCPeer(options);
  server.registerFunction((value: unknown) => value, "echo");
  server.registerFunction(() => currentCall()!.caller, "caller");
  server.runServerForever();
  return server;
}

Deno.test("the kernel says who calls", async () => {
  await using server = serve();
  await using client = new RPCPeer();
  const syscalls = new LinuxSyscalls();
  assertEquals(await client.call(server.nlPid, "caller"), {
    port: client.nlPid,
    uid: syscalls.getuid(),
    gid: syscalls.getgid(),
    pidHint: Deno.pid,
  });
});

Deno.test("ten thousand calls at once, each with its own answer", async () => {
  await using server = serve();
  await using client = new RPCPeer();
  for (let round = 0; round < 10; round++) {
    const values = Array.from({ length: 1_000 }, (_, index) => ({ round, index, text: "x".repeat(index % 100) }));
    assertEquals(await Promise.all(values.map((value) => client.call(server.nlPid, "echo", [value]))), values);
  }
});

Deno.test("a message may have any size up to the largest datagram", async () => {
  await using server = serve();
  await using client = new RPCPeer();
  for (const length of [0, 1, 65_400, 65_500, 66_000, 300_000]) {
    const text = "ü".repeat(length / 2) + "x".repeat(length % 2);
    assertEquals(await client.call(server.nlPid, "echo", [text]), text);
  }
});

Deno.test("a port can be chosen, is held by one, and is free after closing", async () => {
  const port = randomPort();
  const first = new RPCPeer({ port });
  assertEquals(first.nlPid, port);
  const error = assertThrows(() => new RPCPeer({ port }), SyscallError);
  assertEquals([error.syscall, error.code], ["bind", "EADDRINUSE"]);
  assert(error.message.includes(`Another socket holds port ${port}: choose another`), error.message);
  await first.close();
  await using again = new RPCPeer({ port });
  assertEquals(again.nlPid, port);
});

Deno.test("a port that is none is refused", () => {
  for (const port of [0, -1, 1.5, 2 ** 32]) {
    assertThrows(() => new RPCPeer({ port }), RangeError, "port must be a port");
  }
  assertThrows(() => new RPCPeer({ port: "1" as unknown as number }), TypeError, "port must be a port");
});

Deno.test("a socket that was opened elsewhere is taken over", async () => {
  const syscalls = new LinuxSyscalls();
  const fd = syscalls.socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
  const server = serve({ fd });
  await using client = new RPCPeer();
  assertEquals(await client.call(server.nlPid, "echo", ["there"]), "there");
  assertThrows(() => new RPCPeer({ fd }), TypeError, `File descriptor ${fd} is another peer's`);
  await server.close();
  await assertRejects(() => client.call(server.nlPid, "echo"), PeerGoneError);
  assertThrows(() => new RPCPeer({ fd: 9_999 }), SyscallError, "getsockopt failed: bad file descriptor (EBADF)");
});

Deno.test("a port that nobody holds is told at once", async () => {
  await using client = new RPCPeer();
  const gone = new RPCPeer();
  const port = gone.nlPid;
  await gone.close();
  await assertRejects(() => client.call(port, "echo", [], { timeout: Infinity }), PeerGoneError);
  await assertRejects(() => client.notify(port, "echo"), PeerGoneError);
});

Deno.test("a receiver that does not read is told of, and nothing that was accepted is lost", async () => {
  await using client = new RPCPeer();
  await using server = new RPCPeer();
  const heard: number[] = [];
  server.registerFunction((index: number) => heard.push(index), "log");
  server.registerFunction(() => heard.length, "count");
  let accepted = 0;
  const error = await (async () => {
    for (;;) {
      try {
        await client.notify(server.nlPid, "log", [accepted]);
        accepted++;
      } catch (error) {
        return error;
      }
    }
  })();
  assertInstanceOf(error, ReceiverFullError);
  assert(accepted > 100, `only ${accepted} messages were accepted`);
  server.runServerForever();
  // While the queue is full a call is refused as well; each try lets the server read.
  while (await client.call(server.nlPid, "count").catch(() => -1) !== accepted) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assertEquals(heard, Array.from({ length: accepted }, (_, index) => index));
});

Deno.test("timers run while messages pour in", async () => {
  await using client = new RPCPeer();
  await using server = new RPCPeer();
  let handled = 0;
  const done = Promise.withResolvers<void>();
  server.registerFunction(() => {
    const end = performance.now() + 1;
    while (performance.now() < end);
    if (++handled === 200) done.resolve();
  }, "work");
  // Each in a turn of its own, and so in a datagram of its own.
  for (let message = 0; message < 200; message++) await client.notify(server.nlPid, "work");
  let handledAtTimer = -1;
  server.runServerForever();
  setTimeout(() => handledAtTimer = handled, 0);
  await done.promise;
  assert(handledAtTimer >= 0 && handledAtTimer < 200, `the timer ran after ${handledAtTimer} of 200 messages`);
});

Deno.test("a datagram that is larger than what is read is reported, and the next one is served", async () => {
  await using server = serve();
  const troubles = troublesOf(server);
  const syscalls = new LinuxSyscalls();
  const fd = syscalls.socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
  try {
    syscalls.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 4_194_304);
    const address = new Uint8Array(new ArrayBuffer(12));
    writeSockaddrNl(new DataView(address.buffer), 0, server.nlPid);
    // Where an old kernel does not let one send so much, it says so, and there is nothing to truncate.
    const sent = syscalls.sendto(fd, new Uint8Array(1_500_000), 1_500_000, 0, address);
    await using client = new RPCPeer();
    assertEquals(await client.call(server.nlPid, "echo", ["still here"]), "still here");
    const expected = "truncated: A datagram of 1500000 bytes: at most 1048576 are read";
    assertEquals(troubles, sent === -1 ? [] : [expected]);
  } finally {
    syscalls.close(fd);
  }
});

Deno.test("a thousand peers in one process", async () => {
  const peers = Array.from({ length: 1_000 }, () => serve());
  await using client = new RPCPeer();
  const answers = await Promise.all(peers.map(({ nlPid }) => client.call(nlPid, "echo", [nlPid])));
  assertEquals(answers, peers.map(({ nlPid }) => nlPid));
  await Promise.all(peers.map((peer) => peer.close()));
});
