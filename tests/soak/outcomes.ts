// How the calls of a soak end, by kind.
import { CallTimeoutError, PeerGoneError, ServerError } from "../../mod.ts";

/** What calls are made for. */
export const KINDS = ["digest", "echo", "make", "batch", "note", "sync", "timeout", "abort"] as const;

/** Of what kind a call is. */
export type Kind = typeof KINDS[number];

/** How calls of a kind have ended. */
export interface Outcomes {
  begun: number;
  /** With the right answer; a notification, with its delivery. */
  right: number;
  /** Since the server was killed, and since it was closed. */
  gone: number;
  closed: number;
  /** As it was asked for: by a timeout, or by a signal. */
  late: number;
  aborted: number;
}

/** Code of the error of a server that closes. */
const PEER_CLOSED = -32000;
const MOST_PROBLEMS = 20;

/** Counts how calls end. */
export class Ends {
  readonly kinds: Record<Kind, Outcomes> = Object.fromEntries(KINDS.map((kind) => [kind, noOutcomes()])) as Record<
    Kind,
    Outcomes
  >;
  /** What must not have happened. */
  readonly wrong: string[] = [];

  /** Notes what must not have happened. */
  isWrong(what: string): void {
    if (this.wrong.length < MOST_PROBLEMS) this.wrong.push(what);
  }

  /** Counts a call that has its answer. */
  answered(kind: Kind, isRight: boolean): void {
    if (isRight) this.kinds[kind].right++;
    else this.isWrong(`A call (${kind}) had a wrong answer`);
  }

  /**
   * Counts a call that has ended with an error.
   *
   * @param kind Of what kind it was.
   * @param error The error.
   * @param mayEnd Whether its server may be killed and closed.
   * @param reason What its signal was aborted with.
   * @returns Whether its server has ended, or is about to.
   */
  failed(kind: Kind, error: unknown, mayEnd: boolean, reason?: unknown): boolean {
    const outcomes = this.kinds[kind];
    const isGone = mayEnd && error instanceof PeerGoneError;
    const isClosed = mayEnd && error instanceof ServerError && error.code === PEER_CLOSED;
    if (isGone) outcomes.gone++;
    else if (isClosed) outcomes.closed++;
    else if (kind === "timeout" && error instanceof CallTimeoutError) outcomes.late++;
    else if (kind === "abort" && error === reason) outcomes.aborted++;
    else this.isWrong(`A call (${kind}) of a server that ${mayEnd ? "may end" : "stays"} ended with ${error}`);
    return isGone || isClosed;
  }
}

/** Adds outcomes up. */
export function addOutcomes(sum: Outcomes, added: Outcomes): void {
  for (const name of Object.keys(sum) as (keyof Outcomes)[]) sum[name] += added[name];
}

/** No outcomes at all. */
export function noOutcomes(): Outcomes {
  return { begun: 0, right: 0, gone: 0, closed: 0, late: 0, aborted: 0 };
}
