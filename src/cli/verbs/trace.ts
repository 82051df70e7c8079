/**
 * The verb `trace`: the calls of a peer as they happen.
 *
 * @module
 */
import { type CallEvent, GroupGap, GroupNotFoundError, PeerGoneError, RPCPeer } from "../../../mod.ts";
import { type CaptureRequest, captureTo } from "../capture_file.ts";
import { clock } from "../clock.ts";
import { EXIT, Failure } from "../failure.ts";
import { shownTime } from "../latencies.ts";
import type { Output } from "../output.ts";
import { PeerNames } from "../peer_names.ts";
import { type Session, SHARED_OPTIONS, type Verb } from "../verb.ts";

/** Widths of the columns on a terminal. */
const WIDTHS = { time: 12, duration: 7, outcome: 12, port: 10, uid: 5, name: 20, method: 20 } as const;

/** The calls of a peer as they happen. */
export const trace: Verb = {
  name: "trace",
  summary: "print the calls that a peer carries out as they happen, until Ctrl-C",
  description:
    "Each call is printed when the peer is done with it: when it had arrived, how long it took, what became of it, by whom it was, and " +
    "the method. Params and results are not told. Who may trace a peer is who may call it. With --pcapng all datagrams that it sends " +
    "and receives go to a file for Wireshark, params and results with them: the peer must have been opened with " +
    '{ trace: "datagrams" }.',
  parameters: [{ name: "PEER", kind: "peer", summary: "whose calls: a port or a name" }],
  options: [
    { name: "method", value: "METHOD", kind: "method", summary: "only calls of this method" },
    { name: "count", value: "N", summary: "end after so many" },
    { name: "pcapng", value: "FILE", kind: "file", summary: "write datagrams to a file: needs --allow-write" },
    { name: "wait", summary: "wait for the peer, and for its return" },
    SHARED_OPTIONS.trust,
  ],
  examples: [
    "trace com.example.clock",
    "trace 4242 --method tick --count 10 --json",
    "trace 4242 --pcapng calls.pcapng",
  ],
  run: async ({ given, out, signal }: Session) => {
    const target = given.peer("PEER");
    const method = given.has("method") ? given.text("method") : undefined;
    let left = given.integer("count", 1) ?? Infinity;
    await using peer = new RPCPeer();
    const options = { wait: given.has("wait"), trust: given.rule("trust"), signal };
    if (given.has("pcapng")) {
      return await capture(peer, out, { path: given.text("pcapng"), target, count: left, options });
    }
    using calls = peer.trace(target, options);
    let isTracing = false;
    try {
      await calls.joined;
      isTracing = true;
      // What is in the way of a first look at the names must not be in the way of the calls.
      using names = new PeerNames(peer);
      await names.ready;
      if (out.isTerminal) heading(out);
      for await (const call of calls) {
        if (call instanceof GroupGap) missing(out, call);
        else if (method === undefined || call.method === method) {
          print(out, call, names.of(call.caller.port));
          if (--left <= 0) return;
        }
      }
    } catch (error) {
      if (!signal.aborted) throw explained(error, isTracing);
      // Ctrl-C is the way to end it; only where nothing was to be seen yet it was not done.
      if (!isTracing) throw error;
    }
  },
};

async function capture(peer: RPCPeer, out: Output, request: CaptureRequest): Promise<void> {
  try {
    await captureTo(peer, out, request);
  } catch (error) {
    if (!(error instanceof GroupNotFoundError)) throw error;
    const hint = 'Open it with { trace: "datagrams" }, or by: procslink serve MODULE --datagrams';
    throw new Failure(EXIT.denied, "This peer does not tell of its datagrams", hint, { cause: error });
  }
}

function explained(error: unknown, isTracing: boolean): unknown {
  if (error instanceof GroupNotFoundError) {
    const hint = "It is opened with { trace: false }, or of an earlier version";
    return new Failure(EXIT.denied, "This peer does not tell of its calls", hint, { cause: error });
  }
  if (error instanceof PeerGoneError && isTracing) {
    return new Failure(EXIT.nobody, "The peer has ended", "With --wait, it is traced again when it is back", {
      cause: error,
    });
  }
  return error;
}

function heading(out: Output): void {
  const { time, duration, outcome, port, uid, name, method } = WIDTHS;
  const titles = [
    ...["TIME".padEnd(time), "TOOK".padEnd(duration), "OUTCOME".padEnd(outcome), "CALLER".padEnd(port)],
    ...["UID".padEnd(uid), "NAME".padEnd(name), "METHOD".padEnd(method)],
  ];
  out.line(out.style("bold", titles.join("  ").trimEnd()));
}

function print(out: Output, call: CallEvent, name: string | undefined): void {
  if (out.isJSON) return out.json({ ...call, caller: { ...call.caller, name: name ?? null } });
  const { startedAt, duration, outcome, error, caller: { port, uid }, method } = call;
  const time = new Date(startedAt);
  const what = error === undefined ? outcome : `${outcome === "error" ? "" : `${outcome}, `}error ${error.code}`;
  out.row([
    [out.isTerminal ? clock(time) : time.toISOString(), WIDTHS.time],
    [out.isTerminal ? shownTime(duration) : duration, WIDTHS.duration],
    [what, WIDTHS.outcome],
    [port, WIDTHS.port],
    [uid, WIDTHS.uid],
    [name, WIDTHS.name],
    [method, WIDTHS.method],
    ...(error === undefined ? [] : [[error.message, 0] as const]),
  ]);
}

function missing(out: Output, { missed, isRestart }: GroupGap): void {
  if (out.isJSON) return out.json({ missed, isRestart });
  const restarted = isRestart ? "the peer was restarted" : "";
  const calls = missed > 0 ? `${missed} calls are missing` : "";
  out.line(out.style("yellow", `(${[restarted, calls].filter((text) => text !== "").join(", ")})`));
}
