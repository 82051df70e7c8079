/**
 * Length-prefixed JSON-RPC on a unix socket of Deno: a large message is read straight into a buffer of its size.
 *
 * @module
 */
import { runProgram } from "../programs/program.ts";
import { answerTo, WaitingCalls } from "./jsonrpc.ts";
import type { Peer, PeerClient, PeerSettings } from "./peer.ts";
import { WriteQueue } from "./write_queue.ts";

const READ_BYTES = 262_144;
const PREFIX_BYTES = 4;
/** From this size on a message is written by itself, without a copy. */
const LARGE_BYTES = 65_536;

/** The peer. */
const framed: Peer = {
  serve({ folder }: PeerSettings): Promise<string> {
    const path = `${folder}/framed-${crypto.randomUUID()}`;
    const listener = Deno.listen({ transport: "unix", path });
    (async () => {
      for await (const connection of listener) {
        const queue = new WriteQueue(connection, joinFrames);
        readFrames(connection, (text) => queue.push(answerTo(text)));
      }
    })();
    return Promise.resolve(path);
  },

  async connect(path: string): Promise<PeerClient> {
    const connection = await Deno.connect({ transport: "unix", path });
    const queue = new WriteQueue(connection, joinFrames);
    const calls = new WaitingCalls((request) => queue.push(request));
    readFrames(connection, (text) => calls.settle(text));
    return { call: (params) => calls.call(params) };
  },
};

/** Small messages go together in one write; of a large one the prefix goes before it. */
function joinFrames(texts: readonly string[]): Uint8Array[] {
  const encoder = new TextEncoder();
  const writes: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const flush = () => {
    if (small.length > 0) writes.push(joined(small));
    small = [];
  };
  for (const text of texts) {
    const body = encoder.encode(text);
    const prefix = new Uint8Array(PREFIX_BYTES);
    new DataView(prefix.buffer).setUint32(0, body.length);
    small.push(prefix);
    if (body.length < LARGE_BYTES) small.push(body);
    else {
      flush();
      writes.push(body);
    }
  }
  flush();
  return writes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const part of parts) {
    whole.set(part, filled);
    filled += part.length;
  }
  return whole;
}

/** Hands out every message of a connection, until its end. */
async function readFrames(connection: Deno.Conn, receive: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(READ_BYTES);
  const view = new DataView(buffer.buffer);
  let filled = 0;
  for (;;) {
    const length = await connection.read(buffer.subarray(filled));
    if (length === null) return;
    filled += length;
    let start = 0;
    while (filled - start >= PREFIX_BYTES) {
      const size = view.getUint32(start);
      const body = start + PREFIX_BYTES;
      if (size + PREFIX_BYTES > buffer.length) {
        const large = new Uint8Array(size);
        const here = Math.min(size, filled - body);
        large.set(buffer.subarray(body, body + here));
        if (!await readInto(connection, large.subarray(here))) return;
        receive(decoder.decode(large));
        start = body + here;
      } else if (filled - body >= size) {
        receive(decoder.decode(buffer.subarray(body, body + size)));
        start = body + size;
      } else break;
    }
    buffer.copyWithin(0, start, filled);
    filled -= start;
  }
}

/** Fills a buffer; false where the connection ends before. */
async function readInto(connection: Deno.Conn, buffer: Uint8Array): Promise<boolean> {
  for (let filled = 0; filled < buffer.length;) {
    const length = await connection.read(buffer.subarray(filled));
    if (length === null) return false;
    filled += length;
  }
  return true;
}

if (import.meta.main) await runProgram(framed);
