// The unix sockets of lifelines, and the network namespaces that they belong to.
import { assertEquals } from "@std/assert";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM } from "../../ffi/constants.ts";
import { lifelineAddress, openUnixSocket } from "../../src/netlink/lifeline_socket.ts";
import { namespaceOf } from "../../src/netlink/namespaces.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { BLUE, Calls, giveZero } from "./lifelines.ts";

/** A kernel with a second namespace, and a netlink socket in each. */
function openKernel() {
  const kernel = new FakeSyscalls();
  kernel.namespaceFiles.set(BLUE, "blue");
  const [own, blue] = [new NetlinkSocket(kernel, { port: 77 }), new NetlinkSocket(kernel, { port: 77, netns: BLUE })];
  return {
    kernel,
    own: { fd: own.fd, netns: undefined },
    blue: { fd: blue.fd, netns: BLUE },
    [Symbol.dispose]() {
      own.close();
      blue.close();
      assertEquals(kernel.namespace, "own", "the thread is back");
      kernel.assertAllClosed();
    },
  };
}

Deno.test("the name of a port is abstract, and no other port's", () => {
  const text = (port: number) => new TextDecoder().decode(lifelineAddress(port));
  assertEquals([1, 77, 0xffff_ffff].map(text), [
    "\x01\0\0procslink/1",
    "\x01\0\0procslink/77",
    "\x01\0\0procslink/4294967295",
  ]);
});

Deno.test("a unix socket is for no child, makes nobody wait, and goes nowhere where its namespace is the thread's", () => {
  using opened = openKernel();
  const { kernel, own } = opened;
  const args: number[][] = [];
  const socket = kernel.socket.bind(kernel);
  kernel.socket = (...given) => {
    args.push(given);
    return socket(...given);
  };
  const setns = kernel.count("setns");
  const fd = openUnixSocket(kernel, own);
  assertEquals(args, [[AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0]]);
  assertEquals([kernel.isOpen(fd), kernel.count("setns")], [true, setns]);
  kernel.close(fd);
});

Deno.test("a unix socket is opened in the namespace of its netlink socket", () => {
  using opened = openKernel();
  const { kernel, own, blue } = opened;
  const fds = [own, blue].map((place) => openUnixSocket(kernel, place));
  assertEquals(
    fds.map((fd) => namespaceOf(kernel, fd)),
    [own, blue].map(({ fd }) => namespaceOf(kernel, fd)),
  );
  for (const fd of fds) kernel.close(fd);
});

Deno.test("where the way there is closed, there is no unix socket", () => {
  using opened = openKernel();
  const { kernel, blue } = opened;
  kernel.fail("setns", "EPERM");
  assertEquals(openUnixSocket(kernel, blue), -1);
  kernel.fail("socket", "EMFILE");
  assertEquals(openUnixSocket(kernel, blue), -1);
  kernel.namespaceFiles.delete(BLUE);
  assertEquals(openUnixSocket(kernel, blue), -1);
});

Deno.test("where a path has come to mean another namespace, there is no unix socket", () => {
  using opened = openKernel();
  const { kernel, blue } = opened;
  for (const now of ["red", "own"]) {
    kernel.namespaceFiles.set(BLUE, now);
    assertEquals(openUnixSocket(kernel, blue), -1);
  }
});

Deno.test("a netlink socket that was handed in from another namespace has no unix socket", () => {
  using opened = openKernel();
  assertEquals(openUnixSocket(opened.kernel, { ...opened.blue, netns: undefined }), -1);
});

Deno.test("a netlink socket that is closed has no unix socket", () => {
  using opened = openKernel();
  const closed = new NetlinkSocket(opened.kernel);
  closed.close();
  assertEquals(openUnixSocket(opened.kernel, { fd: closed.fd, netns: undefined }), -1);
});

Deno.test("a kernel that does not name namespaces is believed", () => {
  using opened = openKernel();
  const { kernel, own, blue } = opened;
  for (const place of [own, blue]) {
    kernel.fail("getsockopt", "ENOPROTOOPT", 2);
    const fd = openUnixSocket(kernel, place);
    assertEquals(kernel.isOpen(fd), true);
    kernel.close(fd);
  }
});

Deno.test("descriptor 0 is one like others, also where it is closed again", () => {
  using opened = openKernel();
  const { kernel, own, blue } = opened;
  giveZero(kernel, "socket");
  assertEquals(openUnixSocket(kernel, own), 0);
  assertEquals(kernel.close(0), 0);
  assertEquals(openUnixSocket(kernel, { ...blue, netns: undefined }), -1);
});

Deno.test("a lifeline is that of the port in the caller's namespace", async () => {
  const calls = new Calls();
  const { kernel } = calls;
  kernel.listenElsewhere(77, { pid: 1, uid: 1 });
  const there = kernel.listenElsewhere(77, { pid: 2, uid: 2 }, "blue");
  kernel.listenElsewhere(78, { pid: 3, uid: 3 }, "blue");
  const blue = new NetlinkSocket(kernel, { netns: BLUE });
  const place = { fd: blue.fd, netns: BLUE };
  const lifelines = [calls.open(77), calls.open(77, place), calls.open(78, place)];
  assertEquals(lifelines.map(({ uid }) => uid), [1, 2, 3]);
  assertEquals(calls.tryToOpen(78), undefined);
  // The way there is the same later, or there is none.
  assertEquals(lifelines.map((lifeline) => lifeline.ask()), [true, true, true]);
  kernel.namespaceFiles.set(BLUE, "own");
  assertEquals(lifelines[1]!.ask(), true, "what listens in another namespace is not to be confused with it");
  kernel.namespaceFiles.set(BLUE, "blue");
  kernel.endProcess(there);
  assertEquals(lifelines.map((lifeline) => lifeline.ask()), [true, false, true]);
  assertEquals(kernel.namespace, "own");
  blue.close();
  await calls.finish();
});
