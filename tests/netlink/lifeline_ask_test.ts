// Whether the same still holds a port: what is remembered, and for how long.
import { assertEquals } from "@std/assert";
import { ASKED_MILLISECONDS } from "../../src/netlink/lifeline.ts";
import type { Credentials } from "../fakes/kernel_files.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { Calls, listenHere, noteCalls } from "./lifelines.ts";

const SAME = { pid: 77, uid: 1000, gid: 100 };

Deno.test("for a moment it is known that the process lives, then it is looked at, and after a second it is asked", async () => {
  using time = fakeTime();
  const calls = new Calls();
  calls.kernel.listenElsewhere(77);
  const lifeline = calls.open();
  const made = noteCalls(calls.kernel);
  assertEquals(ASKED_MILLISECONDS, 1_000);
  const heldAfter = (milliseconds: number) => {
    time.busy(milliseconds);
    assertEquals(lifeline.isHeld(), true);
    return made();
  };
  assertEquals([0, 0.03, 0.03, 0.03, 0.03].map(heldAfter), [[], [], ["poll"], [], ["poll"]], "50 us");
  assertEquals([1, 6].map(heldAfter), [["poll"], ["poll"]]);
  // Looks do not put off the question: some 7 ms have passed.
  assertEquals(heldAfter(ASKED_MILLISECONDS - 8), ["poll"]);
  assertEquals(heldAfter(1), ["socket", "connect", "poll"]);
  // The question is a look as well, and holds for a second anew.
  assertEquals([0.01, 1, ASKED_MILLISECONDS - 2, 1].map(heldAfter), [
    [],
    ["poll"],
    ["poll"],
    ["socket", "connect", "poll"],
  ]);
  await calls.finish();
});

Deno.test("a kernel without descriptors of processes is asked once a second", async () => {
  using time = fakeTime();
  const calls = new Calls();
  calls.kernel.listenElsewhere(77);
  calls.kernel.fail("peer_pidfd", "ENOPROTOOPT");
  const lifeline = calls.open();
  const made = noteCalls(calls.kernel);
  const seen = [6, ASKED_MILLISECONDS - 6, 1, ASKED_MILLISECONDS, 1].map((milliseconds) => {
    time.busy(milliseconds);
    assertEquals(lifeline.isHeld(), true);
    return made();
  });
  assertEquals(seen, [[], [], ["socket", "connect"], [], ["socket", "connect"]]);
  await calls.finish();
});

Deno.test("ask asks each time, takes no second descriptor, and is remembered by isHeld", async () => {
  using time = fakeTime();
  const calls = new Calls();
  calls.kernel.listenElsewhere(77);
  const lifeline = calls.open();
  const { opened } = calls;
  time.busy(900);
  const made = noteCalls(calls.kernel);
  assertEquals([lifeline.ask(), made()], [true, ["socket", "connect", "poll"]]);
  assertEquals([lifeline.ask(), made()], [true, ["socket", "connect", "poll"]]);
  assertEquals([lifeline.isHeld(), made()], [true, []]);
  time.busy(ASKED_MILLISECONDS);
  assertEquals([lifeline.isHeld(), made()], [true, ["poll"]]);
  assertEquals(calls.opened, opened);
  await calls.finish();
});

const OTHERS: Partial<Credentials>[] = [{ pid: 78 }, { uid: 1001 }, { gid: 101 }];
for (const other of OTHERS) {
  Deno.test(`somebody else listens there by now, with another ${Object.keys(other)}: the lifeline is over`, async () => {
    using time = fakeTime();
    for (const how of ["ask", "isHeld"] as const) {
      const calls = new Calls();
      const before = calls.kernel.listenElsewhere(77, SAME);
      calls.kernel.fail("peer_pidfd", "ENOPROTOOPT");
      const lifeline = calls.open();
      calls.kernel.endProcess(before);
      calls.kernel.listenElsewhere(77, { ...SAME, ...other });
      time.busy(ASKED_MILLISECONDS + 1);
      assertEquals([lifeline[how](), lifeline.isHeld(), lifeline.ask()], [false, false, false]);
      assertEquals(calls.told, ["77 ended"], "whoever asked knows");
      await calls.finish();
    }
  });
}

Deno.test("a port that a living process has freed is noticed by asking, and its descriptor is closed", async () => {
  using time = fakeTime();
  const calls = new Calls();
  const { kernel } = calls;
  const listener = listenHere(kernel, 77);
  const lifeline = calls.open();
  calls.caller.hold();
  kernel.close(listener);
  time.busy(ASKED_MILLISECONDS);
  assertEquals([lifeline.isHeld(), lifeline.isWatched], [true, true], "nobody has asked yet");
  assertEquals([lifeline.ask(), lifeline.isWatched, kernel.isOpen(lifeline.fd)], [false, false, false]);
  kernel.endProcess(kernel.process);
  await settled();
  assertEquals([calls.told, lifeline.isHeld()], [["77 ended"], false]);
  await calls.finish();
});

Deno.test("a process that has freed the port and taken it again is the same", async () => {
  using _time = fakeTime();
  const calls = new Calls();
  const { kernel } = calls;
  kernel.close(listenHere(kernel, 77));
  const first = listenHere(kernel, 77);
  const lifeline = calls.open();
  kernel.close(first);
  const second = listenHere(kernel, 77);
  assertEquals([lifeline.ask(), lifeline.isHeld()], [true, true]);
  kernel.close(second);
  assertEquals(lifeline.ask(), false);
  await calls.finish();
});

for (
  const [syscall, errno, after] of [
    ["socket", "EMFILE", 0],
    ["connect", "EAGAIN", 0],
    ["connect", "EPERM", 0],
    ["getsockopt", "ENOPROTOOPT", 2],
  ] as const
) {
  Deno.test(`where ${syscall} fails with ${errno} it cannot be told, and the lifeline holds`, async () => {
    using _time = fakeTime();
    const calls = new Calls();
    calls.kernel.listenElsewhere(77);
    const lifeline = calls.open();
    const { opened } = calls;
    calls.kernel.fail(syscall, errno, 1, after);
    assertEquals([lifeline.ask(), lifeline.isWatched, calls.told, calls.opened], [true, true, [], opened]);
    await calls.finish();
  });
}

Deno.test("connections that nobody accepts fill the backlog: then it cannot be told, and the lifeline holds", async () => {
  using _time = fakeTime();
  const calls = new Calls();
  calls.kernel.backlog = 2;
  calls.kernel.listenElsewhere(77);
  const lifeline = calls.open();
  assertEquals([lifeline.ask(), lifeline.ask(), lifeline.ask()], [true, true, true]);
  assertEquals(calls.tryToOpen(), undefined);
  await calls.finish();
});

Deno.test("a process that has ended is noticed by a look; its end is told by the reactor, after what it has sent", async () => {
  using time = fakeTime();
  for (const how of ["ask", "isHeld"] as const) {
    const calls = new Calls();
    const process = calls.kernel.listenElsewhere(77);
    const lifeline = calls.open();
    calls.kernel.endProcess(process);
    time.busy(6);
    const made = noteCalls(calls.kernel);
    assertEquals([lifeline[how](), made()], [false, ["poll"]], "nobody is asked any more");
    assertEquals([calls.told, lifeline.isWatched], [[], true]);
    calls.caller.hold();
    await settled();
    assertEquals([calls.told, lifeline.isWatched], [["77 ended", "77 broken"], false]);
    await calls.finish();
  }
});

Deno.test("a look that fails says nothing: the lifeline holds", async () => {
  using time = fakeTime();
  const calls = new Calls();
  calls.kernel.listenElsewhere(77);
  const lifeline = calls.open();
  calls.kernel.fail("poll", "EINTR", 2);
  time.busy(6);
  assertEquals([lifeline.isHeld(), lifeline.ask(), calls.told], [true, true, []]);
  assertEquals(calls.kernel.count("poll"), 2);
  await calls.finish();
});

Deno.test("a lifeline that is over asks nobody: its descriptor may be another's by then", async () => {
  using time = fakeTime();
  const calls = new Calls();
  calls.kernel.listenElsewhere(77);
  const lifeline = calls.open();
  lifeline.close();
  time.busy(2 * ASKED_MILLISECONDS);
  const made = noteCalls(calls.kernel);
  assertEquals([lifeline.isHeld(), lifeline.ask(), made()], [false, false, []]);
  await calls.finish();
});
