/**
 * A port that this peer calls: who holds it, and whether that is still so.
 *
 * @module
 */
import { PeerGoneError } from "../errors.ts";
import type { Caller, Lifeline } from "../link/link.ts";
import { type Dialect, NATIVE } from "../wire/dialect.ts";
import type { Deadlines, Timed } from "./deadlines.ts";
import { type Answerer, LIFELINE_TELLS } from "./identity.ts";
import { type Member, Members } from "./members.ts";

/** Times between looks at a port while something is awaited from it, in milliseconds. */
const LOOK_MILLISECONDS = {
  /** Where the end of its process is told: its port may have been freed all the same. It doubles with each look. */
  first: 1_000,
  longest: 64_000,
  /** Where nothing tells. */
  blind: 200,
  /** Where nothing may be sent, for the first time: whoever holds the port later must be the same. */
  quiet: 20,
} as const;

/** For how long the sender of a message holds as the holder of its port, and the name that it told, in milliseconds. */
const KNOWN_MILLISECONDS = 1_000;

/** What a contact needs of its peer. */
export interface ContactHost {
  /** Finds out who holds a port; tells when that is over, where that can be told. */
  openLifeline(port: number, broken: () => void): Lifeline | null | undefined;
  /** Tells whether nobody holds a port. */
  isGone(port: number): boolean;
  /** Finds the socket that holds a port, without sending anything there; null where there is none, undefined where nobody knows. */
  socketAt(port: number): bigint | null | undefined;
  /** When contacts are looked at. */
  readonly looks: Deadlines;
  /** Notes that a contact is over. */
  ended(contact: Contact): void;
  /** Notes that something is awaited from a port, by one contact more or, with -1, less. */
  awaited(port: number, change: 1 | -1): void;
}

/** A port that is called. Once its holder is gone it is over, and whoever holds the port then is another contact. */
export class Contact implements Timed {
  /** The port. */
  readonly port: number;
  deadline = Infinity;
  heapIndex = -1;
  /** What waits until it is known who holds the port. */
  readonly waiting: (() => Promise<void>)[] = [];
  /** How it is spoken to. In the legacy dialect it is never probed. */
  readonly dialect: Dialect;
  /** The question who holds it, while that is under way. */
  asked: Promise<Answerer> | undefined;

  readonly #host: ContactHost;
  readonly #members = new Members();
  #lifeline: Lifeline | undefined;
  /** Who holds the port: in the words of its lifeline, or who sent the last message, and when. */
  #known: Caller | undefined;
  #knownAt = -Infinity;
  /** Asks who holds the port. */
  #question: Member | undefined;
  /** The socket that holds it, where that was looked for since something is awaited. */
  #socket: bigint | undefined;
  /** The name that its holder has told, and until when that holds: a process that lives on may release it. */
  #told: { readonly name: string | null; readonly until: number } | undefined;
  #heard = false;
  #hasSpoken = false;
  /** Whether it had a lifeline that was somebody else's. */
  #isDoubted = false;
  /** Whether it was sure that whoever holds the port has none. */
  #hadNone = false;
  #left: PromiseWithResolvers<void> | undefined;
  #interval: number = LOOK_MILLISECONDS.first;
  /** Whether its holder is known to be gone. */
  isOver = false;

  /**
   * @param host The peer.
   * @param port The port.
   * @param dialect How it is spoken to.
   */
  constructor(host: ContactHost, port: number, dialect: Dialect = NATIVE) {
    this.#host = host;
    this.dialect = dialect;
    this.port = port;
    this.#adopt();
  }

  /** Whether nothing is awaited from it. */
  get isIdle(): boolean {
    return this.#members.size === 0;
  }

  /** Whether the same peer holds the port as at the beginning, as far as is known. */
  get isCurrent(): boolean {
    return !this.isOver && (this.#lifeline === undefined || this.#lifeline.isHeld());
  }

  /** Who holds the port, as far as is known without asking there. */
  get holder(): Caller | undefined {
    if (this.#lifeline !== undefined) return this.#known;
    return performance.now() - this.#knownAt <= KNOWN_MILLISECONDS ? this.#known : undefined;
  }

  /** The name that the port stands for where it is held, as far as that is known without asking; null where it stands for none. */
  get name(): string | null | undefined {
    const told = this.holder === undefined ? undefined : this.#told;
    return told === undefined || performance.now() > told.until ? undefined : told.name;
  }

  /** Whether the port itself has told who holds it, and no lifeline. */
  get isIdentified(): boolean {
    return this.#lifeline === undefined && this.holder !== undefined;
  }

  /** Whether nothing is known of who holds it: neither by a lifeline nor by what it has said. */
  get isUnknown(): boolean {
    return this.#lifeline === undefined && this.#known === undefined && !this.#hasSpoken;
  }

  /** What tells when the holder is gone, where something does. */
  get lifeline(): Lifeline | undefined {
    return this.#lifeline;
  }

  /**
   * Tells whether a message comes from the one who holds the port, as far as is known.
   *
   * @param sender Who sent it.
   * @returns Whether.
   */
  isHolder({ uid, gid }: Caller): boolean {
    const holder = this.#known;
    return holder !== undefined && holder.uid === uid && holder.gid === gid;
  }

  /**
   * Notes who has sent a message from the port.
   *
   * @param sender Who.
   */
  heard(sender: Caller): void {
    this.#heard = this.#hasSpoken = true;
    if (this.#lifeline !== undefined || !this.isHolder(sender)) return;
    this.#knownAt = performance.now();
  }

  /**
   * Notes who holds the port in its own words. Where its lifeline says otherwise, that is somebody else's.
   *
   * @param answerer Who has answered, and what.
   */
  identified({ caller: sender, name, refusal }: Answerer): void {
    if (refusal !== LIFELINE_TELLS) this.#told = { name, until: performance.now() + KNOWN_MILLISECONDS };
    if (this.#lifeline !== undefined && this.isHolder(sender)) return;
    this.#isDoubted ||= this.#lifeline !== undefined;
    this.#lifeline?.close();
    this.#lifeline = undefined;
    this.#known = callerOf(this.port, sender);
    this.#knownAt = performance.now();
    // It may have begun to listen only now, as where its socket was handed to it.
    if (this.#adopt()) return;
    this.#interval = LOOK_MILLISECONDS.blind;
    this.#host.looks.delete(this);
    if (!this.isIdle) this.#lookLater();
  }

  /**
   * Notes that something is awaited.
   *
   * @param member What.
   * @param isQuestion Whether it only asks who holds the port: it is wanted no longer than something else is.
   */
  join(member: Member, isQuestion = false): void {
    if (isQuestion) this.#question = member;
    if (this.isIdle) this.#host.awaited(this.port, 1);
    this.#members.add(member);
    if (this.heapIndex >= 0 || this.isOver) return;
    const blind = this.dialect === NATIVE ? LOOK_MILLISECONDS.blind : LOOK_MILLISECONDS.quiet;
    this.#interval = this.#lifeline?.isWatched ? LOOK_MILLISECONDS.first : blind;
    this.#lookLater();
  }

  /**
   * Notes that something is awaited no longer.
   *
   * @param member What.
   */
  leave(member: Member): void {
    if (!this.#members.delete(member)) return;
    if (this.isIdle) {
      this.#socket = undefined;
      this.#host.awaited(this.port, -1);
    }
    if (this.#left !== undefined) {
      this.#left.resolve();
      this.#left = undefined;
    }
    if (this.#question === undefined) return;
    if (member === this.#question) this.#question = undefined;
    else if (this.#members.size === 1) {
      this.#question.abort(new Error("Nobody asks any more"));
    }
  }

  /** Resolves when something is awaited no longer. */
  left(): Promise<void> {
    return (this.#left ??= Promise.withResolvers<void>()).promise;
  }

  /** Looks whether the holder is still there, less and less often; not where nothing is awaited. */
  expire(): void {
    if (this.isIdle) return this.#lifeline === undefined ? this.#host.ended(this) : undefined;
    const heard = this.#heard;
    this.#heard = false;
    // What was sent went to whoever held the port before.
    if (this.isReplaced()) return this.#endLater();
    if (this.#known === undefined && this.#adopt()) {
      this.#question?.reject(LIFELINE_TELLS, this.#known);
    }
    if (heard) this.#interval = LOOK_MILLISECONDS.first;
    else if (this.isGone() && !this.#lifeline?.isWatched) return this.#endLater();
    const isWatched = this.#lifeline?.isWatched ?? false;
    if (!isWatched) this.#interval = LOOK_MILLISECONDS.blind;
    this.#lookLater();
    if (isWatched) this.#interval = Math.min(2 * this.#interval, LOOK_MILLISECONDS.longest);
  }

  /**
   * Ends the contact, and what is awaited from it.
   *
   * @param reason Why.
   */
  end(reason: Error): void {
    this.#end();
    for (const member of this.#members.inOrder()) member.reject(reason);
  }

  /**
   * Tells whether somebody listens beside the port by now, where whoever has answered did not: the port has changed hands.
   *
   * @returns Whether.
   */
  isReplaced(): boolean {
    if (this.#lifeline !== undefined || this.#known === undefined || !this.#hadNone || this.#isDoubted) return false;
    const lifeline = this.#host.openLifeline(this.port, () => {});
    lifeline?.close();
    return Boolean(lifeline);
  }

  /**
   * Notes that a message could not be sent.
   *
   * @param error Why. Where nobody holds the port, whoever has it next is another contact.
   */
  unreached(error: Error): void {
    if (error instanceof PeerGoneError && !this.isOver) this.replaced();
  }

  /** Lets go of a port that somebody else holds by now. What is awaited learns it once what was sent before has been read. */
  replaced(): void {
    // The lifeline tells the end of the process by itself, after that.
    if (this.isIdle) this.#end();
    else if (!this.#lifeline?.isWatched) this.#endLater();
  }

  /** Takes the lifeline of whoever holds the port, where there is one, and it is not somebody else's. */
  #adopt(): boolean {
    if (this.#isDoubted) return false;
    const lifeline = this.#host.openLifeline(this.port, this.#broken);
    this.#hadNone = lifeline === undefined;
    if (!lifeline) return false;
    if (this.#known !== undefined && !this.isHolder(callerOf(this.port, lifeline))) {
      lifeline.close();
      this.#isDoubted = true;
      return false;
    }
    this.#known ??= callerOf(this.port, lifeline);
    this.#lifeline = lifeline;
    return true;
  }

  readonly #broken = (): void => this.end(new PeerGoneError(this.port, "answering"));

  /** Tells whether it is sure that nobody holds the port any more, or somebody else. */
  isGone(): boolean {
    if (this.#lifeline !== undefined) return !this.#lifeline.ask();
    if (this.dialect === NATIVE) return this.#host.isGone(this.port);
    const socket = this.#host.socketAt(this.port);
    if (socket === undefined) return false;
    this.#socket ??= socket ?? undefined;
    return this.#socket !== socket;
  }

  /** What it has sent before may wait in the queue: in the second turn from now that has been read. */
  #endLater(): void {
    this.#end();
    setImmediate(() => setImmediate(() => this.end(new PeerGoneError(this.port, "answering"))));
  }

  #end(): void {
    this.isOver = true;
    this.#host.looks.delete(this);
    this.#lifeline?.close();
    this.#host.ended(this);
  }

  #lookLater(): void {
    this.deadline = performance.now() + this.#interval;
    this.#host.looks.add(this);
  }
}

/** Whoever holds a port, as one who calls: nothing is known of the process. */
function callerOf(port: number, { uid, gid }: Pick<Caller, "uid" | "gid">): Caller {
  return Object.freeze({ port, uid, gid, pidHint: 0 });
}
