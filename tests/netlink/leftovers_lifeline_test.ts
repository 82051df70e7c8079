// What a dead isolate has left behind beside its port.
import { assertEquals } from "@std/assert";
import { AF_UNIX, SOCK_STREAM } from "../../ffi/constants.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { closeLeftover, forgetLiving, noteLiving } from "../../src/netlink/leftovers.ts";
import { LifelineListener } from "../../src/netlink/lifeline_listener.ts";
import { lifelineAddress } from "../../src/netlink/lifeline_socket.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { listenHere } from "./lifelines.ts";

/** The descriptors of a peer whose isolate is dead, in the namespace where the thread is. */
function leaveBehind(kernel: FakeSyscalls, port: number): { socket: number; listener: number } {
  const { fd } = new NetlinkSocket(kernel, { port });
  const listener = LifelineListener.open(new Reactor(kernel), { fd, netns: undefined }, port);
  return { socket: fd, listener: listener!.fd };
}

/** Whether somebody listens beside a port. */
function listens(kernel: FakeSyscalls, port: number): boolean {
  const fd = kernel.socket(AF_UNIX, SOCK_STREAM, 0);
  const connected = kernel.connect(fd, lifelineAddress(port)) === 0;
  kernel.close(fd);
  return connected;
}

/** Notes which descriptors are closed, in order. */
function noteClosed(kernel: FakeSyscalls): number[] {
  const closed: number[] = [];
  const close = kernel.close.bind(kernel);
  kernel.close = (fd) => {
    closed.push(fd);
    return close(fd);
  };
  return closed;
}

Deno.test("a dead isolate's lifeline is closed with its port, and before it", () => {
  const kernel = new FakeSyscalls();
  const { socket, listener } = leaveBehind(kernel, 77);
  const closed = noteClosed(kernel);
  assertEquals([closeLeftover(kernel, 77), closed], [true, [listener, socket]]);
  assertEquals(closeLeftover(kernel, 77), false);
  kernel.assertAllClosed();
});

Deno.test("whoever takes over the port of a dead isolate listens beside it", () => {
  const kernel = new FakeSyscalls();
  const { listener } = leaveBehind(kernel, 77);
  assertEquals(listens(kernel, 77), true);
  const link = new NetlinkLink({ port: 77 }, new Reactor(kernel));
  assertEquals([kernel.isOpen(listener), listens(kernel, 77)], [false, true]);
  link.close();
  assertEquals(listens(kernel, 77), false);
  kernel.assertAllClosed();
});

Deno.test("a dead isolate without a lifeline leaves its port only", () => {
  const kernel = new FakeSyscalls();
  const { fd } = new NetlinkSocket(kernel, { port: 77 });
  const closed = noteClosed(kernel);
  assertEquals([closeLeftover(kernel, 77), closed], [true, [fd]]);
  kernel.assertAllClosed();
});

Deno.test("lifelines of other ports stay, however alike their names are", () => {
  const kernel = new FakeSyscalls();
  const { listener } = leaveBehind(kernel, 77);
  const others = [7, 777, 770, 78, 177].map((port) => listenHere(kernel, port));
  // Neither bound to a name, nor connected to one of this process.
  const unbound = kernel.socket(AF_UNIX, SOCK_STREAM, 0);
  const connected = kernel.socket(AF_UNIX, SOCK_STREAM, 0);
  kernel.connect(connected, lifelineAddress(77));
  assertEquals(closeLeftover(kernel, 77), true);
  assertEquals([listener, ...others, unbound, connected].map((fd) => kernel.isOpen(fd)), [
    false,
    ...others.map(() => true),
    true,
    true,
  ]);
});

Deno.test("what listens by the same name in another network namespace stays", () => {
  const kernel = new FakeSyscalls();
  const { listener } = leaveBehind(kernel, 77);
  kernel.namespace = "blue";
  const blue = listenHere(kernel, 77);
  assertEquals([closeLeftover(kernel, 77), kernel.isOpen(listener), kernel.isOpen(blue)], [true, false, true]);
});

Deno.test("a dead isolate's lifeline in another network namespace is closed from here", () => {
  const kernel = new FakeSyscalls();
  kernel.namespace = "blue";
  leaveBehind(kernel, 77);
  kernel.namespace = "own";
  const own = listenHere(kernel, 77);
  assertEquals([closeLeftover(kernel, 77), kernel.isOpen(own)], [true, true]);
  kernel.close(own);
  kernel.assertAllClosed();
});

Deno.test("the lifeline of whoever lives, or belongs to another thread, stays as its port does", () => {
  for (const how of ["lives", "another thread's"]) {
    const kernel = new FakeSyscalls();
    const { socket, listener } = leaveBehind(kernel, 77);
    if (how === "lives") noteLiving(77, socket);
    else kernel.thread++;
    assertEquals(closeLeftover(kernel, 77), false, how);
    assertEquals([kernel.isOpen(socket), kernel.isOpen(listener)], [true, true], how);
    forgetLiving(77, socket);
  }
});

Deno.test("a socket that does not tell its name stays", () => {
  const kernel = new FakeSyscalls();
  const { socket } = leaveBehind(kernel, 77);
  const other = listenHere(kernel, 78);
  const getsockname = kernel.getsockname.bind(kernel);
  // The failure leaves in the memory what the kernel may have written.
  kernel.getsockname = (fd, address) => {
    if (fd !== other) return getsockname(fd, address);
    address.set(lifelineAddress(77));
    return -1;
  };
  assertEquals([closeLeftover(kernel, 77), kernel.isOpen(socket), kernel.isOpen(other)], [true, false, true]);
});

Deno.test("a lifeline at descriptor 4095 is found: what is beyond is not looked at", () => {
  const kernel = new FakeSyscalls();
  const { fd } = new NetlinkSocket(kernel, { port: 77 });
  const fillers = Array.from({ length: 4_094 - fd }, () => kernel.openElsewhere());
  const listener = listenHere(kernel, 77);
  assertEquals([listener, closeLeftover(kernel, 77), kernel.isOpen(listener)], [4_095, true, false]);
  for (const filler of fillers) kernel.close(filler);
  kernel.assertAllClosed();
});
