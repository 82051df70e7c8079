/**
 * The verb `list`: which peers there are.
 *
 * @module
 */
import { type PeerInfo, RPCPeer } from "../../../mod.ts";
import type { Session, Verb } from "../verb.ts";

/** Which peers there are. */
export const list: Verb = {
  name: "list",
  summary: "list the peers of this network namespace",
  description:
    "A peer that does not answer in time has no user and no names here, and one that lets this user call nothing has no names. PID is " +
    "the process id in the peer's own pid namespace. QUEUE is the memory that waits at it to be read, in bytes, and DROPS how many " +
    "messages it had no room for.",
  parameters: [],
  options: [
    { name: "timeout", value: "SECONDS", summary: "how long to wait for the answer of a peer", default: "1" },
    { name: "brief", summary: "print names and ports only, one a line" },
  ],
  examples: ["list", "list --json --timeout 200ms"],
  run: async ({ given, out }: Session) => {
    await using peer = new RPCPeer();
    const all = await peer.list({ timeout: given.milliseconds("timeout") });
    const peers = all.filter(({ port }) => port !== peer.nlPid);
    if (given.has("brief")) {
      for (const { port, names } of peers) {
        for (const name of names.length > 0 ? names : [String(port)]) out.row([[name, 0]]);
      }
    } else if (out.isJSON) { for (const info of peers) out.json(toJSON(info)); }
    else out.table(COLUMNS, peers.map(cells));
  },
};

const COLUMNS = [
  { heading: "PORT", isNumber: true },
  { heading: "NAMES" },
  { heading: "UID", isNumber: true },
  { heading: "PID", isNumber: true },
  { heading: "QUEUE", isNumber: true },
  { heading: "DROPS", isNumber: true },
  { heading: "METHODS" },
];

function cells({ port, names, uid, pidHint, queue, drops, methods }: PeerInfo) {
  return [port, names.join(", "), uid, pidHint, queue, drops, methods?.join(", ")];
}

/** What cannot be told is null, so that each object has the same keys. */
function toJSON({ port, names, uid, pidHint, methods, queue, drops }: PeerInfo) {
  const known = { uid, pidHint, methods, queue, drops };
  return { port, names, ...Object.fromEntries(Object.entries(known).map(([key, value]) => [key, value ?? null])) };
}
