// The lifelines of a netlink link: its own, and those of the ports that it calls.
import { assertEquals } from "@std/assert";
import type { SyscallError } from "../../src/errors.ts";
import type { Lifeline } from "../../src/link/link.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { closeLinks, type LinkSetup, openLink, utf8 } from "../fakes/link_receiver.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { BLUE } from "../netlink/lifelines.ts";

/** A link that has something read, and a lifeline of another process. */
interface Watching extends LinkSetup {
  readonly lifeline: Lifeline;
  /** What had been received each time when the lifeline broke. */
  readonly broken: string[][];
  /** The other process ends, after it has sent this. */
  end(...texts: string[]): Promise<void>;
}

function openWatching(order: "lifeline first" | "socket first" = "lifeline first"): Watching {
  const setup = openLink();
  const { kernel, link, receiver } = setup;
  const process = kernel.listenElsewhere(77);
  const broken: string[][] = [];
  if (order === "socket first") link.hold();
  const lifeline = link.openLifeline(77, () => void broken.push(receiver.texts))!;
  if (order === "lifeline first") link.hold();
  return {
    ...setup,
    lifeline,
    broken,
    async end(...texts) {
      // One wait reports both.
      kernel.threadDelay = 1;
      for (const text of texts) kernel.arrive(10, utf8(text), 77);
      kernel.endProcess(process);
      kernel.schedYield();
      await settled();
    },
  };
}

Deno.test("a link learns who holds a port before anything is sent there", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link } = openLink();
  const other = new NetlinkLink({ port: 20 }, new Reactor(kernel));
  const lifeline = link.openLifeline(20, () => {})!;
  const { uid, gid } = kernel.process.credentials;
  assertEquals([lifeline.uid, lifeline.gid, lifeline.isWatched, lifeline.isHeld()], [uid, gid, true, true]);
  assertEquals([kernel.readAt(20), kernel.readAt(10)], [undefined, undefined]);
  assertEquals(link.openLifeline(30, () => {}), undefined);
  // Its own port, and another of the same reactor.
  const near = new NetlinkLink({ port: 40 }, reactor);
  assertEquals([10, 40].map((port) => link.openLifeline(port, () => {})?.ask()), [true, true]);
  await closeLinks(kernel, link, other, near);
});

for (const order of ["lifeline first", "socket first"] as const) {
  Deno.test(`what the other side had sent is read before its end is told: ${order}`, async () => {
    using _time = fakeTime();
    const { kernel, link, receiver, broken, end, lifeline } = openWatching(order);
    await end("the answer");
    assertEquals([broken, receiver.texts], [[["the answer"]], ["the answer"]]);
    assertEquals([lifeline.isWatched, lifeline.isHeld(), lifeline.ask()], [false, false, false]);
    await closeLinks(kernel, link);
  });
}

Deno.test("a queue of thousands is read before the end is told, however long that takes", async () => {
  using time = fakeTime();
  const { kernel, link, receiver, broken, end } = openWatching();
  kernel.queueLimit = 8_192;
  receiver.onReceive = () => time.busy(1);
  const texts = Array.from({ length: 8_192 }, (_, index) => `${index}`);
  await end(...texts);
  assertEquals([broken.length, broken[0]?.length], [1, 8_192]);
  assertEquals(receiver.texts, texts);
  await closeLinks(kernel, link);
});

Deno.test("what another user had sent is read before its end is told, however much waits with it", async () => {
  using time = fakeTime();
  const { kernel, link, receiver, broken, end } = openWatching();
  kernel.queueLimit = 3_000;
  receiver.onReceive = () => time.busy(1);
  kernel.credentials = { pid: 5, uid: link.uid + 1, gid: 5 };
  const texts = Array.from({ length: 3_000 }, (_, index) => `${index}`);
  await end(...texts);
  assertEquals([broken.length, broken[0]?.length], [1, 3_000]);
  assertEquals(receiver.texts, texts);
  await closeLinks(kernel, link);
});

Deno.test("what others send meanwhile does not put off the end for ever", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver, broken, end } = openWatching();
  receiver.onReceive = () => {
    // Somebody else sends without a pause, until it is told.
    if (broken.length === 0) kernel.arrive(10, utf8("x"), 55);
  };
  await end("the answer");
  assertEquals([broken.length, broken[0]?.[0]], [1, "the answer"]);
  await closeLinks(kernel, link);
});

Deno.test("messages that the kernel dropped are trouble before the end, and what is left is read", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver, broken, end } = openWatching();
  kernel.fail("recvmsg", "ENOBUFS");
  await end("the answer");
  assertEquals([receiver.troubles.map(([kind]) => kind), broken], [["overrun"], [["the answer"]]]);
  await closeLinks(kernel, link);
});

Deno.test("a link that fails while it reads before an end is told says so once, and nothing is open", async () => {
  using _time = fakeTime();
  const { kernel, receiver, end } = openWatching();
  kernel.fail("recvmsg", "EIO");
  await end("the answer");
  assertEquals(receiver.failures.map((error) => (error as SyscallError).code), ["EIO"]);
  kernel.assertAllClosed();
});

Deno.test("a link that is closed by what it reads before an end is told reads no further, and nothing is open", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver, end } = openWatching();
  receiver.onReceive = () => void link.close();
  await end("one", "two");
  assertEquals(receiver.texts, ["one"]);
  kernel.assertAllClosed();
});

Deno.test("closing a link closes what listens before the port, and its lifelines without a word", async () => {
  using _time = fakeTime();
  const { kernel, link, lifeline, broken, end } = openWatching();
  const second = link.openLifeline(77, () => {})!;
  const caller = new NetlinkLink({ port: 20 }, new Reactor(kernel));
  let reached: boolean | undefined;
  const close = kernel.close.bind(kernel);
  kernel.close = (fd) => {
    // The last moment at which the port is held.
    if (fd === link.fd) reached = caller.openLifeline(10, () => {}) !== undefined;
    return close(fd);
  };
  assertEquals(caller.openLifeline(10, () => {})?.isHeld(), true);
  link.close();
  assertEquals([reached, kernel.isOpen(link.fd)], [false, false]);
  for (const { isWatched } of [lifeline, second]) assertEquals(isWatched, false);
  await end();
  assertEquals([broken, lifeline.isHeld(), second.ask()], [[], false, false]);
  await closeLinks(kernel, link, caller);
});

Deno.test("a port whose thread still sends is held no longer for whoever asks: it is closed", async () => {
  using _time = fakeTime();
  const { kernel, link } = openLink();
  const caller = new NetlinkLink({ port: 20 }, new Reactor(kernel));
  const lifeline = caller.openLifeline(10, () => {})!;
  kernel.queueLimit = 0;
  link.hold();
  link.sendPatiently(20, utf8("x"), 1, false).sent.catch(() => {});
  assertEquals([kernel.sending, lifeline.ask()], [1, true]);
  link.close();
  assertEquals([kernel.isOpen(link.fd), lifeline.ask()], [true, false]);
  kernel.endSends();
  await closeLinks(kernel, link, caller);
});

Deno.test("lifelines that were closed, broke or were found over are no concern of closing", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link, lifeline, end, broken } = openWatching();
  const near = new NetlinkLink({ port: 20 }, reactor);
  const [closed, left] = [link.openLifeline(20, () => {})!, link.openLifeline(20, () => {})!];
  closed.close();
  near.close();
  assertEquals([left.ask(), lifeline.ask()], [false, true]);
  await end();
  assertEquals([broken.length, lifeline.ask()], [1, false]);
  await closeLinks(kernel, link, near);
});

Deno.test("a link that is closed opens no lifeline", async () => {
  const { kernel, link } = openLink();
  kernel.listenElsewhere(77);
  link.close();
  assertEquals(link.openLifeline(77, () => {}), null);
  await closeLinks(kernel, link);
});

Deno.test("a name that another process has taken before the link: whoever calls learns who that is", async () => {
  const kernel = new FakeSyscalls();
  kernel.listenElsewhere(10, { uid: 666, gid: 667 });
  const link = new NetlinkLink({ port: 10 }, new Reactor(kernel));
  const caller = new NetlinkLink({ port: 20 }, new Reactor(kernel));
  const lifeline = caller.openLifeline(10, () => {})!;
  assertEquals([lifeline.uid, lifeline.gid], [666, 667]);
  await closeLinks(kernel, link, caller);
});

Deno.test("links in another network namespace listen and call there", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link } = openLink();
  kernel.namespaceFiles.set(BLUE, "blue");
  const [blue, second] = [10, 20].map((port) => new NetlinkLink({ port, netns: BLUE }, reactor)) as NetlinkLink[];
  assertEquals([link, blue!].map((caller) => caller.openLifeline(20, () => {})?.isHeld()), [undefined, true]);
  second!.close();
  assertEquals(blue!.openLifeline(20, () => {}), undefined);
  assertEquals([link, blue!].map((caller) => caller.openLifeline(10, () => {})?.isHeld()), [true, true]);
  // A socket from there that was handed in has no lifeline here.
  const fd = kernel.openElsewhere({ port: 30, namespace: "blue" });
  const handed = new NetlinkLink({ fd }, reactor);
  assertEquals([link, blue!].map((caller) => caller.openLifeline(30, () => {})), [undefined, undefined]);
  assertEquals([handed.openLifeline(10, () => {}), kernel.namespace], [null, "own"]);
  await closeLinks(kernel, link, blue!, second!, handed);
});

Deno.test("the ids that nobody may be known by are those of this process's user namespace", async () => {
  const { kernel, link } = openLink();
  const opened = kernel.count("open");
  kernel.textFiles.set("/proc/self/uid_map", "0 1000 1\n").set("/proc/sys/kernel/overflowuid", "99\n");
  assertEquals(kernel.count("open"), opened, "nobody has asked yet");
  assertEquals([link.unmapped, link.unmapped], Array(2).fill({ uid: 99, gid: undefined }));
  await closeLinks(kernel, link);
});

Deno.test("a shutdown closes a link with all its lifelines, and tells nobody", () => {
  using _time = fakeTime();
  const { kernel, reactor, receiver, broken } = openWatching();
  reactor.shutdown();
  kernel.assertAllClosed();
  assertEquals([receiver.failures, broken], [[], []]);
});
