/**
 * The names of a peer.
 *
 * @module
 */
import { SyscallError } from "../errors.ts";
import type { Link } from "../link/link.ts";
import { NameTakenError } from "../naming/errors.ts";
import { checkName, portOfName } from "../naming/name.ts";
import type { Entrance } from "./entrance.ts";

/** Who holds a port, as far as that can be found out without the event loop. */
export interface Holder {
  /** Its user. */
  readonly uid: number | undefined;
  /** The name that the port stands for there; undefined where it does not say so. */
  readonly name: string | undefined;
}

/** What names need of their peer. */
export interface NamesHost {
  /** The link of the peer's own port. */
  readonly link: Link;
  /** Has requests taken that arrive on a link. */
  open(name: string, link: Link): Entrance;
  /** Ends that, and answers what is in hand. Resolves when the port is free, where it is not at once. */
  close(entrance: Entrance): Promise<void> | undefined;
  /** Asks a port of another thread who holds it. */
  ask(port: number): Holder;
}

/** What this thread has claimed, by port and name: it cannot ask itself. On the realm: of two copies of this project, neither may. */
const CLAIMED = Symbol.for("procslink.claimed-names");

function claimed(): Map<number, string> {
  const realm = globalThis as { [CLAIMED]?: Map<number, string> };
  return realm[CLAIMED] ??= new Map();
}

/** Claims and releases names. */
export class Names {
  readonly #host: NamesHost;
  readonly #entrances = new Map<string, Entrance>();

  /**
   * @param host The peer.
   */
  constructor(host: NamesHost) {
    this.#host = host;
  }

  /** The names that are claimed, in the order in which they were. */
  get all(): string[] {
    return [...this.#entrances.keys()];
  }

  /** Their entrances. */
  get entrances(): Iterable<Entrance> {
    return this.#entrances.values();
  }

  /**
   * Claims a name.
   *
   * @param name The name.
   * @throws {NameTakenError} If somebody has it, or another name that stands for the same port.
   * @throws {TypeError} If it is not a string, or the link of the peer has no names.
   * @throws {RangeError} If it cannot be a name.
   */
  claim(name: string): void {
    const port = portOfName(checkName(name));
    const { link } = this.#host;
    if (link.beside === undefined) throw new TypeError("This link has no names");
    let beside: Link;
    try {
      beside = link.beside(port);
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code !== "EADDRINUSE") throw error;
      throw new NameTakenError(name, port, this.#holderOf(port));
    }
    this.#entrances.set(name, this.#host.open(name, beside));
    claimed().set(port, name);
  }

  /**
   * Releases a name.
   *
   * @param name The name.
   * @returns Resolves when somebody else can claim it.
   * @throws {RangeError} If this peer does not have it.
   */
  async release(name: string): Promise<void> {
    const entrance = this.#entrances.get(checkName(name));
    if (entrance === undefined) throw new RangeError(`This peer does not have the name ${JSON.stringify(name)}`);
    this.forget(entrance);
    await this.#host.close(entrance);
  }

  /**
   * Forgets a name whose entrance is closed.
   *
   * @param entrance The entrance.
   */
  forget({ name, link: { port } }: Entrance): void {
    this.#entrances.delete(name!);
    claimed().delete(port);
  }

  #holderOf(port: number): Holder {
    const { link } = this.#host;
    if (link.blocking?.isOwn(port) === true) return { uid: link.uid, name: claimed().get(port) };
    return this.#host.ask(port);
  }
}
