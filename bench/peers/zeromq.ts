/**
 * The package zeromq over ipc: a dealer, which can have many calls in flight, and a router.
 *
 * @module
 */
import { Dealer, Router } from "zeromq";
import { runProgram } from "../programs/program.ts";
import { answerTo, WaitingCalls } from "./jsonrpc.ts";
import type { Peer, PeerClient, PeerSettings } from "./peer.ts";

/** The peer. */
const zeromq: Peer = {
  async serve({ folder }: PeerSettings): Promise<string> {
    const address = `ipc://${folder}/zeromq-${crypto.randomUUID()}`;
    const router = new Router({ sendHighWaterMark: 0, receiveHighWaterMark: 0 });
    await router.bind(address);
    (async () => {
      for await (const [client, request] of router) await router.send([client!, answerTo(request!.toString())]);
    })();
    return address;
  },

  connect(address: string): Promise<PeerClient> {
    const dealer = new Dealer({ sendHighWaterMark: 0, receiveHighWaterMark: 0 });
    dealer.connect(address);
    // A socket takes one send at a time.
    const requests: string[] = [];
    let sending = false;
    const send = async () => {
      sending = true;
      for (let request = requests.shift(); request !== undefined; request = requests.shift()) {
        await dealer.send(request);
      }
      sending = false;
    };
    const calls = new WaitingCalls((request) => {
      requests.push(request);
      if (!sending) send();
    });
    (async () => {
      for await (const [answer] of dealer) calls.settle(answer!.toString());
    })();
    return Promise.resolve({ call: (params) => calls.call(params) });
  },
};

if (import.meta.main) await runProgram(zeromq);
