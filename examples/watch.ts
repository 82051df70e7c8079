// Who comes and goes, as events and as callbacks. Run: deno run --allow-ffi examples/watch.ts
import { RPCPeer } from "@procslink/procslink";

const NAME = "com.example.visited";

await using watcher = new RPCPeer();

async function visit(): Promise<void> {
  await using visited = new RPCPeer({
    name: NAME,
    onConnect: ({ port, uid }) => console.log(`visited: port ${port} of user ${uid} calls for the first time`),
    onDisconnect: () => console.log("visited: it is gone"),
  });
  visited.registerFunction(() => "Nice to see you", "visit");
  visited.runServerForever();

  const visitor = new RPCPeer();
  console.log(`visitor: ${await visitor.call(NAME, "visit")}`);
  await visitor.close();
  // A look comes each tenth of a second.
  await new Promise((resolve) => setTimeout(resolve, 300));
}

for await (const event of watcher.watch({ names: [NAME] })) {
  if (event.type === "ready") {
    console.log("watcher: ready");
    visit();
  } else if (event.type !== "restart") console.log(`watcher: ${event.type} ${event.name}`);
  if (event.type === "peer-removed") break;
}
