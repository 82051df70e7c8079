// A group of one peer, and two that join it: one reads on time, one does not. Run: deno run --allow-ffi examples/groups.ts
import { GroupGap, RPCPeer } from "@procslink/procslink";

const PAPER = "com.example.paper";

await using reader = new RPCPeer();
await using sleeper = new RPCPeer();

// Programs may be started in any order.
const news = reader.join<string>(PAPER, "news", { wait: true });

await using paper = new RPCPeer({ name: PAPER });
await using group = paper.group("news");
const late = sleeper.join<string>(PAPER, "news", { maxQueuedBytes: 1_000 });
await Promise.all([news.joined, late.joined]);
console.log(`${group.members.length} read the paper`);

const reading = (async () => {
  for await (const message of news) {
    console.log(`The reader has got ${JSON.stringify(message)}`);
    if (message === "Good night") break; // This leaves the group.
  }
})();

for (const message of ["It rains", "It snows", "The sun shines", "The wind blows", "Fog comes up"]) {
  console.log(`${await group.publish(message)} have it in their queue`);
}
await group.publish("Good night");
await reading;

// What was too much for the sleeper's queue is gone, and it is told so.
await group.close();
for await (const message of late) {
  if (message instanceof GroupGap) console.log(`The sleeper has missed ${message.missed}`);
  else console.log(`The sleeper has got ${JSON.stringify(message)}`);
}
