// The server of the README. Run: deno run --allow-ffi examples/hello_server.ts
import { RPCPeer } from "@procslink/procslink";

/** What the server offers. The client imports the type, and nothing else, from here. */
export class MyAPI {
  hello(name: string): string {
    const greeting = `Hello, ${name}!`;
    console.log(greeting);
    return greeting;
  }
}

if (import.meta.main) {
  await using server = new RPCPeer();
  console.log(`Server's nl_pid is ${server.nlPid}.`);
  server.registerFunctionsInObject(new MyAPI());
  // Ctrl-C lets the calls in hand be answered, and frees the port.
  Deno.addSignalListener("SIGINT", () => server.close({ drain: 1_000 }));
  await server.runServerForever();
}
