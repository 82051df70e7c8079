/**
 * Asks ports who holds them: many, but not all at once.
 *
 * @module
 */
import { inRootContext } from "../netlink/root_context.ts";
import { type Timer, unrefTimer } from "../netlink/unref_timer.ts";

/** How many ports are asked at once. */
export const ASKED_AT_ONCE = 64;

/** For how long a port that does not answer counts as one of them, in milliseconds: those who serve answer sooner. */
export const TURN_MILLISECONDS = 20;

/** When a port counts as silent that has not answered, in milliseconds. It may answer all the same. */
export const SILENT_MILLISECONDS = 100;

/** When a port is asked again whose question has failed, at first and at last, in milliseconds. */
const AGAIN_MILLISECONDS = { first: 20, longest: 5_000 } as const;

/** What a peer tells of itself, checked for types and lengths. */
export interface PeerIdentity {
  /** A text that no other peer has. */
  readonly incarnation: string;
  /** The port that it says is its own. */
  readonly port: number;
  /** The name that the port stands for which was asked; undefined where that is the peer's own. */
  readonly name: string | undefined;
  /** Names that it says are its: some of them, if they are many. */
  readonly names: readonly string[];
}

/** Who has answered. */
export interface Answer {
  /** Its user, in the words of the kernel. */
  readonly uid: number;
  /** What it tells of itself; undefined where it refuses to tell, or talks rubbish. */
  readonly identity: PeerIdentity | undefined;
  /** Whether it may tell later what it has refused now. */
  readonly isForNow?: boolean;
}

/**
 * Asks a port who holds it.
 *
 * @param port The port.
 * @param signal Gives the question up.
 * @returns Who has answered. Rejects where nobody has, and it may be asked again.
 */
export type AskPort = (port: number, signal: AbortSignal) => Promise<Answer>;

/** Learns what came of a question. */
export interface Asker {
  /**
   * Somebody has answered. Told once, or again where more may be told later.
   *
   * @param answer Who, and what.
   */
  answered(answer: Answer): void;
  /** Nobody has answered yet. */
  silent(): void;
}

/** A question, until it is closed. */
class Question {
  readonly #questions: Questions;
  readonly #port: number;
  readonly #asker: Asker;
  readonly #abort = new AbortController();
  #timer: Timer | undefined;
  #again: Timer | undefined;
  #pause: number = AGAIN_MILLISECONDS.first;
  #isClosed = false;
  #hasTurn = false;

  constructor(questions: Questions, port: number, asker: Asker) {
    this.#questions = questions;
    this.#port = port;
    this.#asker = asker;
  }

  /** Asks, now that it is its turn. */
  begin(): void {
    this.#hasTurn = true;
    this.#timer = unrefTimer(() => {
      this.#timer = unrefTimer(() => this.#asker.silent(), SILENT_MILLISECONDS - TURN_MILLISECONDS);
      this.#endTurn();
    }, TURN_MILLISECONDS);
    this.#ask();
  }

  /** Gives the question up. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#settle();
    clearTimeout(this.#again);
    this.#abort.abort(new Error("Nobody asks any more"));
    this.#questions.ended(this);
  }

  /** It is told no more that there is no answer. */
  #settle(): void {
    clearTimeout(this.#timer);
    this.#endTurn();
  }

  #endTurn(): void {
    if (!this.#hasTurn) return;
    this.#hasTurn = false;
    this.#questions.turnEnded();
  }

  async #ask(): Promise<void> {
    try {
      const answer = await this.#questions.askPort(this.#port, this.#abort.signal);
      if (this.#isClosed) return;
      if (answer.isForNow === true) this.#askLater();
      this.#settle();
      this.#asker.answered(answer);
    } catch {
      if (!this.#isClosed) this.#askLater();
    }
  }

  /** Whoever holds the port is gone, most often. Else it is asked again, less and less often. */
  #askLater(): void {
    this.#again = inRootContext(() => unrefTimer(() => void this.#ask(), this.#pause));
    this.#pause = Math.min(2 * this.#pause, AGAIN_MILLISECONDS.longest);
  }
}

/** The questions of a peer. */
export class Questions {
  /** Asks a port. */
  readonly askPort: AskPort;
  /** Those whose turn has not come. */
  readonly #waiting = new Set<Question>();
  #turns = 0;

  /**
   * @param askPort Asks a port.
   */
  constructor(askPort: AskPort) {
    this.askPort = askPort;
  }

  /**
   * Asks a port, when its turn comes.
   *
   * @param port The port.
   * @param asker Told what came of it, later than this returns.
   * @returns The question.
   */
  ask(port: number, asker: Asker): { close(): void } {
    const question = new Question(this, port, asker);
    this.#waiting.add(question);
    this.#next();
    return question;
  }

  /** Another one has its turn. */
  turnEnded(): void {
    this.#turns--;
    this.#next();
  }

  /**
   * Forgets a question.
   *
   * @param question The question.
   */
  ended(question: Question): void {
    this.#waiting.delete(question);
  }

  #next(): void {
    for (const question of this.#waiting) {
      if (this.#turns >= ASKED_AT_ONCE) return;
      this.#waiting.delete(question);
      this.#turns++;
      inRootContext(() => question.begin());
    }
  }
}
