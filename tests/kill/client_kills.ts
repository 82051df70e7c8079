// Kills clients that wait for a server, and looks what the server keeps of them.
import { currentCall, PeerGoneError, RPCPeer } from "../../mod.ts";
import type { Random } from "../hostile/random.ts";
import { type Place, Victim } from "./places.ts";

const CLIENT = new URL("./programs/client.ts", import.meta.url);
/** Calls that a client waits for when it is killed. */
const HOLDS = 8;
/** A busy client is killed when one of so many of its calls has been answered. */
const MOST_ECHOES = 300;
/** What dying clients leave of their messages. */
const EXPECTED_TROUBLE: ReadonlySet<string> = new Set(["undelivered", "incomplete"]);

/** What a client does beside waiting. */
export const CLIENT_HABITS: readonly (readonly string[])[] = [[], ["busy"], ["busy", "large"], ["sync"]];

/** What the server offers. */
export interface HostAPI {
  echo(text: string): string;
  hold(): never;
}

/** The server, in the process of the test. */
export class Host implements AsyncDisposable {
  readonly peer: RPCPeer = new RPCPeer();
  /** What must not have happened. */
  readonly wrong: string[] = [];
  /** Requests that are kept without an answer, and those of them whose signal has aborted. */
  held = 0;
  aborted = 0;
  #echoes = 0;
  #looks = new Set<() => void>();

  constructor() {
    this.peer.registerFunction((text: string) => {
      this.#echoes++;
      this.#look();
      return text;
    }, "echo");
    this.peer.registerFunction(() => {
      const { signal } = currentCall()!;
      this.held++;
      signal.addEventListener("abort", () => {
        this.aborted++;
        if (!(signal.reason instanceof PeerGoneError)) this.wrong.push(`A signal was aborted with ${signal.reason}`);
        this.#look();
      });
      this.#look();
      return new Promise(() => {}); // A handler that does not look at its signal.
    }, "hold");
    this.peer.addEventListener("trouble", ({ kind, reason }) => {
      if (!EXPECTED_TROUBLE.has(kind)) this.wrong.push(`Trouble: ${kind}: ${reason}`);
    });
    this.peer.runServerForever();
  }

  /** Waits until so many more requests are held, and answered. */
  async more(held: number, echoes: number): Promise<void> {
    held += this.held;
    echoes += this.#echoes;
    await this.until(() => this.held >= held && this.#echoes >= echoes);
  }

  /** Waits until something is so that a request or an abort has made so. */
  until(isSo: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (!isSo()) return;
      this.#looks.delete(look);
      resolve();
    };
    this.#looks.add(look);
    look();
    return promise;
  }

  /** What of dead clients is still there. */
  leftovers(): string[] {
    const { requestsInFlight, queuedBytes, reassemblyBytes } = this.peer.stats();
    return Object.entries({ requestsInFlight, queuedBytes, reassemblyBytes, held: this.held - this.aborted })
      .filter(([, count]) => count !== 0).map(([name, count]) => `${name}: ${count}`);
  }

  #look(): void {
    for (const look of [...this.#looks]) look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer.close();
  }
}

/** Starts a client, and kills it while it waits. */
export async function killClient(
  host: Host,
  place: Place,
  habits: readonly string[],
  random: Random,
): Promise<void> {
  const holds = HOLDS + (habits.includes("sync") ? 1 : 0);
  const echoes = habits.includes("busy") ? 1 + random.below(MOST_ECHOES) : 1;
  const isWaiting = host.more(holds, echoes);
  await using victim = new Victim(place, CLIENT, [host.peer.nlPid, HOLDS, ...habits]);
  const ended = victim.program.ended();
  await Promise.race([isWaiting, ended.then(({ errors }) => Promise.reject(new Error(`The client ended: ${errors}`)))]);
  victim.kill();
  await ended;
}
