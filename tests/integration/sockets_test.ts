// Real sockets, in one process.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PeerGoneError, RPCPeer, SyscallError } from "../../mod.ts";
import { AF_NETLINK, NETLINK_USERSOCK, SO_SNDBUF, SOCK_RAW, SOL_SOCKET } from "../../ffi/constants.ts";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";
import { currentCall } from "../../mod.ts";
import { troublesOf } from "../fakes/peers.ts";
import { frame } from "../fakes/stranger.ts";
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

Deno.test("what a receiver has no room for waits, and arrives in order once it reads", async () => {
  await using client = new RPCPeer();
  await using server = new RPCPeer();
  const heard: number[] = [];
  server.registerFunction((index: number) => heard.push(index), "log");
  let delivered = 0;
  const notes = Array.from({ length: 60_000 }, async (_, index) => {
    await client.notify(server.nlPid, "log", [index]);
    delivered++;
  });
  await notes[0];
  await new Promise((resolve) => setImmediate(resolve));
  assert(delivered > 100 && delivered < 50_000, `${delivered} messages found room at once`);
  server.runServerForever();
  await Promise.all(notes);
  server.registerFunction(() => heard.length, "count");
  assertEquals(await client.call(server.nlPid, "count"), 60_000);
  assertEquals(heard, Array.from({ length: 60_000 }, (_, index) => index));
});

Deno.test("two peers that send large messages to each other at once both find room", async () => {
  await using one = serve();
  await using two = serve();
  const text = "x".repeat(8_000_000);
  const echoes = await Promise.all([one.call(two.nlPid, "echo", [text]), two.call(one.nlPid, "echo", [text])]);
  assertEquals(echoes.map((echo) => echo === text), [true, true]);
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

Deno.test("a datagram of others is read whole, whatever its size", async () => {
  await using server = serve();
  const troubles = troublesOf(server);
  const heard = Promise.withResolvers<string>();
  server.registerFunction((text: string) => heard.resolve(text), "take");
  const syscalls = new LinuxSyscalls();
  const fd = syscalls.socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
  try {
    syscalls.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 4_194_304);
    const address = new Uint8Array(new ArrayBuffer(12));
    writeSockaddrNl(new DataView(address.buffer), 0, 0);
    syscalls.bind(fd, address);
    syscalls.getsockname(fd, address);
    const port = new DataView(address.buffer).getUint32(4, true);
    const text = "ü".repeat(800_000);
    const bytes = frame(port, { body: { jsonrpc: "2.0", method: "take", params: [text] } });
    writeSockaddrNl(new DataView(address.buffer), 0, server.nlPid);
    // An old kernel does not let one send so much, and says so.
    if (syscalls.sendto(fd, bytes, bytes.length, 0, address) === -1) return;
    assertEquals(await heard.promise, text);
    await using client = new RPCPeer();
    assertEquals(await client.call(server.nlPid, "echo", ["still here"]), "still here");
    assertEquals(troubles, []);
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
