// One of several who race for names. Prints its port, and then does what it is called for: claims and releases.
import { NameTakenError, RPCPeer } from "../../../mod.ts";

/** How a race ended for the one who lost it. */
export interface Loss {
  /** The port and the user that the error tells of, and the name that its holder says that it has. */
  readonly port: number;
  readonly uid?: number;
  readonly holder?: string;
}

/** Claims a name at a moment of the wall clock, in milliseconds, and some microseconds; null where it has it then. */
function race(name: string, moment: number, microseconds: number): Loss | null {
  // Who looks at the clock all the while starts at its very tick, as all others do.
  while (Date.now() < moment);
  const start = performance.now() + microseconds / 1_000;
  while (performance.now() < start);
  try {
    racer.claim(name);
    return null;
  } catch (error) {
    if (!(error instanceof NameTakenError)) throw error;
    const { port, uid, holder } = error;
    return { port, ...uid === undefined ? {} : { uid }, ...holder === undefined ? {} : { holder } };
  }
}

/** What a racer offers. */
export interface RacerAPI {
  race: typeof race;
  release(name: string): Promise<void>;
  pid(): number;
}

await using racer = new RPCPeer();
const offer: RacerAPI = { race, release: (name) => racer.release(name), pid: () => Deno.pid };
racer.registerFunctionsInObject(offer);
console.log(racer.nlPid);
await racer.runServerForever();
