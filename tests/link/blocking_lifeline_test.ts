// Waiting for a datagram with the whole thread, and for the end of whoever is to send it.
import { assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "../../src/errors.ts";
import type { Lifeline } from "../../src/link/link.ts";
import { closeLinks, openLink, RecordingReceiver, utf8 } from "../fakes/link_receiver.ts";

function openBlocking() {
  const setup = openLink();
  const process = setup.kernel.listenElsewhere(77);
  const lifeline = setup.link.openLifeline(77, () => {})!;
  const waited: number[] = [];
  return {
    ...setup,
    process,
    lifeline,
    /** For how long the thread has waited, each time. */
    waited,
    blocking: new RecordingReceiver(),
    /** What happens while the thread waits. */
    meanwhile(act: () => void) {
      setup.kernel.whileBlocked = (milliseconds) => {
        waited.push(milliseconds);
        act();
      };
    },
  };
}

Deno.test("a datagram that comes ends the wait, and is delivered", async () => {
  const { kernel, link, lifeline, waited, blocking, meanwhile } = openBlocking();
  meanwhile(() => kernel.arrive(10, utf8("late"), 77));
  assertEquals([link.blocking.receive(blocking, 5, lifeline), waited], [true, [5]]);
  assertEquals(blocking.received.map(({ text, sender }) => [text, sender.port]), [["late", 77]]);
  await closeLinks(kernel, link);
});

Deno.test("the end of the other process ends the wait", async () => {
  const { kernel, link, lifeline, process, waited, blocking, meanwhile } = openBlocking();
  meanwhile(() => kernel.endProcess(process));
  const reads = kernel.count("recvmsg");
  assertEquals([link.blocking.receive(blocking, 1_000, lifeline), waited], [false, [1_000]]);
  assertEquals(kernel.count("recvmsg"), reads + 2, "it is read once more: an answer may have come before the end");
  // Whose end is known already is not waited for.
  assertEquals([link.blocking.receive(blocking, 1_000, lifeline), waited], [false, [1_000]]);
  assertEquals(blocking.received, []);
  await closeLinks(kernel, link);
});

Deno.test("an answer is read, also where its sender has ended since", async () => {
  const { kernel, link, lifeline, process, blocking, meanwhile } = openBlocking();
  meanwhile(() => {
    kernel.arrive(10, utf8("answer"), 77);
    kernel.endProcess(process);
  });
  assertEquals(link.blocking.receive(blocking, 1_000, lifeline), true);
  assertEquals(blocking.texts, ["answer"]);
  await closeLinks(kernel, link);
});

Deno.test("what is there is read without waiting, and without time nobody waits", async () => {
  const { kernel, link, lifeline, process, waited, blocking, meanwhile } = openBlocking();
  meanwhile(() => {});
  kernel.arrive(10, utf8("early"), 77);
  const polls = kernel.count("poll");
  assertEquals([1_000, 0].map((milliseconds) => link.blocking.receive(blocking, milliseconds, lifeline)), [
    true,
    false,
  ]);
  kernel.endProcess(process);
  assertEquals(link.blocking.receive(blocking, 0, lifeline), false);
  assertEquals([blocking.texts, waited, kernel.count("poll") - polls], [["early"], [], 0]);
  await closeLinks(kernel, link);
});

Deno.test("the time of a wait is in whole milliseconds, and as long as poll can be given at most", async () => {
  const { kernel, link, lifeline, waited, blocking, meanwhile } = openBlocking();
  meanwhile(() => {});
  const times = [0.1, 1, 1.5, 2 ** 31 - 1, 2 ** 31, Infinity];
  assertEquals(times.map((time) => link.blocking.receive(blocking, time, lifeline)), Array(6).fill(false));
  assertEquals(waited, [1, 1, 2, 2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1]);
  await closeLinks(kernel, link);
});

Deno.test("a lifeline that cannot end the wait leaves it to the socket", async () => {
  const { kernel, link, waited, blocking, meanwhile } = openBlocking();
  kernel.fail("peer_pidfd", "ENOPROTOOPT");
  const asked = link.openLifeline(77, () => {})!;
  // Whatever another link's has by that name is no descriptor.
  const foreign: Lifeline & { fd: string } = {
    uid: 0,
    gid: 0,
    isWatched: true,
    isHeld: () => true,
    ask: () => true,
    close() {},
    fd: "77",
  };
  meanwhile(() => kernel.arrive(10, utf8("late"), 77));
  for (const lifeline of [asked, foreign, undefined]) {
    assertEquals(link.blocking.receive(blocking, 5, lifeline), true);
  }
  assertEquals([waited, kernel.count("poll")], [[5, 5, 5], 0]);
  await closeLinks(kernel, link);
});

Deno.test("a signal ends the wait, and nothing was received", async () => {
  const { kernel, link, lifeline, blocking, meanwhile } = openBlocking();
  meanwhile(() => {
    throw new Error("It waited");
  });
  kernel.fail("poll", "EINTR");
  assertEquals(link.blocking.receive(blocking, 5, lifeline), false);
  await closeLinks(kernel, link);
});

Deno.test("an overrun that ends the wait is trouble, and another error is thrown", async () => {
  const { kernel, link, lifeline, blocking, meanwhile } = openBlocking();
  meanwhile(() => kernel.arrive(10, utf8("left"), 77));
  kernel.fail("recvmsg", "ENOBUFS", 1, 1);
  assertEquals(link.blocking.receive(blocking, 5, lifeline), true);
  assertEquals([blocking.troubles.map(([kind]) => kind), blocking.texts], [["overrun"], []]);
  assertEquals([link.blocking.receive(blocking, 5, lifeline), blocking.texts], [true, ["left"]]);
  kernel.fail("recvmsg", "EIO", 1, 1);
  const error = assertThrows(() => link.blocking.receive(blocking, 5, lifeline), SyscallError);
  assertEquals(error.code, "EIO");
  await closeLinks(kernel, link);
});
