// Members of groups. Arguments: their settings as JSON. Prints the ports of its peers, then a line once all have joined. Each peer
// tells what it has got. Where a loop ends, or does not begin, the program says how.
import { GroupGap, type JoinOptions, type Membership, RPCPeer, type RPCPeerOptions } from "../../../mod.ts";
import { usedBytes } from "./used_bytes.ts";

/** A group that is joined. */
export interface JoinedGroup {
  /** Port or name of its owner. */
  readonly owner: number | string;
  /** Its name. */
  readonly group: string;
  /** The first number that is published there. */
  readonly first?: number;
}

/** What the program does. */
export interface MemberSettings {
  /** What its peers join, in turns. */
  readonly groups: readonly JoinedGroup[];
  /** How many peers there are. */
  readonly peers?: number;
  /** Options of each. */
  readonly options?: RPCPeerOptions;
  /** How they join. */
  readonly join?: JoinOptions;
  /** Whether their loops take anything. */
  readonly takes?: boolean;
}

/** What a member has got. */
export interface Tally {
  /** How many numbers. */
  received: number;
  /** How many are missing, as it was told. */
  missed: number;
  /** How often it was told so. */
  gaps: number;
  /** How often the owner was restarted. */
  restarts: number;
  /** What should not have come. */
  readonly wrong: string[];
}

/** Takes numbers, or pairs of a number and some text, which are published in their order. */
class Follower {
  readonly tally: Tally = { received: 0, missed: 0, gaps: 0, restarts: 0, wrong: [] };
  #next: number;
  #waiting: { readonly next: number; readonly resolve: () => void }[] = [];

  constructor(first: number) {
    this.#next = first;
  }

  async follow(messages: Membership): Promise<string> {
    try {
      for await (const message of messages) {
        if (message instanceof GroupGap) this.#skip(message);
        else this.#take(message);
        const ready = this.#waiting.filter(({ next }) => this.#next >= next);
        this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting));
        for (const { resolve } of ready) resolve();
      }
      return "closed";
    } catch (error) {
      return (error as Error).name;
    }
  }

  /** Tells what has come, once all before a number have, or are missing. */
  async tallyBefore(next: number): Promise<Tally> {
    if (this.#next < next) await new Promise<void>((resolve) => this.#waiting.push({ next, resolve }));
    return this.tally;
  }

  #skip({ missed, isRestart }: GroupGap): void {
    this.tally.gaps++;
    this.tally.missed += missed;
    if (isRestart) {
      this.tally.restarts++;
      this.#next = 0;
    }
    this.#next += missed;
  }

  #take(message: unknown): void {
    this.tally.received++;
    const number = Array.isArray(message) ? message[0] : message;
    if (number !== this.#next) {
      if (this.tally.wrong.length < 10) this.tally.wrong.push(`${JSON.stringify(number)} instead of ${this.#next}`);
    } else this.#next++;
  }
}

const { groups, peers = 1, options, join, takes = true } = JSON.parse(Deno.args[0]!) as MemberSettings;
const members = Array.from({ length: peers }, (_, index) => {
  const { owner, group, first = 0 } = groups[index % groups.length]!;
  const peer = new RPCPeer(options);
  const follower = new Follower(first);
  peer.registerFunction((next: number) => follower.tallyBefore(next), "tallyBefore", { access: "anyone" });
  peer.registerFunction(usedBytes, "usedBytes");
  peer.runServerForever();
  return { peer, follower, messages: peer.join(owner, group, join) };
});
console.log(JSON.stringify(members.map(({ peer }) => peer.nlPid)));
for (const { follower, messages } of members) {
  if (takes) follower.follow(messages).then((end) => console.log(`ended: ${end}`));
}
// Who may not join has said so in its loop.
Promise.all(members.map(({ messages }) => messages.joined)).then(() => console.log("joined"), () => {});
