/**
 * The verb `introspect`: what a peer offers.
 *
 * @module
 */
import { MethodNotFoundError, RPCPeer } from "../../../mod.ts";
import { type Described, methodsOf, namesOf, signatureOf } from "../description.ts";
import type { Output } from "../output.ts";
import { type Session, SHARED_OPTIONS, type Verb } from "../verb.ts";

/** What a peer offers. */
export const introspect: Verb = {
  name: "introspect",
  summary: "tell which methods a peer has, with their parameters",
  description:
    "It asks for the peer's OpenRPC document. Of a peer that has none, the names of the methods are all that can be told.",
  parameters: [{ name: "PEER", kind: "peer", summary: "whom to ask: a port or a name" }],
  options: [
    { name: "brief", summary: "print the names of the methods only, one a line" },
    { name: "document", summary: "print the OpenRPC document as it is" },
    { name: "timeout", value: "SECONDS", summary: "how long to wait for the answer", default: "30" },
    SHARED_OPTIONS.trust,
  ],
  examples: ["introspect com.example.clock", "introspect 4242 --json"],
  run: async ({ given, out, signal }: Session) => {
    const target = given.peer("PEER");
    const options = { timeout: given.milliseconds("timeout"), trust: given.rule("trust"), signal };
    await using peer = new RPCPeer();
    const ask = (method: string) => peer.call(target, method, undefined, options);
    if (given.has("document")) return out.value(await ask("rpc.discover"));
    const methods = await ask("rpc.discover").then(methodsOf, async (error) => {
      // A peer that keeps its description for itself, or is of an older version.
      if (error instanceof MethodNotFoundError) return namesOf(await ask("rpc.identity"));
      throw error;
    });
    print(methods, given.has("brief"), out);
  },
};

function print(methods: readonly Described[], isBrief: boolean, out: Output): void {
  if (isBrief) { for (const { name } of methods) out.row([[name, 0]]); }
  else if (out.isJSON) { for (const method of methods) out.json(method); }
  else {
    out.table(
      [{ heading: "METHOD" }, { heading: "SUMMARY" }],
      methods.map((method) => {
        return [signatureOf(method), method.summary ?? undefined];
      }),
    );
  }
}
