/**
 * ProcsLink itself.
 *
 * @module
 */
import { RPCPeer, type RPCPeerOptions } from "../../mod.ts";
import { runProgram } from "../programs/program.ts";
import { echo, type Peer, type PeerClient, type PeerSettings } from "./peer.ts";

/** The peer. */
const procslink: Peer = {
  serve(settings: PeerSettings): Promise<string> {
    const peer = open(settings);
    peer.registerFunction(echo);
    peer.runServerForever();
    return Promise.resolve(String(peer.nlPid));
  },

  connect(address: string, settings: PeerSettings): Promise<PeerClient> {
    const peer = open(settings);
    const port = Number(address);
    return Promise.resolve({
      call: (params) => peer.call(port, "echo", params),
      callSync: (params) => peer.callSync(port, "echo", params),
    });
  },
};

function open({ busyPoll }: PeerSettings): RPCPeer {
  const options: RPCPeerOptions & { busyPoll?: number } = busyPoll === undefined ? {} : { busyPoll };
  return new RPCPeer(options);
}

if (import.meta.main) await runProgram(procslink);
