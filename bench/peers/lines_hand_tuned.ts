/**
 * Newline-delimited JSON-RPC on a unix socket of Deno, with all that can be tuned by hand: a read loop of its own with a large
 * buffer, no streams, and one write for all that comes up in a turn of the event loop. It shows what Deno's sockets can do at most.
 *
 * @module
 */
import { runProgram } from "../programs/program.ts";
import { answerTo, WaitingCalls } from "./jsonrpc.ts";
import type { Peer, PeerClient, PeerSettings } from "./peer.ts";
import { WriteQueue } from "./write_queue.ts";

const READ_BYTES = 262_144;

/** The peer. */
const linesHandTuned: Peer = {
  serve({ folder }: PeerSettings): Promise<string> {
    const path = `${folder}/lines-hand-tuned-${crypto.randomUUID()}`;
    const listener = Deno.listen({ transport: "unix", path });
    (async () => {
      for await (const connection of listener) {
        const queue = new WriteQueue(connection, joinLines);
        readLines(connection, (line) => queue.push(answerTo(line)));
      }
    })();
    return Promise.resolve(path);
  },

  async connect(path: string): Promise<PeerClient> {
    const connection = await Deno.connect({ transport: "unix", path });
    const queue = new WriteQueue(connection, joinLines);
    const calls = new WaitingCalls((request) => queue.push(request));
    readLines(connection, (line) => calls.settle(line));
    return { call: (params) => calls.call(params) };
  },
};

function joinLines(texts: readonly string[]): Uint8Array[] {
  return [new TextEncoder().encode(texts.join("\n") + "\n")];
}

/** Hands out every line of a connection, until its end. */
async function readLines(connection: Deno.Conn, receive: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(READ_BYTES);
  let begun: string[] = []; // The pieces of a line that is not complete.
  for (let length = await connection.read(buffer); length !== null; length = await connection.read(buffer)) {
    const text = decoder.decode(buffer.subarray(0, length), { stream: true });
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      const line = text.slice(start, end);
      start = end + 1;
      if (begun.length === 0) receive(line);
      else {
        begun.push(line);
        receive(begun.join(""));
        begun = [];
      }
    }
    if (start < text.length) begun.push(text.slice(start));
  }
}

if (import.meta.main) await runProgram(linesHandTuned);
