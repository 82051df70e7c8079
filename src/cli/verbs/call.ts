/**
 * The verb `call`: calls a method.
 *
 * @module
 */
import { type CallOptions, type Dialect, RPCPeer } from "../../../mod.ts";
import { usage } from "../failure.ts";
import { valueOf } from "../given.ts";
import { type Session, SHARED_OPTIONS, type Verb } from "../verb.ts";

/** Calls a method. */
export const call: Verb = {
  name: "call",
  summary: "call a method, and print its result as JSON",
  description:
    "An argument is JSON where it can be read as that, and else a word: 5 is a number, '\"5\"' a text, and hello one too. Behind -- " +
    "nothing is an option.",
  parameters: [
    { name: "PEER", kind: "peer", summary: "whom to call: a port or a name" },
    { name: "METHOD", kind: "method", summary: "the method" },
    { name: "ARGS", kind: "text", isMany: true, summary: "its arguments" },
  ],
  options: [
    { name: "named", summary: "the arguments are given by name, as NAME=VALUE" },
    { name: "timeout", value: "SECONDS", summary: "how long to wait for the answer", default: "30" },
    { name: "oneway", summary: "send a notification: there is no answer" },
    SHARED_OPTIONS.trust,
    { name: "dialect", value: "DIALECT", summary: "procslink-0.1 for a peer that uses the Python package" },
  ],
  examples: ["call com.example.clock add 2 3", "call 4242 add --named title=Emma year=1815"],
  run: async ({ given, out, signal }: Session) => {
    const target = given.peer("PEER");
    const method = given.text("METHOD");
    const words = given.texts("ARGS");
    const params = given.has("named") ? named(words) : words.length === 0 ? undefined : words.map(valueOf);
    const options: CallOptions = {
      timeout: given.milliseconds("timeout"),
      trust: given.rule("trust"),
      dialect: given.has("dialect") ? dialectOf(given.text("dialect")) : undefined,
      signal,
    };
    await using peer = new RPCPeer();
    if (given.has("oneway")) return await peer.notify(target, method, params, options);
    out.value(await peer.call(target, method, params, options));
  },
};

function named(words: readonly string[]): Record<string, unknown> {
  const values = new Map<string, unknown>();
  for (const word of words) {
    const [, key, value] = word.match(/^([^=]+)=([^]*)$/) ?? [];
    if (key === undefined) throw usage(`${JSON.stringify(word)} has no name`, "with --named write NAME=VALUE");
    if (values.has(key)) throw usage(`${JSON.stringify(key)} is given twice`);
    values.set(key, valueOf(value!));
  }
  return Object.fromEntries(values);
}

function dialectOf(text: string): Dialect {
  if (text === "native" || text === "procslink-0.1") return text;
  throw usage(`--dialect must be native or procslink-0.1, not ${JSON.stringify(text)}`);
}
