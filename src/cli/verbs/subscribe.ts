/**
 * The verb `subscribe`: prints what is published in a group.
 *
 * @module
 */
import { GroupGap, RPCPeer } from "../../../mod.ts";
import { Interrupted } from "../failure.ts";
import type { Output } from "../output.ts";
import { type Session, SHARED_OPTIONS, type Verb } from "../verb.ts";

/** Prints what is published in a group. */
export const subscribe: Verb = {
  name: "subscribe",
  summary: "print what is published in a group",
  description:
    'Each message is one line: JSON, but a text that stands alone is printed as it is. With --json it is { "value": … }, or ' +
    '{ "missed": … } where messages are missing.',
  parameters: [
    { name: "OWNER", kind: "peer", summary: "who publishes: a port or a name" },
    { name: "GROUP", kind: "text", summary: "the name of the group" },
  ],
  options: [
    { name: "wait", summary: "wait for the owner and its group, and join again when it is restarted" },
    { name: "count", value: "N", summary: "end after so many messages" },
    { name: "timeout", value: "SECONDS", summary: "how long to wait for the owner's answer", default: "30" },
    SHARED_OPTIONS.trust,
  ],
  examples: ["subscribe com.example.paper news", "subscribe com.example.paper news --wait --count 1 --json"],
  run: async ({ given, out, signal }: Session) => {
    const owner = given.peer("OWNER");
    const count = given.integer("count", 1) ?? Infinity;
    await using peer = new RPCPeer();
    using messages = peer.join(owner, given.text("GROUP"), {
      wait: given.has("wait"),
      timeout: given.milliseconds("timeout"),
      trust: given.rule("trust"),
      signal,
    });
    let taken = 0;
    try {
      for await (const message of messages) {
        print(message, out);
        if (!(message instanceof GroupGap) && ++taken >= count) break;
      }
    } catch (error) {
      // That is how it ends, but where so many were to come.
      if (!(error instanceof Interrupted) || count !== Infinity) throw error;
    }
  },
};

function print(message: unknown, out: Output): void {
  if (message instanceof GroupGap) {
    const { missed, isRestart } = message;
    if (out.isJSON) return out.json({ missed, isRestart });
    const text = isRestart ? "joined again: what was published meanwhile is missing" : `${missed} messages are missing`;
    return out.line(out.style("yellow", `(${text})`));
  }
  if (out.isJSON) return out.json({ value: message });
  if (typeof message === "string") out.row([[message, 0]]);
  else out.json(message);
}
