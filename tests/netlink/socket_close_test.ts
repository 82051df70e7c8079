import { assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { settled } from "../fakes/time.ts";

/** A socket of which so many threads send to ports whose queues are full. */
function openSending(threads: number): { kernel: FakeSyscalls; socket: NetlinkSocket; sent: (boolean | Error)[] } {
  const kernel = new FakeSyscalls();
  kernel.queueLimit = 1;
  kernel.reuseFds = true;
  const socket = new NetlinkSocket(kernel, { port: 100 });
  const sent: (boolean | Error)[] = [];
  for (let to = 1; to <= threads; to++) {
    kernel.openElsewhere({ port: to });
    kernel.arrive(to);
    const slot = kernel.createSendSlot(1);
    slot.fill(to, new Uint8Array([to]), 1);
    socket.sendInThread(slot).then((result) => void sent.push(result), (error) => void sent.push(error));
  }
  assertEquals(kernel.sending, threads);
  return { kernel, socket, sent };
}

/** What has become of a promise. */
function watch(promise: Promise<void> | undefined): { done: boolean } {
  const state = { done: false };
  promise!.then(() => state.done = true);
  return state;
}

Deno.test("a thread tells whether it has sent", async () => {
  const { kernel, sent } = openSending(2);
  kernel.readAt(2);
  await settled();
  assertEquals([sent, kernel.readAt(2)], [[true], new Uint8Array([2])]);
  kernel.endSends();
  await settled();
  assertEquals(sent, [true, false]);
});

Deno.test("a socket that is closed while a thread sends keeps its descriptor and its port until that is back", async () => {
  const { kernel, socket, sent } = openSending(1);
  const closing = watch(socket.close());
  await settled(3);
  assertEquals([closing.done, kernel.isOpen(socket.fd), kernel.count("close")], [false, true, 0]);
  const next = new NetlinkSocket(kernel);
  assertNotEquals(next.fd, socket.fd, "the thread would send on another's socket");

  kernel.readAt(1);
  await settled();
  assertEquals([closing.done, kernel.isOpen(socket.fd), kernel.count("close")], [true, false, 1]);
  assertEquals(sent, [true], "what is under way still goes");
  const heir = new NetlinkSocket(kernel, { port: 100 });
  assertEquals([heir.fd, heir.port], [socket.fd, 100]);
});

Deno.test("the last of several threads frees the port, whether they have sent or not", async () => {
  const { kernel, socket, sent } = openSending(3);
  const closing = watch(socket.close());
  kernel.endSends(2);
  await settled();
  kernel.readAt(1);
  await settled();
  assertEquals([closing.done, kernel.isOpen(socket.fd), kernel.sendingTo], [false, true, [3]]);
  kernel.endSends(3);
  await settled();
  assertEquals([closing.done, kernel.isOpen(socket.fd), sent], [true, false, [false, true, false]]);
});

Deno.test("the port is free already where closing says so", async () => {
  const { kernel, socket } = openSending(1);
  let free: boolean | undefined;
  socket.close()!.then(() => free = !kernel.isOpen(socket.fd));
  kernel.endSends();
  await settled();
  assertEquals(free, true);
});

Deno.test("what is to happen when the port is free happens with the closing, and once", async () => {
  for (const threads of [0, 2]) {
    const { kernel, socket } = openSending(threads);
    const seen: boolean[] = [];
    socket.onFree = () => seen.push(kernel.isOpen(socket.fd));
    socket.close();
    assertEquals(seen, threads === 0 ? [false] : []);
    // Before anything else runs: the descriptor may be another's with the next step.
    const close = kernel.close.bind(kernel);
    let next = "";
    kernel.close = (fd) => {
      queueMicrotask(() => next = `${seen.length} times`);
      return close(fd);
    };
    kernel.endSends();
    await settled();
    socket.close();
    assertEquals([seen, next], [[false], threads === 0 ? "" : "1 times"]);
  }
});

Deno.test("where no thread can send any more, what is closed is freed at once, and only once", async () => {
  const { kernel, socket } = openSending(2);
  const closing = watch(socket.close());
  const close = kernel.close.bind(kernel);
  kernel.close = (fd) => {
    kernel.endSends();
    return close(fd);
  };
  socket.threadsHaveLeft();
  assertEquals(kernel.isOpen(socket.fd), false);
  await settled();
  socket.threadsHaveLeft();
  assertEquals([closing.done, kernel.count("close")], [true, 1]);
});

Deno.test("where no thread can send any more, what is open stays so, until it is closed", () => {
  const { kernel, socket } = openSending(2);
  kernel.endSends();
  socket.threadsHaveLeft();
  assertEquals(kernel.isOpen(socket.fd), true);
  assertEquals([socket.close(), kernel.isOpen(socket.fd)], [undefined, false]);
});

Deno.test("whoever closes it again waits for the same, also once it is closed", async () => {
  const { kernel, socket } = openSending(1);
  const first = socket.close();
  assertStrictEquals(socket.close(), first);
  kernel.endSends();
  await first;
  assertStrictEquals(socket.close(), first);
  assertEquals(kernel.count("close"), 1);
});

Deno.test("a thread that has come back does not hold up the closing after it", async () => {
  const { kernel, socket } = openSending(1);
  kernel.endSends();
  await settled();
  assertEquals([kernel.isOpen(socket.fd), kernel.count("close")], [true, 0], "it closes nothing by itself");
  assertEquals([socket.close(), kernel.isOpen(socket.fd)], [undefined, false]);
});

Deno.test("a send that could not even begin does not hold up the closing", async () => {
  const { kernel, socket } = openSending(0);
  kernel.sendtoInThread = () => Promise.reject(new Error("no thread"));
  const slot = kernel.createSendSlot(1);
  let error: Error | undefined;
  socket.sendInThread(slot).catch((reason) => error = reason);
  await settled();
  kernel.sendtoInThread = () => {
    throw new Error("no library");
  };
  socket.sendInThread(slot).catch((reason) => error = reason);
  await settled();
  assertEquals([error?.message, socket.close(), kernel.isOpen(socket.fd)], ["no library", undefined, false]);
});
