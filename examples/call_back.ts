// Two peers that call each other. Run: deno run --allow-ffi examples/call_back.ts
import { currentCall, RPCPeer } from "@procslink/procslink";

interface Customer {
  choose(drinks: string[]): string;
}

await using bar = new RPCPeer();

class Bar {
  /** Asks whoever calls, while they wait for the answer. */
  async order(): Promise<string> {
    const { caller } = currentCall()!;
    const drink = await bar.talkTo<Customer>(caller.port).choose(["tea", "coffee"]);
    return `One ${drink} for port ${caller.port}`;
  }
}

bar.registerFunctionsInObject(new Bar());
bar.runServerForever();

await using customer = new RPCPeer();
customer.registerFunction((drinks: string[]) => drinks.at(-1), "choose");
// The customer does not serve: it is called back while it awaits its own call.
console.log(await customer.talkTo<Bar>(bar.nlPid).order());
