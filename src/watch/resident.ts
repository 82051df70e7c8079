/**
 * A socket of a peer, as a watch sees it.
 *
 * @module
 */
import type { ListedSocket } from "../link/link.ts";
import { FIRST_NAMED_PORT, LAST_NAMED_PORT, portOfName } from "../naming/name.ts";
import type { Holding } from "./events.ts";
import type { Groups } from "./groups.ts";
import type { Answer, PeerIdentity } from "./questions.ts";

/** A socket that carries the mark of a peer. */
export class Resident {
  /** The socket. */
  readonly socket: ListedSocket;
  /** What asks it. */
  question: { close(): void } | undefined;
  /** Whether it has answered, or had the time to. */
  isSettled = false;
  /** What it has answered. */
  answer: Answer | undefined;
  /** What it was told of as. */
  told: "peer" | "name" | undefined;
  /** By which name. */
  name: string | undefined;
  /** And which user. */
  uid: number | undefined;
  /** Its groups, once they are followed. */
  groups: Groups | undefined;

  /**
   * @param socket The socket.
   */
  constructor(socket: ListedSocket) {
    this.socket = socket;
  }

  /** Its port. */
  get port(): number {
    return this.socket.port;
  }

  /** Whether its port is of those that stand for names. */
  get isNamed(): boolean {
    return this.port >= FIRST_NAMED_PORT && this.port <= LAST_NAMED_PORT;
  }

  /** What it tells of itself. */
  get identity(): PeerIdentity | undefined {
    return this.answer?.identity;
  }

  /** Whether it says that its port stands for a name. */
  get claimsName(): boolean {
    return this.identity?.name !== undefined;
  }

  /** The names that it says are its. */
  get claims(): readonly string[] {
    return this.identity?.names ?? [];
  }

  /** The name that its port stands for, where that is so. */
  get ownName(): string | undefined {
    const name = this.identity?.name;
    return name !== undefined && portOfName(name) === this.port ? name : undefined;
  }

  /** Who it is, for an event. */
  get holding(): Holding {
    return { name: this.name, port: this.port, uid: this.uid };
  }

  /**
   * Notes an answer.
   *
   * @param answer The answer.
   */
  answered(answer: Answer): void {
    this.isSettled = true;
    this.answer = answer;
  }

  /**
   * Tells whether another socket is the same peer's, as both say: of one user in the words of the kernel.
   *
   * @param other The other socket.
   * @returns Whether.
   */
  isSame({ answer, identity }: Pick<Resident, "answer" | "identity">): boolean {
    return identity !== undefined && this.identity !== undefined && answer?.uid === this.answer?.uid &&
      identity.incarnation === this.identity.incarnation;
  }

  /** Lets go of it. */
  close(): void {
    this.question?.close();
    this.groups?.close();
  }
}
