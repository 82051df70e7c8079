/**
 * The verb `wait`: waits until somebody has a name.
 *
 * @module
 */
import { CallTimeoutError, RPCPeer } from "../../../mod.ts";
import { EXIT, Failure } from "../failure.ts";
import { type Session, SHARED_OPTIONS, type Verb } from "../verb.ts";

/** Waits until somebody has a name. */
export const wait: Verb = {
  name: "wait",
  summary: "wait until somebody has a name, and print its port",
  parameters: [{ name: "NAME", kind: "peer", summary: "the name" }],
  options: [
    { name: "timeout", value: "SECONDS", summary: "how long to wait", default: "for ever" },
    SHARED_OPTIONS.trust,
  ],
  examples: ["wait com.example.clock --timeout 10 && procslink call com.example.clock time"],
  run: async ({ given, out, signal }: Session) => {
    const name = given.text("NAME");
    const timeout = given.milliseconds("timeout") ?? Infinity;
    await using peer = new RPCPeer();
    const port = await peer.waitFor(name, { timeout, trust: given.rule("trust"), signal }).catch((cause) => {
      if (!(cause instanceof CallTimeoutError)) throw cause;
      throw new Failure(EXIT.timeout, `Nobody had the name ${JSON.stringify(name)} within ${timeout} ms`, undefined, {
        cause,
      });
    });
    if (out.isJSON) out.json({ name, port });
    else out.line(String(port));
  },
};
