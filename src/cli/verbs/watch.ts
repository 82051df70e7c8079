/**
 * The verb `watch`: who comes and goes.
 *
 * @module
 */
import { type Holding, type LifecycleEvent, RPCPeer } from "../../../mod.ts";
import type { Output } from "../output.ts";
import type { Session, Verb } from "../verb.ts";

/** How wide the columns are at least that come line by line. */
const WIDTHS = { type: 13, port: 10, uid: 5, name: 24 } as const;

/** Who comes and goes. */
export const watch: Verb = {
  name: "watch",
  summary: "tell who comes and goes, until Ctrl-C: peers, names, groups",
  description: "What is there already comes first, then a line that says ready, and then changes.",
  parameters: [],
  options: [
    { name: "names", value: "NAMES", kind: "peer", summary: "only these, separated by commas, and their peers" },
    { name: "groups", value: "GROUPS", summary: "only these groups, separated by commas; none with ''" },
    { name: "once", summary: "end when all that is there was told" },
  ],
  examples: ["watch", "watch --names com.example.clock --groups '' --json"],
  run: async ({ given, out, signal }: Session) => {
    const isOnce = given.has("once");
    await using peer = new RPCPeer();
    await using events = peer.watch({ names: given.list("names"), groups: given.list("groups") });
    const end = () => events.return();
    signal.addEventListener("abort", end, { once: true });
    for await (const event of events) {
      if ("port" in event && event.port === peer.nlPid) continue;
      print(event, out);
      if (event.type === "ready" && isOnce) break;
    }
    signal.removeEventListener("abort", end);
  },
};

function print(event: LifecycleEvent, out: Output): void {
  if (out.isJSON) return out.json({ time: Date.now(), ...event, ...("port" in event && holdingOf(event)) });
  if (event.type === "ready" || event.type === "restart") {
    return out.line(out.isTerminal ? out.style("dim", event.type) : event.type);
  }
  const { type, name, port, uid } = event;
  const group = "group" in event ? event.group : undefined;
  const owner = "owner" in event ? event.owner.name ?? event.owner.port : undefined;
  const about = group === undefined ? [] : [[owner === undefined ? group : `${group} of ${owner}`, 0] as const];
  const cells = [[port, WIDTHS.port], [uid, WIDTHS.uid], [name, WIDTHS.name], ...about] as const;
  out.row([[type, WIDTHS.type], ...cells], /(added|joined)$/.test(type) ? "green" : "red");
}

/** What is not known is null, so that each object has the same keys. */
function holdingOf({ name, port, uid }: Holding) {
  return { name: name ?? null, port, uid: uid ?? null };
}
