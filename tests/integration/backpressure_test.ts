// Receivers that do not keep up, stop, or die: real processes and real queues.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { CallTimeoutError, PeerClosedError, PeerGoneError, ReceiverFullError, RPCPeer } from "../../mod.ts";
import { AF_NETLINK, MSG_DONTWAIT, NETLINK_USERSOCK, SOCK_RAW } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";
import { writeFragmentHeaders } from "../../src/wire/frame.ts";
import { troublesOf } from "../fakes/peers.ts";
import type { Bulk } from "./programs/bulk.ts";
import { MOD_URL, type Program, start } from "./processes.ts";

const MIB = 1_048_576;

async function startBulk(options = {}): Promise<{ program: Program; port: number }> {
  const program = start("bulk", [JSON.stringify(options)]);
  return { program, port: Number(await program.line()) };
}

Deno.test("a receiver that stops and goes on gets everything, in order", async () => {
  const { program, port } = await startBulk();
  await using _program = program;
  await using client = new RPCPeer({ timeout: 120_000 });
  program.signal("SIGSTOP");
  let answered = 0;
  const lengths: number[] = [];
  const calls = Array.from({ length: 5_000 }, async (_, index) => {
    const echo = await client.call<{ index: number }>(port, "echo", [{ index, text: "x".repeat(index % 1_000) }]);
    lengths.push(echo.index);
    answered++;
  });
  const large = client.call(port, "length", ["x".repeat(8 * MIB)]);
  // Its timeout is longer than a thread waits: when it is over, a wait has been in vain.
  await assertRejects(() => client.notify(port, "length", [""], { timeout: 150 }), CallTimeoutError);
  assertEquals(answered, 0);
  program.signal("SIGCONT");
  await Promise.all(calls);
  assertEquals(await large, 8 * MIB);
  assertEquals(lengths, Array.from({ length: 5_000 }, (_, index) => index));
});

Deno.test("receivers that are stopped delay no other: not by their number, nor by the size of what waits", async () => {
  const { program, port } = await startBulk();
  await using _program = program;
  const stopped = await Promise.all(Array.from({ length: 8 }, () => startBulk()));
  await using client = new RPCPeer({ timeout: 120_000 });
  try {
    for (const { program } of stopped) program.signal("SIGSTOP");
    const waiting = stopped.map(({ port }) => client.call(port, "length", ["x".repeat(4 * MIB)]));
    const live = client.talkTo<Bulk>(port);
    for (let call = 0; call < 100; call++) assertEquals(await live.length("abc"), 3);
    for (let call = 0; call < 5; call++) assertEquals(await live.length("x".repeat(4 * MIB)), 4 * MIB);
    // All of that came before any of those could have been answered.
    for (const { program } of stopped) program.signal("SIGCONT");
    assertEquals(await Promise.all(waiting), stopped.map(() => 4 * MIB));
  } finally {
    await Promise.all(stopped.map(({ program }) => program[Symbol.asyncDispose]()));
  }
});

Deno.test("what waits for a stopped receiver times out, is aborted, and is then not delivered", async () => {
  const { program, port } = await startBulk();
  await using _program = program;
  await using client = new RPCPeer();
  program.signal("SIGSTOP");
  const fill = Array.from(
    { length: 40 },
    () => client.call(port, "length", ["x".repeat(100_000)], { timeout: 60_000 }),
  );
  await assertRejects(() => client.call(port, "echo", ["late"], { timeout: 30 }), CallTimeoutError);
  const took = await assertRejects(() => client.notify(port, "echo", ["late"], { timeout: 30 }), CallTimeoutError);
  assert(took.message.includes('did not take "echo" within 30 ms'), took.message);
  const reason = new Error("No longer wanted");
  const controller = new AbortController();
  const aborted = client.notify(port, "length", ["x".repeat(3 * MIB)], { signal: controller.signal });
  controller.abort(reason);
  assertEquals(await aborted.catch((error) => error), reason);
  program.signal("SIGCONT");
  assertEquals(await Promise.all(fill), fill.map(() => 100_000));
  assertEquals(await client.call(port, "troubles"), []);
});

Deno.test("beyond what may wait, calls and notifications are refused, and those before are carried out", async () => {
  const { program, port } = await startBulk();
  await using _program = program;
  await using client = new RPCPeer({ maxQueuedBytes: 200_000, timeout: 60_000 });
  program.signal("SIGSTOP");
  const text = "x".repeat(50_000);
  const calls: Promise<number>[] = [];
  const refused = await (async () => {
    for (;;) {
      const call = client.call<number>(port, "length", [text]);
      calls.push(call);
      const outcome = await client.notify(port, "length", [text], { timeout: 10 }).catch((error) => error);
      if (outcome instanceof ReceiverFullError) return outcome;
      if (outcome !== undefined) assertInstanceOf(outcome, CallTimeoutError);
      call.catch(() => {});
    }
  })();
  assertEquals([refused.port, refused.maximum], [port, 200_000]);
  assert(refused.queued > 100_000 && refused.queued <= 200_000, `${refused.queued} bytes`);
  program.signal("SIGCONT");
  const outcomes = await Promise.allSettled(calls);
  const answers = outcomes.filter(({ status }) => status === "fulfilled");
  assert(answers.length >= calls.length - 1, `${answers.length} of ${calls.length} calls were answered`);
});

Deno.test("a receiver that dies while messages wait for it: each is told, and the others go on", async () => {
  const { program, port } = await startBulk();
  const { program: other, port: otherPort } = await startBulk();
  await using _other = other;
  await using client = new RPCPeer({ timeout: 60_000 });
  program.signal("SIGSTOP");
  const calls = Array.from({ length: 100 }, () => client.call(port, "length", ["x".repeat(100_000)]));
  const large = client.notify(port, "length", ["x".repeat(16 * MIB)]);
  const outcomes = Promise.allSettled([...calls.slice(60), large]);
  // What is in its queue already dies with it in silence; their timeouts are for that.
  for (const call of calls.slice(0, 60)) call.catch(() => {});
  assertEquals(await client.call(otherPort, "length", ["x".repeat(MIB)]), MIB);
  await program.kill();
  await program[Symbol.asyncDispose]();
  for (const outcome of await outcomes) assertInstanceOf((outcome as PromiseRejectedResult).reason, PeerGoneError);
  assertEquals(await client.call(otherPort, "length", ["x".repeat(MIB)]), MIB);
});

Deno.test("a sender that dies with half a message sent: the half is dropped, and its memory with it", async () => {
  await using server = new RPCPeer();
  const troubles = troublesOf(server);
  server.registerFunction((text: string) => text.length, "length");
  server.runServerForever();
  const told = Promise.withResolvers<void>();
  server.addEventListener("trouble", () => told.resolve());

  const syscalls = new LinuxSyscalls();
  const { fd, port } = openSocket(syscalls);
  const part = new Uint8Array(40 + 100_000).fill(0x20);
  const fields = { flags: 1, nlmsgSeq: 5, port, payloadType: 1, seq: 1, time: Date.now() };
  writeFragmentHeaders(new DataView(part.buffer), 0, 100_000, 10 * MIB, false, fields);
  for (let count = 0; count < 3; count++) assertEquals(send(syscalls, fd, server.nlPid, part), part.length);
  syscalls.close(fd);

  await using client = new RPCPeer();
  assertEquals(await client.call(server.nlPid, "length", ["meanwhile"]), 9);
  await told.promise;
  assertEquals(troubles, [
    `incomplete: 300040 of ${10 * MIB + 40} bytes of a message have arrived, and its sender is gone`,
  ]);
});

Deno.test("EAGAIN and EMSGSIZE of the real kernel", () => {
  const syscalls = new LinuxSyscalls();
  const one = openSocket(syscalls);
  const two = openSocket(syscalls);
  try {
    const datagram = new Uint8Array(50_000);
    let sent = 0;
    while (send(syscalls, one.fd, two.port, datagram) === datagram.length) sent++;
    assertEquals(syscalls.errno(), ERRNO.EAGAIN);
    assert(sent >= 2, `${sent} datagrams fit`);
    assertEquals(send(syscalls, one.fd, two.port, new Uint8Array(16 * MIB)), -1);
    assertEquals(syscalls.errno(), ERRNO.EMSGSIZE);
  } finally {
    syscalls.close(one.fd);
    syscalls.close(two.fd);
  }
});

Deno.test("a peer that is closed while a thread sends for it: its port is free when it is closed", async () => {
  await using idle = new RPCPeer();
  const client = new RPCPeer();
  const port = client.nlPid;
  const waiting = client.notify(idle.nlPid, "length", ["x".repeat(8 * MIB)]);
  const outcome = assertRejects(() => waiting, PeerClosedError);
  await new Promise((resolve) => setImmediate(resolve)); // What was posted has left the turn: a thread has it.
  await client.close();
  await outcome;
  await new RPCPeer({ port }).close();
});

Deno.test("a client whose calls to a stopped receiver have all timed out ends by itself", async () => {
  const { program, port } = await startBulk();
  await using _program = program;
  program.signal("SIGSTOP");
  const source = `
    import { RPCPeer } from "${MOD_URL}";
    const peer = new RPCPeer();
    const text = "x".repeat(8_000_000);
    try { await peer.call(${port}, "length", [text], { timeout: 100 }); } catch (error) { console.log(error.name); }
    try { await peer.notify(${port}, "length", [text], { timeout: 100 }); } catch (error) { console.log(error.name); }`;
  await using client = start(`data:application/typescript,${encodeURIComponent(source)}`);
  assertEquals(await client.ended(), { code: 0, lines: ["CallTimeoutError", "CallTimeoutError"], errors: "" });
});

function openSocket(syscalls: LinuxSyscalls): { fd: number; port: number } {
  const fd = syscalls.socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
  const address = new Uint8Array(new ArrayBuffer(12));
  const view = new DataView(address.buffer);
  writeSockaddrNl(view, 0, 0);
  syscalls.bind(fd, address);
  syscalls.getsockname(fd, address);
  return { fd, port: view.getUint32(4, true) };
}

function send(syscalls: LinuxSyscalls, fd: number, to: number, bytes: Uint8Array<ArrayBuffer>): number {
  const address = new Uint8Array(new ArrayBuffer(12));
  writeSockaddrNl(new DataView(address.buffer), 0, to);
  return syscalls.sendto(fd, bytes, bytes.length, MSG_DONTWAIT, address);
}
