// Sockets that are closed while their datagrams wait.
import { assertEquals, fail } from "@std/assert";
import { MAX_SEND_THREADS, RETRY_MILLISECONDS } from "../../src/netlink/send_threads.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { SEND_WAIT_MILLISECONDS } from "../../src/netlink/socket_opening.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { FRESH, Sends, STALLED, UNREF } from "./sends.ts";

const CLOSED = "SyscallError: sendto failed: bad file descriptor (EBADF)";

Deno.test("a socket that is closed while a thread sends: what is under way may still go, and then the port is free", async () => {
  using time = fakeTime();
  const sends = new Sends();
  const { kernel, socket } = sends;
  kernel.reuseFds = true;
  sends.sendToStopped(2);
  let closed = false;
  socket.close()!.then(() => closed = true);
  kernel.readAt(1);
  await settled();
  assertEquals([sends.told, closed, kernel.isOpen(socket.fd)], [["1 true"], false, true]);
  kernel.endSends();
  await settled();
  // It must not be tried again: the number is another's by now, perhaps.
  assertEquals([sends.told, sends.tried], [["1 true", `2 ${CLOSED}`], []]);
  assertEquals([closed, kernel.isOpen(socket.fd), sends.memory], [true, false, []]);
  await sends.finish(time);
});

Deno.test("what waits without a thread on a socket that is closed is told by the next tick, and others' go on", async () => {
  using time = fakeTime();
  const sends = new Sends();
  const other = new NetlinkSocket(sends.kernel);
  sends.sendToStopped(MAX_SEND_THREADS);
  sends.stop(6, 10);
  for (const port of [10, 11]) sends.send(port, FRESH, port === 10 ? sends.socket : other);
  for (const port of [12, 13]) sends.send(port, STALLED, port === 12 ? sends.socket : other);
  for (const port of [14, 15]) sends.send(port, UNREF, port === 14 ? sends.socket : other);
  sends.socket.close();
  await time.pass(RETRY_MILLISECONDS);
  assertEquals(sends.told.toSorted(), [10, 12, 14].map((port) => `${port} ${CLOSED}`));
  assertEquals(sends.tried.toSorted(), [11, 13, 15], "nothing is sent on a closed socket");
  for (const port of [11, 13, 15]) sends.kernel.readAt(port);
  await time.pass(RETRY_MILLISECONDS);
  assertEquals(sends.told.slice(3).toSorted(), ["11 true", "13 true", "15 true"]);
  other.close();
  await sends.finish(time);
});

Deno.test("what has its thread only after the socket was closed fails, and takes nobody's thread", async () => {
  using time = fakeTime();
  const sends = new Sends();
  const other = new NetlinkSocket(sends.kernel);
  sends.sendToStopped(MAX_SEND_THREADS, FRESH);
  sends.sendToStopped(2, FRESH, 10);
  sends.stop(1, 20);
  sends.send(20, FRESH, other);
  sends.socket.close();
  // The first that comes back makes way for 10; that fails, and 11 fails, and then 20 has a thread.
  sends.kernel.endSends(1);
  await settled();
  assertEquals(sends.told, [`1 ${CLOSED}`, `10 ${CLOSED}`, `11 ${CLOSED}`]);
  assertEquals(sends.kernel.sendingTo, [2, 3, 4, 20]);
  other.close();
  await sends.finish(time);
});

Deno.test("when the isolate ends, closed sockets are freed once every thread must have left", async () => {
  using time = fakeTime();
  const sends = new Sends();
  const { kernel, socket } = sends;
  const other = new NetlinkSocket(kernel);
  sends.sendToStopped(2);
  sends.stop(1, 10);
  sends.send(10, FRESH, other);
  socket.close();
  const begun = performance.now();
  kernel.schedYield = () => {
    time.busy(1);
    // The fake kernel throws where a socket is closed under a thread. This one began late.
    if (performance.now() > begun + SEND_WAIT_MILLISECONDS + 10) kernel.endSends();
  };
  sends.threads.shutdown();
  assertEquals([kernel.isOpen(socket.fd), kernel.isOpen(other.fd)], [false, true], "only what is closed");
  assertEquals([other.close(), kernel.isOpen(other.fd)], [undefined, false], "but no thread holds it up");
  await settled();
  // Should anything go on: the threads come back, and nothing is closed twice.
  assertEquals(sends.told, [1, 2, 10].map((port) => `${port} ${CLOSED}`));
  await sends.finish(time);
});

Deno.test("when the isolate ends and no thread sends, nobody waits", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(1, UNREF);
  sends.kernel.schedYield = () => fail("it waits");
  sends.threads.shutdown();
  await sends.finish(time);
});

Deno.test("a datagram for a socket that is closed already fails", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.socket.close();
  sends.send(1);
  sends.send(2, STALLED);
  sends.send(3, UNREF);
  await time.pass(RETRY_MILLISECONDS);
  assertEquals([sends.told, sends.tried], [[1, 2, 3].map((port) => `${port} ${CLOSED}`), []]);
  assertEquals([sends.kernel.mostSending, sends.memory], [0, []]);
  await sends.finish(time);
});
