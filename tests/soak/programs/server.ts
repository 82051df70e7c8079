// A server of the soak. Argument: its port. Prints it. At SIGTERM it answers what it has in hand, and ends.
import { currentCall, RPCPeer } from "../../../mod.ts";
import { type Digest, digestOf, type Recipe, textOf } from "../content.ts";

/** Numbers of calls that are remembered of each caller, so that none is carried out twice. */
const REMEMBERED = 20_000;

/** What a server says of itself. */
export interface ServerReport {
  /** Notifications of the caller. */
  readonly notes: number;
  /** What must not have happened. */
  readonly wrong: readonly string[];
  readonly requestsInFlight: number;
  readonly reassemblyBytes: number;
  /** Calls that were given up before they were answered. */
  readonly aborted: number;
}

/** A caller. */
class Client {
  notes = 0;
  readonly #calls = new Set<number>();

  /** Notes a call. */
  begin(call: number): void {
    if (this.#calls.has(call)) isWrong(`Call ${call} was carried out twice`);
    this.#calls.add(call);
    if (this.#calls.size <= REMEMBERED) return;
    const [oldest] = this.#calls;
    this.#calls.delete(oldest!);
  }
}

const clients = new Map<number, Client>();
const wrong: string[] = [];
let aborted = 0;

function isWrong(what: string): void {
  if (wrong.length < 20) wrong.push(what);
}

function caller(): Client {
  const { port } = currentCall()!.caller;
  let client = clients.get(port);
  if (client === undefined) clients.set(port, client = new Client());
  return client;
}

export class Soaked {
  echo(call: number, text: string): string {
    caller().begin(call);
    return text;
  }
  digest(call: number, text: string): Digest {
    caller().begin(call);
    return digestOf(text);
  }
  make(call: number, recipe: Recipe): string {
    caller().begin(call);
    return textOf(recipe);
  }
  async nap(call: number, milliseconds: number): Promise<number> {
    const { signal } = currentCall()!;
    caller().begin(call);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      signal.addEventListener("abort", () => {
        aborted++;
        clearTimeout(timer);
        resolve();
      });
    });
    return milliseconds;
  }
  note(text: string, { length, hash }: Digest): void {
    caller().notes++;
    const digest = digestOf(text);
    if (digest.length !== length || digest.hash !== hash) isWrong(`A notification of ${length} characters was changed`);
  }
  report(): ServerReport {
    const { requestsInFlight, reassemblyBytes } = server.stats();
    // Without the request for this report.
    return { notes: caller().notes, wrong, requestsInFlight: requestsInFlight - 1, reassemblyBytes, aborted };
  }
}

await using server = new RPCPeer({ port: Number(Deno.args[0]) });
server.registerFunctionsInObject(new Soaked());
Deno.addSignalListener("SIGTERM", async () => {
  await server.close({ drain: 2_000 });
  Deno.exit();
});
console.log(server.nlPid);
await server.runServerForever();
