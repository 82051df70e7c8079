/**
 * What the figures are to be. Ratios are taken within one run, of medians; so a target holds on every machine.
 *
 * @module
 */
import type { FigureKey } from "./driver/results.ts";
import { TITLES } from "./peers/catalog.ts";

/** What a figure is compared with: another one by its name, the best of the other peers, or nothing. */
export type Against = { readonly who: string } | "fastest peer" | "nothing";

/** A target. */
export interface Target extends FigureKey {
  /** What it is about. */
  readonly text: string;
  /** What the figure is compared with. */
  readonly against: Against;
  /** How it is compared: as so many times the other, as so much more, or as it is. */
  readonly as: "times" | "more" | "it is";
  /** Which side of the bound is good. */
  readonly relation: "at most" | "at least";
  /** The bound. */
  readonly bound: number;
  /** The bound as a reader knows it. */
  readonly boundText: string;
  /**
   * What the tests measure today, where the target is not met with margin; then they compare with this instead. It is the worst of some
   * runs. The tests warm up for a moment only, so it is worse than what the whole benchmark measures.
   */
  readonly today?: number;
  /** Why the tests do not look after it, where they do not. */
  readonly unguarded?: string;
}

const KIB = 1_024;

const calls = { section: "calls", who: TITLES.procslink } as const;
const busy = { section: "busy", where: "beside busy loops", who: "busyPoll 50" } as const;
const withoutPolling = { who: "busyPoll 0" } as const;
const floor = { who: TITLES.floor } as const;

/** All targets. */
export const TARGETS: readonly Target[] = [
  // The fastest peer takes some eleven times as long as the floor on two cores, and three times as long on one: little room is left.
  { ...roundTrip("two cores", "fastest peer", 1 / 8, "1/8 x"), today: 0.22 },
  { ...roundTrip("one core", "fastest peer", 1 / 3, "1/3 x"), today: 0.45 },
  roundTrip("one core", floor, 4, "4 x"),
  {
    ...roundTrip("one core", floor, 2.5, "2.5 x"),
    who: TITLES.callSync,
    text: "callSync p50, one core, against the C floor",
  },
  // Here most of the time is V8's own until it has compiled all: the whole benchmark measures up to twice as much.
  ...[64, 256].flatMap((inFlight) => [
    rate(inFlight, "two cores", 1.5),
    { ...rate(inFlight, "one core", 2.8), today: 2.2 },
  ]),
  // Both depend on how often the kernel wakes whom, so they differ from run to run.
  { ...echo("64 KiB", 2.5), today: 1.4 },
  { ...echo("1 MiB", 1.1), today: 0.9 },
  echo("16 MiB", 1),
  {
    ...busy,
    measure: "round trip p50",
    text: "p50 beside a busy loop on each core, against busyPoll 0",
    against: withoutPolling,
    as: "times",
    relation: "at most",
    bound: 1.25,
    boundText: "1.25 x",
    // It takes some time slices to find out that the processor is busy, which a short run shows.
    today: 1.6,
  },
  ...["1 in flight", "64 in flight"].map((measure): Target => ({
    ...busy,
    measure,
    text: `calls/s, ${measure}, beside a busy loop on each core, against busyPoll 0`,
    against: withoutPolling,
    as: "times",
    relation: "at least",
    bound: 1 / 1.25,
    boundText: "1/1.25 x",
    today: 0.7,
  })),
  {
    section: "crowd",
    measure: "until all have called",
    where: "any of two cores",
    who: "busyPoll 50",
    text: "ten pairs of processes at once on two cores, wall time against busyPoll 0",
    against: withoutPolling,
    as: "times",
    relation: "at most",
    bound: 1,
    boundText: "1 x",
  },
  {
    section: "pace",
    measure: "server",
    where: "a message each millisecond",
    who: "busyPoll 50",
    text: "processor time of a server with a message each millisecond, against busyPoll 0",
    against: withoutPolling,
    as: "times",
    relation: "at most",
    bound: 1.3,
    boundText: "1.3 x",
  },
  // A call of one client is so short on two cores that what is cold in the caches of another one shows.
  { ...many("clients", "clients in turns", "cost of a call with 1,000 clients, against 1"), today: 1.9 },
  { ...many("peers", "the others serve", "cost of a call with 1,000 peers in the process, against 1"), today: 1.6 },
  publication("one by one", 40),
  publication("kernel multicast", 4),
  {
    section: "idle",
    measure: "an idle peer",
    where: "each beyond the first",
    who: "1,000",
    text: "memory of an idle peer, 1,000 in a process",
    against: "nothing",
    as: "it is",
    relation: "at most",
    bound: 16 * KIB,
    boundText: "16 KiB",
  },
  ...["memory", "heap in use"].flatMap((measure) => ["server", "client"].map((where) => ({ measure, where }))).map((
    { measure, where },
  ): Target => ({
    section: "growth",
    measure,
    where,
    who: "5,000,000 calls",
    text: `${measure} of the ${where} after 5 million calls, against after 100 thousand`,
    against: { who: "100,000 calls" },
    as: "more",
    relation: "at most",
    bound: 8,
    boundText: "+ 8 MiB",
    unguarded: "it takes too long",
  })),
  {
    section: "startup",
    measure: "from start to end",
    where: "free",
    who: "one call",
    text: "start-up of a client's script, beside an empty one",
    against: { who: "empty script" },
    as: "more",
    relation: "at most",
    bound: 30,
    boundText: "+ 30 ms",
    unguarded: "it is an absolute time",
  },
];

function roundTrip(where: string, against: Against, bound: number, boundText: string): Target {
  const other = typeof against === "string" ? `the ${against}` : `the ${against.who}`;
  const text = `round trip p50, ${where}, against ${other}`;
  return {
    ...calls,
    measure: "round trip p50",
    where,
    text,
    against,
    as: "times",
    relation: "at most",
    bound,
    boundText,
  };
}

function rate(inFlight: number, where: string, bound: number): Target {
  return {
    ...calls,
    measure: `${inFlight} in flight`,
    where,
    text: `calls/s, ${inFlight} in flight, ${where}, against the fastest peer`,
    against: "fastest peer",
    as: "times",
    relation: "at least",
    bound,
    boundText: `${bound} x`,
  };
}

function echo(measure: string, bound: number): Target {
  return {
    section: "echo",
    measure,
    where: "two cores",
    who: TITLES.procslink,
    text: `echo of ${measure}, against length-prefixed JSON on a unix socket`,
    against: { who: TITLES.framed },
    as: "times",
    relation: "at least",
    bound,
    boundText: `${bound.toFixed(1)} x`,
  };
}

function publication(where: string, bound: number): Target {
  return {
    section: "groups",
    measure: "a publication",
    where,
    who: "64",
    text: `cost of a publication to 64 members, ${where}, against 1`,
    against: { who: "1" },
    as: "times",
    relation: "at most",
    bound,
    boundText: `${bound} x`,
  };
}

function many(section: string, where: string, text: string): Target {
  return {
    section,
    measure: "cost of a call",
    where,
    who: "1,000",
    text,
    against: { who: "1" },
    as: "times",
    relation: "at most",
    bound: 1.25,
    boundText: "1.25 x",
  };
}
