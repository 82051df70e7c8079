/**
 * Length-prefixed JSON-RPC on a unix socket of Deno: four bytes of length and the body in one write, reads into a buffer that
 * grows.
 *
 * @module
 */
import { runProgram } from "../programs/program.ts";
import { answerTo, WaitingCalls } from "./jsonrpc.ts";
import type { Peer, PeerClient, PeerSettings } from "./peer.ts";

const FIRST_BUFFER_BYTES = 65_536;
const PREFIX_BYTES = 4;

/** The peer. */
const framed: Peer = {
  serve({ folder }: PeerSettings): Promise<string> {
    const path = `${folder}/framed-${crypto.randomUUID()}`;
    const listener = Deno.listen({ transport: "unix", path });
    (async () => {
      for await (const connection of listener) {
        const send = senderOf(connection);
        readFrames(connection, (message) => send(answerTo(message)));
      }
    })();
    return Promise.resolve(path);
  },

  async connect(path: string): Promise<PeerClient> {
    const connection = await Deno.connect({ transport: "unix", path });
    const calls = new WaitingCalls(senderOf(connection));
    readFrames(connection, (message) => calls.settle(message));
    return { call: (params) => calls.call(params) };
  },
};

function senderOf(connection: Deno.Conn): (message: string) => void {
  const writer = connection.writable.getWriter();
  const encoder = new TextEncoder();
  return (message) => {
    const body = encoder.encode(message);
    const frame = new Uint8Array(PREFIX_BYTES + body.length);
    new DataView(frame.buffer).setUint32(0, body.length);
    frame.set(body, PREFIX_BYTES);
    writer.write(frame);
  };
}

/** Hands out every message of a connection, until its end. */
async function readFrames(connection: Deno.Conn, receive: (message: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  let filled = 0;
  for (;;) {
    const length = await connection.read(buffer.subarray(filled));
    if (length === null) return;
    filled += length;
    const view = new DataView(buffer.buffer);
    let start = 0;
    let needed = PREFIX_BYTES;
    while (filled - start >= PREFIX_BYTES) {
      needed = PREFIX_BYTES + view.getUint32(start);
      if (filled - start < needed) break;
      receive(decoder.decode(buffer.subarray(start + PREFIX_BYTES, start + needed)));
      start += needed;
    }
    buffer.copyWithin(0, start, filled);
    filled -= start;
    if (needed > buffer.length) {
      const larger = new Uint8Array(needed);
      larger.set(buffer.subarray(0, filled));
      buffer = larger;
    }
  }
}

if (import.meta.main) await runProgram(framed);
