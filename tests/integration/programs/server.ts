// A server. Arguments: its port, or 0 for any. Prints its port.
import { currentCall, RPCPeer } from "../../../mod.ts";

export class Server {
  hello(name: string): string {
    return `Hello, ${name}!`;
  }
  caller(): { port: number; uid: number; gid: number; pidHint: number } {
    return currentCall()!.caller;
  }
  never(): Promise<never> {
    return new Promise(() => {});
  }
  stop(): void {
    server.close();
  }
}

await using server = new RPCPeer({ port: Number(Deno.args[0]) || undefined, access: "anyone" });
server.registerFunctionsInObject(new Server());
console.log(server.nlPid);
await server.runServerForever();
console.log("stopped");
