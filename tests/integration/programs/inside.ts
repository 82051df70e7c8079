// A peer of another user or namespace. Arguments: its options as JSON, and the calls that it makes as JSON, of which port 0 is a
// second peer of its own. Prints its port and what came of the calls, and serves.
import { type CallOptions, currentCall, RPCPeer, type RPCPeerOptions } from "../../../mod.ts";

/** A call that is to be made. */
export interface Attempt {
  readonly port: number;
  readonly options?: CallOptions;
}

/** What came of a call: who the other side has seen, or an error. */
export interface Outcome {
  readonly seenAs?: number;
  readonly error?: string;
  /** Of an error that says whom the call does not trust. */
  readonly uid?: number;
  readonly message?: string;
}

const [options, attempts] = Deno.args.map((text) => JSON.parse(text)) as [RPCPeerOptions, Attempt[]];
let served = 0;

function open(name?: string): RPCPeer {
  const peer = new RPCPeer({ ...options, name });
  peer.registerFunction(() => {
    served++;
    return currentCall()!.caller.uid;
  }, "who");
  peer.registerFunction(() => served, "served", { access: "anyone" });
  peer.runServerForever();
  return peer;
}

/** Calls a port; returns what came of it. */
async function outcomeOf(peer: RPCPeer, { port, options }: Attempt): Promise<Outcome> {
  try {
    return { seenAs: await peer.call<number>(port, "who", [], { timeout: 5_000, ...options }) };
  } catch (error) {
    const { name, message, data, uid } = error as Error & { data?: string; uid?: number };
    return { error: name, message: data ?? message, ...uid === undefined ? {} : { uid } };
  }
}

await using peer = open(options.name);
await using other = open();
const outcomes: Outcome[] = [];
for (const attempt of attempts) outcomes.push(await outcomeOf(peer, { ...attempt, port: attempt.port || other.nlPid }));
console.log(JSON.stringify({ port: peer.nlPid, outcomes }));
await peer.runServerForever();
