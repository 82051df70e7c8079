/**
 * The verb `bench`: how many calls a second a peer answers.
 *
 * @module
 */
import { JSONRPCError, RPCPeer } from "../../../mod.ts";
import { valueOf } from "../given.ts";
import { Latencies, shownTime } from "../latencies.ts";
import { type Session, SHARED_OPTIONS, type Verb } from "../verb.ts";

/** How long calls are made before they count: the compiler of V8 has work to do first. */
const WARM_MILLISECONDS = 200;
/** Calls in flight where nothing is given. */
const DEFAULT_IN_FLIGHT = 64;

/** How many calls a second a peer answers. */
export const bench: Verb = {
  name: "bench",
  summary: "measure how many calls a second a peer answers",
  description:
    "Calls are made one at a time, and then many at once, for some seconds each. A call that is answered with an error counts too.",
  parameters: [
    { name: "PEER", kind: "peer", summary: "whom to call: a port or a name" },
    { name: "ARGS", kind: "text", summary: "arguments of the method: JSON, or words", isMany: true },
  ],
  options: [
    { name: "method", value: "METHOD", kind: "method", summary: "the method to call", default: "rpc.ping" },
    { name: "seconds", value: "SECONDS", summary: "for how long, each of both", default: "2" },
    { name: "inflight", value: "N", summary: "how many calls at once", default: String(DEFAULT_IN_FLIGHT) },
    { name: "timeout", value: "SECONDS", summary: "how long to wait for an answer", default: "30" },
    SHARED_OPTIONS.trust,
  ],
  examples: ["bench com.example.clock", "bench 4242 --method add --seconds 5 1 2 --json"],
  run: async ({ given, out, signal }: Session) => {
    const target = given.peer("PEER");
    const method = given.has("method") ? given.text("method") : "rpc.ping";
    const milliseconds = given.milliseconds("seconds") ?? 2_000;
    const inFlight = given.integer("inflight", 1, 65_536) ?? DEFAULT_IN_FLIGHT;
    const words = given.texts("ARGS");
    const params = words.length === 0 ? undefined : words.map(valueOf);
    const options = { timeout: given.milliseconds("timeout"), trust: given.rule("trust"), signal };
    await using peer = new RPCPeer();
    const call = async () => {
      try {
        await peer.call(target, method, params, options);
        return true;
      } catch (error) {
        if (error instanceof JSONRPCError) return false;
        throw error;
      }
    };
    // The first call says what is wrong, where something is.
    await peer.call(target, method, params, options);
    await measure(call, 1, WARM_MILLISECONDS);
    const figures: Figures[] = [];
    for (const atOnce of inFlight === 1 ? [1] : [1, inFlight]) figures.push(await measure(call, atOnce, milliseconds));
    if (out.isJSON) { for (const measured of figures) out.json({ method, ...measured }); }
    else out.table(COLUMNS, figures.map(cells));
  },
};

/** What was measured. */
interface Figures {
  /** Calls in flight. */
  readonly inFlight: number;
  /** Calls that were answered. */
  readonly calls: number;
  /** Those of them that were answered with an error. */
  readonly errors: number;
  /** Calls a second. */
  readonly perSecond: number;
  /** Within how many milliseconds half of them were answered. */
  readonly p50: number;
  /** Within how many milliseconds all but one of a hundred were answered. */
  readonly p99: number;
  /** The longest time, in milliseconds. */
  readonly max: number;
}

const COLUMNS = [
  { heading: "IN FLIGHT", isNumber: true },
  { heading: "CALLS", isNumber: true },
  { heading: "CALLS/S", isNumber: true },
  { heading: "P50", isNumber: true },
  { heading: "P99", isNumber: true },
  { heading: "MAX", isNumber: true },
  { heading: "ERRORS", isNumber: true },
];

function cells({ inFlight, calls, perSecond, p50, p99, max, errors }: Figures) {
  return [inFlight, calls, perSecond, shownTime(p50), shownTime(p99), shownTime(max), errors];
}

async function measure(call: () => Promise<boolean>, inFlight: number, milliseconds: number): Promise<Figures> {
  const latencies = new Latencies();
  const start = performance.now();
  const end = start + milliseconds;
  let errors = 0;
  const one = async () => {
    for (let begun = performance.now(); begun < end;) {
      if (!await call()) errors++;
      const now = performance.now();
      latencies.add(now - begun);
      begun = now;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  const seconds = (performance.now() - start) / 1_000;
  const { count: calls, most: max } = latencies;
  return {
    inFlight,
    calls,
    errors,
    perSecond: Math.round(calls / seconds),
    p50: latencies.quantile(0.5) ?? 0,
    p99: latencies.quantile(0.99) ?? 0,
    max,
  };
}
