// A server that is called by a name, and is killed. Arguments: the name. Where somebody has that, it says so once, and claims it again
// and again; it says when it has it.
import { NameTakenError, RPCPeer } from "../../../mod.ts";

/** What an owner of a name offers. */
export class Owner {
  readonly #ran = new Set<string>();

  /** Tells who has carried out a call, which is known by a text that no other has. */
  once(text: string): { pid: number; text: string } {
    if (this.#ran.has(text)) throw new Error(`It was carried out before: ${text}`);
    this.#ran.add(text);
    return { pid: Deno.pid, text };
  }

  /** Tells which of these calls were carried out here. */
  ran(texts: string[]): string[] {
    return texts.filter((text) => this.#ran.has(text));
  }

  never(): Promise<never> {
    return new Promise(() => {});
  }
}

const name = Deno.args[0]!;
await using server = new RPCPeer();
server.registerFunctionsInObject(new Owner());
for (let isFirst = true; server.names.length === 0; isFirst = false) {
  try {
    server.claim(name);
  } catch (error) {
    if (!(error instanceof NameTakenError)) throw error;
    if (isFirst) console.log("waits");
    await new Promise((resolve) => void setImmediate(resolve));
  }
}
console.log("claimed");
await server.runServerForever();
