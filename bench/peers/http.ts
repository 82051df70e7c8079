/**
 * JSON-RPC over HTTP on the loopback interface: Deno.serve and fetch.
 *
 * @module
 */
import { runProgram } from "../programs/program.ts";
import { answerTo } from "./jsonrpc.ts";
import type { Peer, PeerClient } from "./peer.ts";

/** The peer. */
const http: Peer = {
  serve(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen: ({ port }) => resolve(`http://127.0.0.1:${port}/`),
    }, async (request) => {
      return new Response(answerTo(await request.text()), { headers: { "content-type": "application/json" } });
    });
    return promise;
  },

  connect(address: string): Promise<PeerClient> {
    let lastId = 0;
    return Promise.resolve({
      async call(params: readonly unknown[]): Promise<unknown> {
        const body = JSON.stringify({ jsonrpc: "2.0", id: ++lastId, method: "echo", params });
        const response = await fetch(address, {
          method: "POST",
          body,
          headers: { "content-type": "application/json" },
        });
        const { result, error } = await response.json();
        if (error !== undefined) throw new Error(error.message);
        return result;
      },
    });
  },
};

if (import.meta.main) await runProgram(http);
