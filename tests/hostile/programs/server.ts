// A server with neighbours. Arguments: its options as JSON. Prints its port.
import { RPCPeer, type RPCPeerOptions } from "../../../mod.ts";

export class Neighbour {
  echo<Value>(value: Value): Value {
    return value;
  }
  add(a: number, b: number): number {
    return a + b;
  }
  /** What this process has in memory and uses, in bytes, and what the peer has counted. */
  async report(): Promise<{ used: number; stats?: unknown }> {
    // What is not used any more goes first; some of it only after another turn of the event loop.
    for (let round = 0; round < 4; round++) {
      await new Promise((resolve) => setTimeout(resolve));
      (globalThis as { gc?: () => void }).gc?.();
    }
    const { heapUsed, external } = Deno.memoryUsage();
    return { used: heapUsed + external, stats: (peer as { stats?: () => unknown }).stats?.() };
  }
}

const options: RPCPeerOptions = JSON.parse(Deno.args[0] ?? "{}");
await using peer = new RPCPeer(options);
peer.registerFunctionsInObject(new Neighbour());
console.log(peer.nlPid);
await peer.runServerForever();
