// A server with neighbours. Arguments: its options as JSON. Prints its port.
import { RPCPeer, type RPCPeerOptions } from "../../../mod.ts";

export class Neighbour {
  echo<Value>(value: Value): Value {
    return value;
  }
  add(a: number, b: number): number {
    return a + b;
  }
  /** How large this process is once what is not used any more is gone, in bytes, and what the peer has counted. */
  async report(): Promise<{ size: number; stats?: unknown }> {
    for (let round = 0; round < 4; round++) {
      (globalThis as { gc?: () => void }).gc?.();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return { size: Deno.memoryUsage().rss, stats: (peer as { stats?: () => unknown }).stats?.() };
  }
}

const options: RPCPeerOptions = JSON.parse(Deno.args[0] ?? "{}");
await using peer = new RPCPeer(options);
peer.registerFunctionsInObject(new Neighbour());
console.log(peer.nlPid);
await peer.runServerForever();
