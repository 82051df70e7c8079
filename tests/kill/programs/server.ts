// A server that is killed while it has much in hand, or is not. Argument: its port, or 0 for any. Prints it.
import { RPCPeer } from "../../../mod.ts";

export class Doomed {
  echo<Value>(value: Value): Value {
    return value;
  }
  /** Keeps its caller waiting; how often it was called says `waiting`. */
  never(): Promise<never> {
    waiting++;
    return new Promise(() => {});
  }
  waiting(): number {
    return waiting;
  }
  /** Answers later. */
  async later(milliseconds: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return milliseconds;
  }
}

let waiting = 0;
await using server = new RPCPeer({ port: Number(Deno.args[0]) || undefined });
server.registerFunctionsInObject(new Doomed());
console.log(server.nlPid);
await server.runServerForever();
