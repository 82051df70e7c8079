/**
 * Newline-delimited JSON-RPC on a unix socket of Deno, as its streams suggest it: decoded and split by pipes, a write a message,
 * ids in a Map.
 *
 * @module
 */
import { runProgram } from "../programs/program.ts";
import { answerTo, WaitingCalls } from "./jsonrpc.ts";
import type { Peer, PeerClient, PeerSettings } from "./peer.ts";

/** The peer. */
const lines: Peer = {
  serve({ folder }: PeerSettings): Promise<string> {
    const path = `${folder}/lines-${crypto.randomUUID()}`;
    const listener = Deno.listen({ transport: "unix", path });
    (async () => {
      for await (const connection of listener) {
        const send = senderOf(connection);
        readLines(connection, (line) => send(answerTo(line)));
      }
    })();
    return Promise.resolve(path);
  },

  async connect(path: string): Promise<PeerClient> {
    const connection = await Deno.connect({ transport: "unix", path });
    const calls = new WaitingCalls(senderOf(connection));
    readLines(connection, (line) => calls.settle(line));
    return { call: (params) => calls.call(params) };
  },
};

function senderOf(connection: Deno.Conn): (message: string) => void {
  const writer = connection.writable.getWriter();
  const encoder = new TextEncoder();
  return (message) => void writer.write(encoder.encode(`${message}\n`));
}

/** Hands out every line of a connection, until its end. */
async function readLines(connection: Deno.Conn, receive: (line: string) => void): Promise<void> {
  const stream = connection.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new LineSplitter());
  for await (const line of stream) receive(line);
}

/** Text in any pieces to lines. */
class LineSplitter extends TransformStream<string, string> {
  constructor() {
    let rest = ""; // Only what has just come is searched, so a long line costs no more than short ones.
    super({
      transform(chunk, controller) {
        const pieces = chunk.split("\n");
        const last = pieces.pop()!;
        for (const piece of pieces) {
          controller.enqueue(rest + piece);
          rest = "";
        }
        rest += last;
      },
    });
  }
}

if (import.meta.main) await runProgram(lines);
