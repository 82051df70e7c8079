/**
 * The verb `ping`: how long a round trip takes.
 *
 * @module
 */
import { CallTimeoutError, RPCPeer } from "../../../mod.ts";
import { EXIT, Failure } from "../failure.ts";
import { pause } from "../interrupt.ts";
import type { Output } from "../output.ts";
import { printable } from "../printable.ts";
import { type Session, SHARED_OPTIONS, type Verb } from "../verb.ts";

/** How many round trips are kept for the percentile. */
const KEPT = 100_000;

/** How long a round trip takes. */
export const ping: Verb = {
  name: "ping",
  summary: "measure round trips to a peer, until Ctrl-C",
  parameters: [{ name: "PEER", kind: "peer", summary: "whom to ask: a port or a name" }],
  options: [
    { name: "count", value: "N", summary: "end after so many" },
    { name: "interval", value: "SECONDS", summary: "the time between two", default: "1" },
    { name: "timeout", value: "SECONDS", summary: "how long to wait for an answer", default: "1" },
    SHARED_OPTIONS.trust,
  ],
  examples: ["ping com.example.clock --count 5", "ping 4242 --interval 10ms --count 100 --json"],
  run: async ({ given, out, signal }: Session) => {
    const target = given.peer("PEER");
    const count = given.integer("count", 1) ?? Infinity;
    const interval = given.milliseconds("interval") ?? 1_000;
    const options = { timeout: given.milliseconds("timeout") ?? 1_000, trust: given.rule("trust"), signal };
    const trips = new Trips();
    await using peer = new RPCPeer();
    // The first call finds out whom to trust, which is no part of a round trip.
    await peer.call(target, "rpc.ping", undefined, options).catch((error) => {
      if (!(error instanceof CallTimeoutError)) throw error;
    });
    try {
      for (let sequence = 1; sequence <= count && !signal.aborted; sequence++) {
        const start = performance.now();
        try {
          await peer.call(target, "rpc.ping", undefined, options);
          const milliseconds = performance.now() - start;
          trips.add(milliseconds);
          if (out.isJSON) out.json({ sequence, milliseconds });
          else out.line(`${printable(String(target))}: answer ${sequence} in ${shown(milliseconds)} ms`);
        } catch (error) {
          if (signal.aborted) break;
          if (!(error instanceof CallTimeoutError)) throw error;
          trips.lost++;
          if (out.isJSON) out.json({ sequence, milliseconds: null });
          else out.line(`${printable(String(target))}: ${out.style("red", `no answer ${sequence}`)}`);
        }
        if (sequence < count) await pause(interval - (performance.now() - start), signal);
      }
    } finally {
      trips.print(out);
    }
    if (trips.lost > 0 && trips.answered === 0) throw new Failure(EXIT.timeout, "Nothing was answered in time");
  },
};

/** Round trips. */
class Trips {
  /** How many had an answer. */
  answered = 0;
  /** How many had none in time. */
  lost = 0;
  #sum = 0;
  #least = Infinity;
  #most = 0;
  /** The last ones. */
  readonly #kept: number[] = [];

  /**
   * Adds one.
   *
   * @param milliseconds How long it took.
   */
  add(milliseconds: number): void {
    this.#kept[this.answered++ % KEPT] = milliseconds;
    this.#sum += milliseconds;
    this.#least = Math.min(this.#least, milliseconds);
    this.#most = Math.max(this.#most, milliseconds);
  }

  /**
   * Prints what they were like.
   *
   * @param out Where.
   */
  print(out: Output): void {
    const { answered, lost } = this;
    if (answered + lost === 0) return;
    const sorted = this.#kept.toSorted((a, b) => a - b);
    const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1];
    const times = answered === 0
      ? undefined
      : { min: this.#least, avg: this.#sum / answered, p99: p99!, max: this.#most };
    if (out.isJSON) return out.json({ sent: answered + lost, answered, lost, ...times });
    out.line(`${answered + lost} sent, ${answered} answered, ${lost} lost`);
    if (times !== undefined) out.line(`min/avg/p99/max = ${Object.values(times).map(shown).join("/")} ms`);
  }
}

function shown(milliseconds: number): string {
  return milliseconds.toFixed(3);
}
