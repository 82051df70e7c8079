// One program talks to servers in two network namespaces, which cannot reach each other. As root:
//
//     deno run --allow-ffi --allow-run examples/two_namespaces.ts
//
// unshare(1) makes each namespace with its server, and it is gone with it.
import { RPCPeer } from "@procslink/procslink";
import type { MyAPI } from "./hello_server.ts";

/** A server in a network namespace of its own. */
class Server implements AsyncDisposable {
  readonly process: Deno.ChildProcess;
  readonly #output: AsyncIterator<string>;

  constructor() {
    const args = ["--net", Deno.execPath(), "run", "--allow-ffi", `${import.meta.dirname}/hello_server.ts`];
    this.process = new Deno.Command("unshare", { args, stdin: "null", stdout: "piped" }).spawn();
    this.#output = this.process.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  }

  /** Reads its port from what it prints. */
  async port(): Promise<number> {
    for (let text = "";;) {
      const { done, value } = await this.#output.next();
      if (done) throw new Error("The server did not start. Only root may make network namespaces: are you?");
      text += value;
      const port = /nl_pid is (\d+)\./.exec(text);
      if (port !== null) return Number(port[1]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#output.return?.();
    try {
      this.process.kill();
    } catch {
      // It has ended by itself.
    }
    await this.process.status;
  }
}

await using blue = new Server();
await using green = new Server();
const [bluePort, greenPort] = [await blue.port(), await green.port()];

// The namespace of a process is told by its id; one of `ip netns add blue` by its path, /run/netns/blue.
await using inBlue = new RPCPeer({ netns: blue.process.pid });
await using inGreen = new RPCPeer({ netns: green.process.pid });
await using here = new RPCPeer();

console.log("blue: ", await inBlue.talkTo<MyAPI>(bluePort).hello("blue"));
console.log("green:", await inGreen.talkTo<MyAPI>(greenPort).hello("green"));

for (const [place, peer] of [["here", here], ["green", inGreen]] as const) {
  const answer = await peer.talkTo<MyAPI>(bluePort).hello("blue").catch((error: Error) => error.name);
  console.log(`blue's server, asked from ${place}: ${answer}`);
}
