// A peer that is called by a name, and one that waits until somebody has it. Run: deno run --allow-ffi examples/names.ts
import { NameTakenError, RPCPeer } from "@procslink/procslink";

const NAME = "com.example.clock";

class Clock {
  time(): string {
    return new Date().toISOString();
  }
}

await using client = new RPCPeer();
console.log(`Is ${NAME} there? ${await client.isPresent(NAME)}`);

// Programs may be started in any order.
const found = client.waitFor(NAME, { timeout: 5_000 });

const first = new RPCPeer({ name: NAME });
first.registerFunctionsInObject(new Clock());
first.runServerForever();
console.log(`It is, at port ${await found}`);

const clock = client.talkTo<Clock>(NAME);
console.log(`It is ${await clock.time()}`);

try {
  new RPCPeer({ name: NAME });
} catch (error) {
  if (!(error instanceof NameTakenError)) throw error;
  console.log(error.message);
}

// Whoever has the name next is called by it.
await first.close();
await using second = new RPCPeer({ name: NAME });
second.registerFunctionsInObject(new Clock());
second.runServerForever();
console.log(`Now it is ${await clock.time()}`);
