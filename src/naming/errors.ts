/**
 * What goes wrong with names.
 *
 * @module
 */
import { PeerGoneError } from "../errors.ts";

/** Shows a name in a message. */
function shown(name: string): string {
  return JSON.stringify(name);
}

/**
 * Nobody has a name that was called: its port is free, or its holder has another one that stands for the same port.
 *
 * @example
 * ```ts
 * import { NameNotFoundError, RPCPeer } from "@procslink/procslink";
 * import { assertRejects } from "@std/assert";
 *
 * await using peer = new RPCPeer();
 * await assertRejects(() => peer.call("com.example.nobody", "hello"), NameNotFoundError);
 * ```
 */
export class NameNotFoundError extends PeerGoneError {
  /** The name. */
  readonly peerName: string;

  /**
   * Makes the error.
   *
   * @param peerName The name.
   * @param port The port that it stands for.
   * @param holder The name that the holder of the port says that it has, null where it has none; undefined where nobody holds it.
   */
  constructor(peerName: string, port: number, holder?: string | null) {
    super(port);
    this.name = "NameNotFoundError";
    this.peerName = peerName;
    const other = holder === null ? "whoever holds it has no name" : `${shown(holder ?? "")} has that`;
    this.message = `Nobody has the name ${shown(peerName)}${
      holder === undefined ? "" : `: it stands for port ${port}, and ${other}`
    }`;
  }
}

/**
 * Says in the words of a name that nobody holds its port.
 *
 * @param name The name that a message went to, where it was to one.
 * @param reason Why it did not get there.
 * @returns The same reason, or another.
 */
export function inWordsOf(name: string | undefined, reason: unknown): unknown {
  const isNobody = reason instanceof PeerGoneError && !reason.mayHaveRun && !(reason instanceof NameNotFoundError);
  return name !== undefined && isNobody ? new NameNotFoundError(name, reason.port) : reason;
}

/**
 * A name cannot be claimed: somebody has it, or holds the port that it stands for.
 *
 * @example
 * ```ts
 * import { NameTakenError, RPCPeer } from "@procslink/procslink";
 * import { assertThrows } from "@std/assert";
 *
 * await using clock = new RPCPeer({ name: "com.example.clock" });
 * assertThrows(() => new RPCPeer({ name: "com.example.clock" }), NameTakenError);
 * ```
 */
export class NameTakenError extends Error {
  /** The name. */
  readonly peerName: string;
  /** The port that it stands for. */
  readonly port: number;
  /** The user who holds that, where it could be found out. */
  readonly uid: number | undefined;
  /** The name that the port stands for there, where its holder says so: another one is a collision, and both cannot be had at once. */
  readonly holder: string | undefined;

  /**
   * Makes the error.
   *
   * @param peerName The name.
   * @param port The port that it stands for.
   * @param by Who holds the port, as far as that could be found out.
   */
  constructor(peerName: string, port: number, { uid, name }: { uid: number | undefined; name: string | undefined }) {
    const user = uid === undefined ? "" : ` of user ${uid}`;
    super(
      name === undefined || name === peerName
        ? `The name ${shown(peerName)} is taken by port ${port}${user}`
        : `The name ${shown(peerName)} stands for port ${port}, which ${shown(name)}${user} has: choose another name`,
    );
    this.name = "NameTakenError";
    this.peerName = peerName;
    this.port = port;
    this.uid = uid;
    this.holder = name;
  }
}
