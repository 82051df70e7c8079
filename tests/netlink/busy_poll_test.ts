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
      poll.begin(performance.now());
      for (let count = 0; count < yields; count++) yieldFor(milliseconds);
      if (found) poll.found(performance.now());
      else poll.foundNothing(performance.now());
    },
    searchInVain(milliseconds = .001) {
      let yields = 0;
      poll.begin(performance.now());
      for (; poll.goesOn; yields++) yieldFor(milliseconds);
      poll.foundNothing(performance.now());
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

Deno.test("a search that others interrupt goes on where it was", () => {
  using setup = open();
  const { poll } = setup;
  poll.begin(performance.now());
  for (let count = 0; count < 20; count++) poll.yielded(.002, performance.now());
  poll.begin(performance.now());
  for (let count = 0; count < 4; count++) poll.yielded(.002, performance.now());
  assertEquals(poll.goesOn, true);
  poll.yielded(.0021, performance.now());
  assertEquals(poll.goesOn, false);
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

Deno.test("a yield that took a time slice ends the search, and nobody searches for sixteen times as long", () => {
  using setup = open();
  const { poll, time } = setup;
  poll.begin(performance.now());
  time.busy(4);
  poll.yielded(4, performance.now());
  assertEquals(poll.goesOn, false);
  poll.found(performance.now());
  assertEquals(poll.isOn, false);
  time.busy(63);
  assertEquals(poll.isOn, false);
  time.busy(1);
  assertEquals(poll.isOn, true);
});

Deno.test("the pause doubles with each slice, up to a second, until many searches have found something", () => {
  using setup = open();
  const { poll, time } = setup;
  const pause = () => {
    setup.search(1, 4, true);
    let milliseconds = 0;
    for (; !poll.isOn; milliseconds++) time.busy(1);
    return milliseconds;
  };
  assertEquals([pause(), pause(), pause(), pause(), pause(), pause()], [64, 128, 256, 512, 1_000, 1_000]);
  for (let count = 0; count < 254; count++) setup.search(1, .001, true);
  assertEquals(pause(), 1_000);
  for (let count = 0; count < 256; count++) setup.search(1, .001, true);
  assertEquals(pause(), 64);
});

Deno.test("a yield of less than a slice changes nothing", () => {
  using setup = open();
  for (let count = 0; count < 1_000; count++) setup.search(1, .99, true);
  assertEquals(setup.poll.isOn, true);
});

/** A yield takes a slice, and waits in the pause after it tell how long they take. */
function pauseWith(setup: Setup, waits: readonly number[]): void {
  setup.search(1, 2, true);
  assertEquals(setup.poll.isOn, false);
  for (const milliseconds of waits) setup.poll.waited(milliseconds);
  setup.time.busy(2_000);
  assertEquals(setup.poll.isOn, true);
}

Deno.test("where waiting takes longer still, as among many peers, a slice does not end the search", () => {
  using setup = open();
  pauseWith(setup, Array(8).fill(3));
  setup.search(1, 2, true);
  assertEquals(setup.poll.isOn, true);
});

Deno.test("a slice now and then does not end the search, where the others take no time", () => {
  using setup = open();
  pauseWith(setup, Array(8).fill(.1));
  for (let count = 0; count < 1_000; count++) setup.search(1, count % 100 === 0 ? 4 : .001, true);
  assertEquals(setup.poll.isOn, true);
});

Deno.test("beside a busy process, where a slice comes with every search, it ends soon", () => {
  using setup = open();
  pauseWith(setup, Array(8).fill(.1));
  let searches = 0;
  for (; setup.poll.isOn; searches++) setup.search(1, 4, true);
  assertEquals(searches, 6);
});

Deno.test("a few waits, and those that had nothing to wait for, tell nothing", () => {
  for (const waits of [Array(7).fill(3), Array(20).fill(5.1)]) {
    using setup = open();
    pauseWith(setup, waits);
    setup.search(1, 2, true);
    assertEquals(setup.poll.isOn, false);
  }
});

Deno.test("waits outside of a pause tell nothing", () => {
  using setup = open();
  for (let count = 0; count < 20; count++) setup.poll.waited(3);
  setup.search(1, 2, true);
  assertEquals(setup.poll.isOn, false);
});

Deno.test("a search that was in vain counts as well", () => {
  using setup = open();
  pauseWith(setup, Array(8).fill(.01));
  setup.search(1, .9, false);
  setup.search(1, .9, false);
  setup.search(1, 1, true);
  assertEquals(setup.poll.isOn, false);
});
