// What goes to one legacy peer, message by message.
import { assertEquals } from "@std/assert";
import { LegacyLane, type LegacyTurn } from "../../src/rpc/legacy_lane.ts";

/** A time that no test lasts until. */
const LATER = 1e12;

/** A lane, what has been started in it, and whether the peer is free. */
function openLane() {
  const setup = {
    started: [] as string[],
    isFree: true,
    /** How often it was asked. */
    asked: 0,
    lane: undefined as unknown as LegacyLane,
    turn: (name: string, deadline = Infinity): LegacyTurn => ({
      deadline,
      start: () => void setup.started.push(name),
    }),
  };
  setup.lane = new LegacyLane(() => (setup.asked++, setup.isFree));
  return setup;
}

/** Ends the turn of a message, and begins the next one at once. */
function end(lane: LegacyLane, turn: LegacyTurn, mayBeAnswered = false): void {
  lane.leave(turn, mayBeAnswered);
  lane.next();
}

Deno.test("the next message starts in a microtask: what is taken back in the same turn never does", async () => {
  const { lane, started, turn } = openLane();
  const [a, b, c] = [turn("a"), turn("b"), turn("c")];
  for (const each of [a, b, c]) lane.enter(each);
  lane.leave(a);
  lane.leave(b);
  assertEquals(started, ["a"]);
  await Promise.resolve();
  assertEquals(started, ["a", "c"]);
});

Deno.test("a message starts when the one before has ended, in order", () => {
  const { lane, started, turn } = openLane();
  assertEquals([lane.isIdle, lane.deadline], [true, Infinity]);
  const [a, b, c] = [turn("a", LATER + 1), turn("b", LATER + 2), turn("c", LATER + 3)];
  for (const each of [a, b, c]) lane.enter(each);
  assertEquals([started, lane.deadline, lane.isIdle], [["a"], LATER + 1, false]);
  end(lane, a);
  assertEquals([started, lane.deadline], [["a", "b"], LATER + 2]);
  end(lane, b);
  end(lane, c);
  assertEquals([started, lane.isIdle, lane.deadline], [["a", "b", "c"], true, Infinity]);
});

Deno.test("a message whose time is up does not start: it ends by itself", () => {
  const { lane, started, turn } = openLane();
  const [a, late, c] = [turn("a"), turn("late", performance.now()), turn("c")];
  for (const each of [a, late, c]) lane.enter(each);
  end(lane, a);
  assertEquals(started, ["a", "c"]);
});

Deno.test("a message may go in front of those that wait, and not of the one under way", () => {
  const { lane, started, turn } = openLane();
  const [a, b, first] = [turn("a"), turn("b"), turn("first")];
  lane.enter(a);
  lane.enter(b);
  lane.enter(first, true);
  assertEquals(started, ["a"]);
  end(lane, a);
  end(lane, first);
  assertEquals(started, ["a", "first", "b"]);
});

Deno.test("a message that is taken back before its turn does not start, and ends nobody else's turn", () => {
  const { lane, started, turn } = openLane();
  const [a, b, c] = [turn("a"), turn("b"), turn("c")];
  for (const each of [a, b, c]) lane.enter(each);
  end(lane, b, true);
  assertEquals([started, lane.isIdle], [["a"], false]);
  end(lane, a);
  end(lane, a);
  assertEquals(started, ["a", "c"]);
});

Deno.test("nothing starts while the peer is not free, and what is dismissed gives way only then", () => {
  const setup = openLane();
  const { lane, started, turn } = setup;
  setup.isFree = false;
  const [a, b] = [turn("a"), turn("b")];
  lane.enter(a);
  lane.enter(b);
  lane.next();
  assertEquals([started, lane.isIdle, lane.deadline], [[], false, Infinity]);
  setup.isFree = true;
  lane.next();
  assertEquals(started, ["a"]);
  setup.isFree = false;
  lane.dismiss();
  assertEquals(started, ["a"]);
  setup.isFree = true;
  lane.next();
  assertEquals(started, ["a", "b"]);
  lane.dismiss();
  lane.dismiss();
  assertEquals(lane.isIdle, true);
});

Deno.test("a message that ends as it starts gives way to the next one, however many there are", () => {
  const { lane, started } = openLane();
  const order: number[] = [];
  const blocker = { deadline: Infinity, start() {} };
  lane.enter(blocker);
  const turns = Array.from({ length: 20_000 }, (_, index) => ({
    deadline: Infinity,
    start() {
      order.push(index);
      end(lane, turns[index]!);
    },
  }));
  for (const turn of turns) lane.enter(turn);
  end(lane, blocker);
  assertEquals([order.length, order[0], order.at(-1), lane.isIdle, started], [20_000, 0, 19_999, true, []]);
});

Deno.test("a message that enters while another starts keeps its order", () => {
  const { lane, started, turn } = openLane();
  const [b, c] = [turn("b"), turn("c")];
  const a = {
    deadline: Infinity,
    start() {
      started.push("a");
      lane.enter(c);
      end(lane, a);
    },
  };
  const blocker = turn("blocker");
  for (const each of [blocker, a, b]) lane.enter(each);
  end(lane, blocker);
  end(lane, b);
  assertEquals(started, ["blocker", "a", "b", "c"]);
});

Deno.test("the peer is asked no more than twice for each message, however many wait", () => {
  for (const count of [100, 5_000]) {
    const setup = openLane();
    let looks = 0;
    const turns = Array.from({ length: count }, (_, index) => ({
      get deadline() {
        looks++;
        return LATER;
      },
      start: () => void setup.started.push(String(index)),
    }));
    for (const turn of turns) setup.lane.enter(turn);
    for (const turn of turns) end(setup.lane, turn);
    assertEquals([setup.started.length, setup.asked <= 2 * count, looks], [count, true, count]);
  }
});

Deno.test("an answer without an id is to the request under way, once", () => {
  const { lane, turn } = openLane();
  assertEquals(lane.answeredWithoutId(), undefined);
  const a = turn("a");
  lane.enter(a);
  lane.sent(7);
  assertEquals([lane.answeredWithoutId(), lane.answeredWithoutId()], [7, undefined]);
  end(lane, a, true);
  assertEquals(lane.answeredWithoutId(), undefined);
});

Deno.test("an answer without an id is first to what nobody waits for: notifications, and requests that were given up", () => {
  const { lane, turn } = openLane();
  const [given, current] = [turn("given"), turn("current")];
  lane.sentNotification();
  lane.enter(given);
  lane.sent(1);
  lane.enter(current);
  end(lane, given, true);
  lane.sent(2);
  assertEquals([lane.answeredWithoutId(), lane.answeredWithoutId(), lane.answeredWithoutId()], [
    undefined,
    undefined,
    2,
  ]);
});

Deno.test("a request that has not left owes no answer", () => {
  const { lane, turn } = openLane();
  const [unsent, current] = [turn("unsent"), turn("current")];
  lane.enter(unsent);
  lane.enter(current);
  end(lane, unsent, true);
  lane.sent(2);
  assertEquals(lane.answeredWithoutId(), 2);
});

Deno.test("an answer tells that what was sent before it will not be answered any more", () => {
  const { lane, turn } = openLane();
  for (const id of [1, 2, 3]) {
    const given = turn(String(id));
    lane.enter(given);
    lane.sent(id);
    end(lane, given, true);
  }
  lane.enter(turn("current"));
  lane.sent(4);
  // To the second one: the third may still be answered.
  lane.answered(2);
  assertEquals([lane.answeredWithoutId(), lane.answeredWithoutId()], [undefined, 4]);
});

Deno.test("the answer to the request under way ends all that was sent before it", () => {
  const { lane, turn } = openLane();
  lane.sentNotification();
  const a = turn("a");
  lane.enter(a);
  lane.sent(1);
  lane.answered(1);
  end(lane, a);
  lane.enter(turn("b"));
  lane.sent(2);
  assertEquals(lane.answeredWithoutId(), 2);
});

Deno.test("an answer to something that was never sent changes nothing", () => {
  const { lane, turn } = openLane();
  lane.sentNotification();
  lane.enter(turn("a"));
  lane.sent(1);
  for (const id of [9, "1", undefined, null, {}]) lane.answered(id);
  assertEquals([lane.answeredWithoutId(), lane.answeredWithoutId()], [undefined, 1]);
});

Deno.test("no more strays are remembered than some: the oldest are forgotten", () => {
  const { lane, turn } = openLane();
  for (let count = 0; count < 5_000; count++) lane.sentNotification();
  lane.enter(turn("a"));
  lane.sent(1);
  let strays = 0;
  while (lane.answeredWithoutId() === undefined) strays++;
  assertEquals(strays, 1_024);
});
