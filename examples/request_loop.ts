// Requests one by one, answered by hand. Run: deno run --allow-ffi examples/request_loop.ts
import { JSONRPCError, RPCPeer } from "@procslink/procslink";

async function serve(server: RPCPeer): Promise<void> {
  for await (const request of server) {
    const { method, params, caller } = request;
    console.log(`${method} ${JSON.stringify(params)} from port ${caller.port}, uid ${caller.uid}`);
    switch (method) {
      case "echo":
        request.respond(params);
        break;
      case "time":
        await request.dispatch(); // calls the registered function
        break;
      case "stop":
        request.respond("Goodbye");
        return;
      default:
        request.fail(new JSONRPCError(404, "Never heard of it"));
    }
  }
}

await using server = new RPCPeer();
server.registerFunction(() => new Date().toISOString(), "time");
const served = serve(server);

await using client = new RPCPeer();
console.log(await client.call(server.nlPid, "echo", ["one", { two: 2 }]));
console.log(await client.call(server.nlPid, "time"));
console.log(await client.call(server.nlPid, "sing").catch((error) => `${error.code}: ${error.message}`));
console.log(await client.call(server.nlPid, "stop"));
await served;
