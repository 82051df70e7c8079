/**
 * The verb `doctor`: what works in this place, and what does not.
 *
 * @module
 */
import { RPCPeer } from "../../../mod.ts";
import { systemFiles } from "../doctor/files.ts";
import type { Check, Finding, Level } from "../doctor/finding.ts";
import { findCapabilities, findContainer, findLimits, findNamespaces, findPlatform } from "../doctor/place.ts";
import {
  type OpenPeer,
  tryCalls,
  tryEntering,
  tryLifelines,
  tryLooking,
  tryMulticast,
  tryOpening,
  tryQueue,
} from "../doctor/trials.ts";
import { EXIT, Failure } from "../failure.ts";
import type { Output, Style } from "../output.ts";
import { printable } from "../printable.ts";
import type { Session, Verb } from "../verb.ts";

const STYLES: Readonly<Record<Level, Style>> = { ok: "green", note: "cyan", warning: "yellow", problem: "red" };

/** Widths of the columns. */
const WIDTHS = { level: 7, check: 12 } as const;

/** What works in this place. */
export const doctor: Verb = {
  name: "doctor",
  summary: "find out what works in this place, and how to mend what does not",
  description:
    "It tries everything: it opens peers, calls itself, joins a group. Namespaces, limits and the kind of container are in files that Deno " +
    "shows only with --allow-all; without it, what they would tell is found out by trying as far as that goes. The exit code is 0 only " +
    "where calls work.",
  parameters: [],
  options: [],
  examples: ["doctor", "doctor --json"],
  run: async ({ out, signal }: Session) => {
    const findings = await examine(checks(), out, signal);
    const problems = findings.filter(({ level }) => level === "problem").length;
    if (problems === 0) return;
    throw new Failure(
      EXIT.cannot,
      "Calls do not work here",
      `Mend ${problems === 1 ? "the problem" : "the problems"} above`,
    );
  },
};

function* checks(): Iterable<Check> {
  const open: OpenPeer = (options) => new RPCPeer(options);
  const files = systemFiles;
  yield () => findPlatform(Deno.build);
  yield () => tryOpening(open);
  for (const attempt of [tryCalls, tryLooking, tryLifelines, tryQueue, tryMulticast, tryEntering]) {
    yield () => attempt(open);
  }
  for (const find of [findLimits, findCapabilities, findContainer, findNamespaces]) yield () => find(files);
}

/** Makes the checks one after the other, and prints what they find. Where no peer can be opened, nothing more is tried. */
async function examine(checks: Iterable<Check>, out: Output, signal: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) {
    signal.throwIfAborted();
    const found = await check();
    for (const finding of found === undefined ? [] : [found].flat()) {
      findings.push(finding);
      print(finding, out);
    }
    if (findings.some(({ check, level }) => level === "problem" && ["ffi", "socket"].includes(check))) break;
  }
  return findings;
}

function print(finding: Finding, out: Output): void {
  if (out.isJSON) return out.json(finding);
  const { check, level, message, fix } = finding;
  const label = out.style(STYLES[level], level.padEnd(WIDTHS.level));
  out.line(`${label}  ${check.padEnd(WIDTHS.check)}  ${printable(message)}.`);
  if (fix !== undefined) {
    out.line(`${" ".repeat(WIDTHS.level + WIDTHS.check + 4)}${out.style("dim", `${printable(fix)}.`)}`);
  }
}
