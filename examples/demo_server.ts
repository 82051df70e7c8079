// The server of demo.ts, which starts it inside of other namespaces.
import { currentCall, RPCPeer } from "@procslink/procslink";
import { type Place, placeOfThisProcess } from "./demo_place.ts";

/** What the server offers. */
export class DemoAPI {
  hello(name: string): string {
    return `Hello, ${name}!`;
  }

  /** Where the server is, and who calls it in the kernel's words. */
  async about(): Promise<{ place: Place; caller: { port: number; uid: number; gid: number; pidHint: number } }> {
    return { place: await placeOfThisProcess(server.nlPid), caller: currentCall()!.caller };
  }

  /** Is answered itself before the peer closes. */
  stop(): void {
    server.close({ drain: 1_000 });
  }
}

await using server = new RPCPeer();
server.registerFunctionsInObject(new DemoAPI());
Deno.addSignalListener("SIGINT", () => server.close({ drain: 1_000 }));
// The line that demo.ts waits for.
console.log(server.nlPid);
await server.runServerForever();
