// When it pays to search for what arrives, and when a thread should wait for it.
import { assertEquals } from "@std/assert";
import { BusyPoll } from "../../src/netlink/busy_poll.ts";
import { type FakeTime, fakeTime } from "../fakes/time.ts";

const LONGEST = .05;

interface Setup extends Disposable {
  readonly time: FakeTime;
  readonly poll: BusyPoll;
  /** Searches, and yields so often for so long each time; whether something is there then. */
  search(yields: number, milliseconds: number, found: boolean): void;
  /** Searches until it is over, in vain; returns how often it has yielded. */
  searchInVain(milliseconds?: number): number;
}

function open(longest = LONGEST): Setup {
  const time = fakeTime();
  const poll = new BusyPoll();
  poll.longest = longest;
  const yieldFor = (milliseconds: number) => {
    time.busy(milliseconds);
    poll.yielded(milliseconds, performance.now());
  };
  return {
    time,
    poll,
    search(yields, milliseconds, found) {
      poll.begin();
      for (let count = 0; count < yields; count++) yieldFor(milliseconds);
      if (found) poll.found(false);
      else poll.foundNothing();
    },
    searchInVain(milliseconds = .001) {
      let yields = 0;
      poll.begin();
      for (; poll.goesOn; yields++) yieldFor(milliseconds);
      poll.foundNothing();
      return yields;
    },
    [Symbol.dispose]: () => time[Symbol.dispose](),
  };
}

Deno.test("without a time there is no search", () => {
  using setup = open(0);
  assertEquals(setup.poll.isOn, false);
});

Deno.test("a search goes on for its time, as far as it burns the processor", () => {
  using setup = open();
  assertEquals(setup.searchInVain(.001), 50);
  // Others have the processor meanwhile: what they take is not burnt.
  assertEquals(setup.searchInVain(.5), 25);
});

Deno.test("a search is longer by half a microsecond for each kilobyte that was sent before, and twice as long at most", () => {
  using setup = open();
  const { poll } = setup;
  const lengthAfter = (bytes: number) => {
    let yields = 0;
    poll.begin(bytes);
    for (; poll.goesOn; yields++) poll.yielded(.001, performance.now());
    poll.found(false);
    return yields;
  };
  assertEquals([0, 20_000, 100_000, 10_000_000].map(lengthAfter), [50, 60, 100, 100]);
});

Deno.test("a search that others interrupt goes on where it was", () => {
  using setup = open();
  const { poll } = setup;
  poll.begin();
  for (let count = 0; count < 20; count++) poll.yielded(.002, performance.now());
  poll.begin();
  for (let count = 0; count < 4; count++) poll.yielded(.002, performance.now());
  assertEquals(poll.goesOn, true);
  poll.yielded(.0021, performance.now());
  assertEquals(poll.goesOn, false);
});

Deno.test("where first looks find nothing, most searches do without; where one does, the next looks first as well", () => {
  using setup = open();
  const { poll } = setup;
  const firstLooks = (searches: number, atOnce: boolean) => {
    let looks = 0;
    for (let count = 0; count < searches; count++) {
      poll.begin();
      const looksFirst = poll.looksFirst();
      if (looksFirst) looks++;
      poll.found(looksFirst && atOnce);
    }
    return looks;
  };
  assertEquals(firstLooks(100, true), 100);
  assertEquals(firstLooks(161, false), 11);
  // The first ones still do without.
  assertEquals(firstLooks(100, true), 85);
});

Deno.test("three vain searches in a row are the last ones, and one that finds something clears the others", () => {
  using setup = open();
  setup.searchInVain();
  setup.searchInVain();
  setup.search(3, .001, true);
  setup.searchInVain();
  setup.searchInVain();
  assertEquals(setup.poll.isOn, true);
  setup.searchInVain();
  assertEquals(setup.poll.isOn, false);
});

Deno.test("a wait that was no longer than a search has it tried again, a longer one does not", () => {
  using setup = open();
  const { poll } = setup;
  for (let count = 0; count < 3; count++) setup.searchInVain();
  poll.waited(1);
  assertEquals(poll.isOn, false);
  poll.waited(.151);
  assertEquals(poll.isOn, false);
  // What tells that it was short is not the first one: the last try was in vain.
  poll.waited(.15);
  poll.waited(.15);
  assertEquals(poll.isOn, true);
});

Deno.test("the more tries were in vain, the more short waits in a row it takes, up to 64", () => {
  using setup = open();
  const { poll } = setup;
  const waitsNeeded = () => {
    let waits = 0;
    for (; !poll.isOn; waits++) poll.waited(.1);
    return waits;
  };
  const needed: number[] = [];
  for (let round = 0; round < 8; round++) {
    for (let count = 0; count < 3; count++) setup.searchInVain();
    poll.waited(.1);
    poll.waited(1); // Not in a row.
    needed.push(waitsNeeded());
  }
  assertEquals(needed, [2, 4, 8, 16, 32, 64, 64, 64]);
  setup.search(1, .001, true);
  for (let count = 0; count < 3; count++) setup.searchInVain();
  assertEquals(waitsNeeded(), 2);
});

/** Yields that take a time slice each, until nobody searches any more; returns how many. */
function slices(setup: Setup, milliseconds: number): number {
  let yields = 0;
  for (; setup.poll.isOn && yields < 1_000; yields++) setup.search(1, milliseconds, true);
  return yields;
}

Deno.test("where yields take a time slice each, it is found out after some", () => {
  using setup = open();
  assertEquals(slices(setup, 4), 6);
});

Deno.test("the search ends with the yield that tells, and nobody searches for 48 times as long", () => {
  using setup = open();
  const { poll, time } = setup;
  for (let count = 0; count < 5; count++) setup.search(1, 4, true);
  poll.begin();
  time.busy(4);
  poll.yielded(4, performance.now());
  assertEquals(poll.goesOn, false);
  poll.foundNothing();
  assertEquals(poll.isOn, false);
  time.busy(191);
  assertEquals(poll.isOn, false);
  time.busy(1);
  assertEquals(poll.isOn, true);
});

Deno.test("after a pause one slice is enough for the next, until yields take none again", () => {
  using setup = open();
  const { poll, time } = setup;
  slices(setup, 4);
  for (let count = 0; count < 5; count++) {
    time.busy(192);
    assertEquals(slices(setup, 4), 1);
  }
  time.busy(192);
  for (let count = 0; count < 50; count++) setup.search(1, .001, true);
  assertEquals([poll.isOn, slices(setup, 4)], [true, 6]);
});

Deno.test("a pause takes 250 ms at most, also where the whole process was stopped", () => {
  using setup = open();
  slices(setup, 10_000);
  setup.time.busy(249);
  assertEquals(setup.poll.isOn, false);
  setup.time.busy(1);
  assertEquals(setup.poll.isOn, true);
});

Deno.test("as long as most yields take no slice, nothing is paused", () => {
  using setup = open();
  for (let count = 0; count < 10_000; count++) {
    setup.search(1, count % 4 === 0 ? 4 : 1.9, true);
    assertEquals(setup.poll.isOn, true);
  }
});
