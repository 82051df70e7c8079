/**
 * The verb `top`: what all peers do, on a live screen.
 *
 * @module
 */
import { RPCPeer } from "../../../mod.ts";
import { clock } from "../clock.ts";
import { pause } from "../interrupt.ts";
import { shownTime } from "../latencies.ts";
import type { Cell, Output } from "../output.ts";
import { PeerNames } from "../peer_names.ts";
import { Board, type Line } from "../top/board.ts";
import { Followers } from "../top/followers.ts";
import { Screen } from "../top/screen.ts";
import type { Session, Verb } from "../verb.ts";

/** How long peers are waited for at first, in milliseconds: those that are read answer sooner. */
const FIRST_MILLISECONDS = 500;

/** What all peers do. */
export const top: Verb = {
  name: "top",
  summary: "show what all peers do: calls a second, latency and errors",
  description:
    "On a terminal the screen is drawn anew each second, until q or Ctrl-C; elsewhere a table is printed each second. Of a peer that does " +
    "not tell of its calls to this user, or is not read, there are no figures. P50 and P99 are how long the peer had a call in hand, " +
    "IN HAND how many it had when it was last done with one.",
  parameters: [],
  options: [
    { name: "interval", value: "SECONDS", summary: "the time between two screens", default: "1" },
    { name: "once", summary: "look for as long as an interval, print one table, and end" },
  ],
  examples: ["top", "top --once --json"],
  run: async ({ given, out, signal: interrupted }: Session) => {
    const interval = given.milliseconds("interval") ?? 1_000;
    const quit = new AbortController();
    const signal = AbortSignal.any([interrupted, quit.signal]);
    const board = new Board();
    await using peer = new RPCPeer();
    using followers = new Followers(peer, board);
    using names = new PeerNames(peer, followers);
    await Promise.race([names.ready.then(() => followers.settled()), pause(FIRST_MILLISECONDS, signal)]);
    using screen = out.isTerminal && !given.has("once") ? new Screen(out, () => quit.abort()) : undefined;
    const show = (seconds: number) => {
      const lines = board.take(seconds);
      if (out.isJSON) { for (const line of lines) out.json(toJSON(line, names.of(line.port))); }
      else {
        const table = out.tableLines(COLUMNS, lines.map((line) => cells(line, names.of(line.port))));
        if (screen !== undefined) screen.draw([...summary(out, lines), ...table]);
        else for (const line of table) out.line(line);
      }
    };
    let since = performance.now();
    if (screen !== undefined) show(1);
    else board.take(1); // What has happened before counts no longer.
    for (let isFirst = true;; isFirst = false) {
      await pause(interval, signal);
      if (signal.aborted) return;
      const now = performance.now();
      if (screen === undefined && !out.isJSON && !isFirst) out.line("");
      show((now - since) / 1_000);
      since = now;
      if (given.has("once")) return;
    }
  },
};

const COLUMNS = [
  { heading: "PORT", isNumber: true },
  { heading: "UID", isNumber: true },
  { heading: "CALLS/S", isNumber: true },
  { heading: "P50", isNumber: true },
  { heading: "P99", isNumber: true },
  { heading: "ERRORS/S", isNumber: true },
  { heading: "IN HAND", isNumber: true },
  { heading: "NAMES" },
];

function cells(line: Line, names: string | undefined): Cell[] {
  const { port, uid, callsPerSecond, p50, p99, errorsPerSecond, inHand } = line;
  return [port, uid, rate(callsPerSecond), shownTime(p50), shownTime(p99), rate(errorsPerSecond), inHand, names];
}

function toJSON(line: Line, names: string | undefined): object {
  const { callsPerSecond, errorsPerSecond } = line;
  const rates = { callsPerSecond: tenths(callsPerSecond), errorsPerSecond: tenths(errorsPerSecond) };
  const known = { time: new Date().toISOString(), names, ...line, ...rates };
  return Object.fromEntries(Object.entries(known).map(([key, value]) => [key, value ?? null]));
}

function summary(out: Output, lines: readonly Line[]): string[] {
  const sum = (of: (line: Line) => number | undefined) => lines.reduce((total, line) => total + (of(line) ?? 0), 0);
  const calls = rate(sum(({ callsPerSecond }) => callsPerSecond));
  const errors = rate(sum(({ errorsPerSecond }) => errorsPerSecond));
  const silent = lines.filter(({ telling }) => telling !== "told").length;
  const title = `${clock(new Date()).slice(0, 8)}  ${
    counted(lines.length, "peer")
  }, ${calls} calls/s, ${errors} errors/s`;
  const untold = silent === 0 ? "" : `, ${silent} without figures`;
  return [`${out.style("bold", title)}${untold}  ${out.style("dim", "q ends")}`, ""];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function tenths(perSecond: number | undefined): number | undefined {
  return perSecond === undefined ? undefined : Math.round(perSecond * 10) / 10;
}

function rate(perSecond: number | undefined): string | undefined {
  if (perSecond === undefined) return undefined;
  return perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}
