// Lifelines of real sockets: who holds a port, how its end is noticed, and that nothing is left open.
import { assertEquals, assertThrows } from "@std/assert";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { PeerGoneError } from "../../mod.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { closeLeftover } from "../../src/netlink/leftovers.ts";
import { LifelineListener } from "../../src/netlink/lifeline_listener.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { RecordingReceiver, utf8 } from "../fakes/link_receiver.ts";
import { reasonAgainstPidfd } from "../ffi/unix_sockets.ts";
import { Program, randomPort, reasonAgainst, start, testUnless } from "./processes.ts";

const noPidfd = await reasonAgainstPidfd();
const noNet = await reasonAgainst(
  "no network namespaces",
  "nsenter",
  "--net=/proc/self/ns/net",
  "unshare",
  "--net",
  "true",
);

/** A link that is closed at the end. */
function open(options?: ConstructorParameters<typeof NetlinkLink>[0]): { link: NetlinkLink } & Disposable {
  const link = new NetlinkLink(options);
  link.start(new RecordingReceiver());
  return { link, [Symbol.dispose]: () => void link.close() };
}

/** Another process that holds a port, and listens beside it. */
async function serve(port: number): Promise<Program> {
  const program = start("lifeline", [port]);
  assertEquals(await program.line(), "serving");
  return program;
}

/** How many sockets this process has open. Nothing else runs meanwhile. */
function sockets(): number {
  const { stdout } = new Deno.Command("ls", { args: ["-l", `/proc/${Deno.pid}/fd`] }).outputSync();
  return new TextDecoder().decode(stdout).split(" -> socket:").length - 1;
}

testUnless(noPidfd, "another process is killed, and its lifeline breaks: then its port is free", async () => {
  const port = randomPort();
  await using program = await serve(port);
  using caller = open();
  const { link } = caller;
  const before = sockets();
  const { promise, resolve } = Promise.withResolvers<void>();
  const lifeline = link.openLifeline(port, resolve)!;
  const syscalls = new LinuxSyscalls();
  assertEquals([lifeline.uid, lifeline.gid], [syscalls.getuid(), syscalls.getgid()]);
  assertEquals([lifeline.isWatched, lifeline.isHeld(), lifeline.ask()], [true, true, true]);
  link.hold();
  program.signal("SIGKILL");
  await promise;
  assertEquals([lifeline.isWatched, lifeline.isHeld(), lifeline.ask()], [false, false, false]);
  assertThrows(() => link.send(port, utf8("x"), 1), PeerGoneError);
  assertEquals(link.openLifeline(port, () => {}), undefined);
  using next = open({ port });
  assertEquals(next.link.port, port);
  next.link.close();
  assertEquals(sockets(), before);
});

Deno.test("a port that a living process frees is noticed by asking", async () => {
  const port = randomPort();
  await using program = await serve(port);
  using caller = open();
  const { link } = caller;
  const lifeline = link.openLifeline(port, () => {})!;
  assertEquals(lifeline.ask(), true);
  link.send(port, utf8("free it"), 7);
  assertEquals(await program.line(), "freed");
  assertEquals([lifeline.ask(), lifeline.isHeld(), lifeline.isWatched], [false, false, false]);
  Deno.kill(program.pid, "SIGCONT"); // It lives, or this throws.
  assertEquals(link.openLifeline(port, () => {}), undefined);
});

Deno.test("a port that this process has taken since is somebody else's", async () => {
  const port = randomPort();
  await using program = await serve(port);
  using caller = open();
  const lifeline = caller.link.openLifeline(port, () => {})!;
  caller.link.send(port, utf8("free it"), 7);
  assertEquals(await program.line(), "freed");
  using _next = open({ port });
  assertEquals(lifeline.ask(), false);
  assertEquals(caller.link.openLifeline(port, () => {})?.ask(), true);
});

testUnless(noPidfd, "another process that is killed ends a wait of the whole thread", async () => {
  const port = randomPort();
  await using program = await serve(port);
  using caller = open();
  const lifeline = caller.link.openLifeline(port, () => {})!;
  program.signal("SIGKILL");
  // So long that the test would rather fail than wait for it.
  assertEquals(caller.link.blocking.receive(new RecordingReceiver(), 600_000, lifeline), false);
  assertEquals(lifeline.ask(), false);
});

Deno.test("who connects is accepted while the link is held, and no descriptor is kept", async () => {
  using server = open();
  using caller = open();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.link.start({ receive: () => resolve(), trouble() {}, failed() {} });
  server.link.hold();
  const before = sockets();
  const lifeline = caller.link.openLifeline(server.link.port, () => {})!;
  for (let count = 0; count < 300; count++) assertEquals(lifeline.ask(), true);
  // What is read now comes after them.
  caller.link.send(server.link.port, utf8("x"), 1);
  await promise;
  assertEquals(sockets(), before);
  server.link.close();
  assertEquals(lifeline.ask(), false);
});

Deno.test("what a dead isolate of this thread has left behind is closed, port and lifeline", () => {
  const syscalls = new LinuxSyscalls();
  const port = randomPort();
  using caller = open();
  const { fd } = new NetlinkSocket(syscalls, { port });
  const listener = LifelineListener.open(new Reactor(syscalls), { fd, netns: undefined }, port);
  const lifeline = caller.link.openLifeline(port, () => {})!;
  assertEquals([listener !== undefined, lifeline.ask()], [true, true]);
  assertEquals([closeLeftover(syscalls, port), lifeline.ask()], [true, false]);
  assertEquals([syscalls.close(fd), syscalls.close(listener!.fd)], [-1, -1]);
  using next = open({ port });
  assertEquals([next.link.port, caller.link.openLifeline(port, () => {})?.ask()], [port, true]);
});

testUnless(noNet, "a lifeline belongs to a network namespace, as its port does", async () => {
  await using blue = new Program("unshare", ["--net", "sh", "-c", "echo there; exec sleep 600"]);
  assertEquals(await blue.line(), "there");
  const port = randomPort();
  using server = open({ port, netns: blue.pid });
  using caller = open({ netns: blue.pid });
  using outside = open();
  assertEquals(caller.link.openLifeline(port, () => {})?.ask(), true);
  assertEquals(outside.link.openLifeline(port, () => {}), undefined);
  using own = open({ port });
  const lifelines = [caller, outside].map(({ link }) => link.openLifeline(port, () => {})!);
  server.link.close();
  assertEquals(lifelines.map((lifeline) => lifeline.ask()), [false, true]);
  own.link.close();
  assertEquals(lifelines.map((lifeline) => lifeline.ask()), [false, false]);
});
