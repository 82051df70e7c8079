/**
 * The verb `log`: collects messages from any process.
 *
 * @module
 */
import { currentCall, RPCPeer } from "../../../mod.ts";
import { clock } from "../clock.ts";
import { pause } from "../interrupt.ts";
import { Output } from "../output.ts";
import { openOutput } from "../output_file.ts";
import { PeerNames } from "../peer_names.ts";
import { printable } from "../printable.ts";
import { type Session, SHARED_OPTIONS, type Verb } from "../verb.ts";

/** The name of the logger where none is given. */
const DEFAULT_NAME = "com.procslink.log";

/** Widths of the columns on a terminal. */
const WIDTHS = { time: 12, port: 10, uid: 5, name: 20 } as const;

/** Collects messages from any process. */
export const log: Verb = {
  name: "log",
  summary: "collect messages from any process, until Ctrl-C",
  description:
    "It claims a name, and has a method `log(...values)` that whoever may call it calls or notifies. Each message is printed with its time, " +
    "and with the port, the user and the name of its sender, where that has one: port and user are the kernel's word.",
  parameters: [],
  options: [
    { name: "name", value: "NAME", summary: "the name of the logger", default: DEFAULT_NAME },
    SHARED_OPTIONS.access,
    { name: "file", value: "FILE", kind: "file", summary: "append to a file instead: needs --allow-write" },
    { name: "count", value: "N", summary: "end after so many" },
  ],
  examples: [
    "log --access anyone",
    "log --file /var/log/peers.log --json",
    "call --oneway com.procslink.log log started 17",
  ],
  run: async (session: Session) => {
    const { given, signal } = session;
    const count = given.integer("count", 1) ?? Infinity;
    const done = new AbortController();
    using file = given.has("file") ? openOutput(given.text("file"), "append") : undefined;
    const out = file === undefined ? session.out : new Output(targetOf(file), session.out.isJSON);
    await using peer = new RPCPeer({
      name: given.has("name") ? given.text("name") : DEFAULT_NAME,
      access: given.rule("access"),
    });
    using names = new PeerNames(peer);
    let taken = 0;
    peer.registerFunction(
      (...values: unknown[]): void => {
        if (taken++ >= count) return;
        try {
          print(out, values, names);
        } catch (error) {
          // The sender is not to blame where nothing can be written any more.
          done.abort(error);
        }
        if (taken === count) done.abort();
      },
      "log",
      { params: ["...values"] },
    );
    const serving = peer.runServerForever();
    serving.catch((error) => done.abort(error));
    if (file !== undefined || session.out.isTerminal) tellWhere(session.out, peer);
    await pause(Infinity, AbortSignal.any([signal, done.signal]));
    const { reason } = done.signal;
    // Its own reason is that of nobody: enough was taken.
    if (done.signal.aborted && !(reason instanceof DOMException)) throw reason;
  },
};

function tellWhere(out: Output, peer: RPCPeer): void {
  if (!out.isJSON) out.line(out.style("dim", `Listening as ${printable(peer.names[0]!)}, port ${peer.nlPid}`));
}

function print(out: Output, values: readonly unknown[], names: PeerNames): void {
  const { port, uid } = currentCall()!.caller;
  const time = new Date();
  const name = names.of(port);
  if (out.isJSON) return out.json({ time: time.toISOString(), port, uid, name: name ?? null, values });
  const message = values.map((value) => typeof value === "string" ? value : JSON.stringify(value)).join(" ");
  out.row([
    [out.isTerminal ? clock(time) : time.toISOString(), WIDTHS.time],
    [port, WIDTHS.port],
    [uid, WIDTHS.uid],
    [name, WIDTHS.name],
    [message, 0],
  ]);
}

function targetOf(file: Deno.FsFile) {
  return { isTerminal: false, isColoured: false, width: 80, writeSync: (bytes: Uint8Array) => file.writeSync(bytes) };
}
