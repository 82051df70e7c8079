/**
 * The verb `publish`: publishes in a group of its own.
 *
 * @module
 */
import { TextLineStream } from "@std/streams";
import { type Group, RPCPeer } from "../../../mod.ts";
import { EXIT, Failure, usage } from "../failure.ts";
import { valueOf } from "../given.ts";
import { pause } from "../interrupt.ts";
import { type Session, SHARED_OPTIONS, type Verb } from "../verb.ts";

/** Time between looks whether somebody has joined, in milliseconds. */
const LOOK_MILLISECONDS = 20;

/** Publishes in a group of its own. */
export const publish: Verb = {
  name: "publish",
  summary: "publish arguments, or lines of standard input, in a group",
  description:
    "A group belongs to its owner, so this is the owner: it has the name OWNER while it runs, and ends when all is published. It begins " +
    "when the first member has joined, since nothing is kept for those who come later. A value is JSON where it can be read as that, " +
    "and else a text.",
  parameters: [
    { name: "OWNER", kind: "text", summary: "the name to claim, which must be free" },
    { name: "GROUP", kind: "text", summary: "the name of the group" },
    {
      name: "VALUES",
      kind: "text",
      isMany: true,
      summary: "what to publish; lines of standard input where there are none",
    },
  ],
  options: [
    { name: "members", value: "N", summary: "how many members to wait for", default: "1" },
    { name: "timeout", value: "SECONDS", summary: "how long to wait for them", default: "for ever" },
    { name: "sync", summary: "wait until each value was taken by the loop of each member" },
    SHARED_OPTIONS.access,
  ],
  examples: ["publish com.example.paper news 'It rains'", "publish com.example.paper news --access anyone < lines.txt"],
  run: async ({ given, out, signal }: Session) => {
    if (/^\d+$/.test(given.text("OWNER"))) throw usage("OWNER must be a name: a port is not to be had for the asking");
    const members = given.integer("members", 0) ?? 1;
    await using peer = new RPCPeer({ name: given.text("OWNER"), access: given.rule("access") });
    const group = peer.group(given.text("GROUP"));
    await gather(group, members, given.milliseconds("timeout") ?? Infinity, signal);
    const words = given.texts("VALUES");
    let count = 0;
    for await (const value of words.length > 0 ? words.map(valueOf) : lines(signal)) {
      const reached = await group.publish(value, given.has("sync") ? { sync: true, signal } : {});
      signal.throwIfAborted();
      count++;
      if (out.isJSON) out.json({ value, members: reached });
    }
    const reached = group.members.length;
    await group.close();
    if (!out.isJSON) out.line(`${count} published to ${reached} ${reached === 1 ? "member" : "members"}`);
  },
};

/** Waits for members. */
async function gather(group: Group, members: number, timeout: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + timeout;
  while (group.members.length < members) {
    signal.throwIfAborted();
    if (performance.now() >= end) {
      const hint = "join it with: procslink subscribe --wait, or publish to nobody with --members 0";
      throw new Failure(EXIT.timeout, `${group.members.length} of ${members} members have joined`, hint);
    }
    await pause(LOOK_MILLISECONDS, signal);
  }
}

/** The lines of standard input. It is not closed: it may never come to an end. */
async function* lines(signal: AbortSignal): AsyncGenerator<unknown> {
  const decoded = Deno.stdin.readable.pipeThrough(new TextDecoderStream(), { signal });
  for await (const line of decoded.pipeThrough<string>(new TextLineStream(), { signal })) yield valueOf(line);
}
