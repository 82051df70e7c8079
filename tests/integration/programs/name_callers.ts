// Callers of a name, who call all the time, each in its own way. Arguments: the name, and the ways. Prints the port of a peer that
// tells what came of the calls.
import { NameNotFoundError, PeerGoneError, RPCPeer } from "../../../mod.ts";
import type { Owner } from "./name_owner.ts";

type Answer = ReturnType<Owner["once"]>;

/** Calls that were surely not carried out, of which the next owner is asked. */
const MOST_ASKED = 1_000;

/** How the calls of one caller have ended. */
class Tally {
  begun = 0;
  answered = 0;
  /** The owner is gone: the call may have been carried out, or was not. */
  gone = 0;
  /** Nobody had the name. */
  notFound = 0;
  readonly wrong: string[] = [];
}

/** What a caller's calls were answered by. */
interface Reached {
  pid: number;
  /** How often in a row. */
  times: number;
}

const ways: Record<string, (peer: RPCPeer, text: string) => Answer | Promise<Answer>> = {
  call: (peer, text) => peer.call<Answer>(name, "once", [text]),
  remote: (peer, text) => peer.talkTo<Owner>(name).once(text),
  batch: async (peer, text) => {
    const [outcome] = await peer.batch(name, [{ method: "once", params: [text] }]);
    if (outcome!.status === "rejected") throw outcome!.reason;
    return outcome!.value as Answer;
  },
  sync: (peer, text) => peer.callSync<Answer>(name, "once", [text]),
};

const [name, ...wanted] = Deno.args as [string, ...string[]];
const tallies: Record<string, Tally> = {};
const reached: Record<string, Reached> = {};
const looks = new Set<() => void>();
let notRun: string[] = [];
let isOver = false;

/** Counts how a call ends; tells its error that says that nobody was there. */
async function count(tally: Tally, call: () => Promise<void>): Promise<PeerGoneError | undefined> {
  tally.begun++;
  try {
    await call();
    tally.answered++;
  } catch (error) {
    if (error instanceof NameNotFoundError) tally.notFound++;
    else if (error instanceof PeerGoneError) tally.gone++;
    else tally.wrong.push(String(error));
    if (error instanceof PeerGoneError) return error;
  }
}

/** Calls on and on. */
async function callOn(way: string, peer: RPCPeer): Promise<void> {
  const tally = tallies[way] = new Tally();
  const last = reached[way] = { pid: 0, times: 0 };
  while (!isOver) {
    const text = `${Deno.pid} ${way} ${tally.begun}`;
    const error = await count(tally, async () => {
      const answer = await ways[way]!(peer, text);
      if (answer.text !== text) throw new Error(`Instead of ${text} it was answered ${JSON.stringify(answer)}`);
      last.times = answer.pid === last.pid ? last.times + 1 : 1;
      last.pid = answer.pid;
    });
    if (error?.mayHaveRun === false) notRun = [...notRun.slice(1 - MOST_ASKED), text];
    for (const look of looks) look();
    await turn();
  }
}

/** Has a call wait all the time. */
async function waitOn(peer: RPCPeer): Promise<void> {
  const tally = tallies["never"] = new Tally();
  while (!isOver) {
    await count(tally, () => peer.call(name, "never"));
    await turn();
  }
}

/** Lets the rest of the program have its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** What the callers tell. */
export class Callers {
  /** Resolves once all callers are answered by a process, and so many times. */
  async reached(pid: number, times: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => Object.values(reached).every((last) => last.pid === pid && last.times >= times) && resolve();
    looks.add(look);
    look();
    await promise;
    looks.delete(look);
  }

  /** What the owner has carried out although its callers were told that it was not; it must be the one that was not there then. */
  async ranAllTheSame(): Promise<string[]> {
    return await peers[0]!.call<string[]>(name, "ran", [notRun.splice(0)]);
  }

  /** Ends the calls, the last of which end when the owner does. */
  stop(): void {
    isOver = true;
  }

  /** How the calls have ended, once all have. */
  async figures(): Promise<Record<string, Tally>> {
    await ended;
    return tallies;
  }
}

/** What came of the calls, by the way in which they are made. */
export type Figures = Awaited<ReturnType<Callers["figures"]>>;

// Two that call in different ways share a peer, and others have their own.
const peers = [new RPCPeer({ timeout: 60_000 }), new RPCPeer({ timeout: 60_000 })];
const loops = wanted.map((way, index) => callOn(way, peers[index % peers.length]!));
// Whose thread waits cannot make this call as well without delay.
const ended = Promise.all([...loops, ...wanted.includes("sync") ? [] : [waitOn(peers[1]!)]]);

await using host = new RPCPeer();
host.registerFunctionsInObject(new Callers());
console.log(host.nlPid);
await host.runServerForever();
