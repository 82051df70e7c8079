/**
 * The peer of memberships, as a test has it.
 *
 * @module
 */
import type { Caller } from "../../src/link/link.ts";
import { JoinedStreams } from "../../src/groups/joined_streams.ts";
import type { Answer, AttendanceHost, Ear, EarListener } from "../../src/groups/stay.ts";
import type { WatchedPort } from "../../src/groups/group_member.ts";
import { callerAt } from "./members.ts";

/** What hears a multicast group. */
export interface FakeEar extends Ear {
  readonly group: number;
  readonly from: number;
  readonly listener: EarListener;
  drains: number;
  closed: boolean;
}

/** A question to an owner. */
export interface Asked {
  readonly owner: number | string;
  readonly params: unknown;
  readonly outcome: PromiseWithResolvers<Answer>;
}

/** Notes what memberships ask for; a test answers. */
export class FakePeer implements AttendanceHost {
  readonly streams = new JoinedStreams();
  readonly asked: Asked[] = [];
  readonly acknowledged: unknown[][] = [];
  readonly left: unknown[][] = [];
  readonly ears: FakeEar[] = [];
  readonly watches: { port: number; gone: () => void; closed: boolean }[] = [];
  mayHear = false;

  ask(owner: number | string, params: object): Promise<Answer> {
    const outcome = Promise.withResolvers<Answer>();
    this.asked.push({ owner, params, outcome });
    return outcome.promise;
  }

  /** Answers the last question, as the user 10 at port 20. */
  answer(value: unknown = null): void {
    const { outcome } = this.asked.at(-1)!;
    if (value instanceof Error) outcome.reject(value);
    else outcome.resolve({ caller: callerAt(20), value });
  }

  acknowledge(...acknowledgement: unknown[]): void {
    this.acknowledged.push(acknowledgement);
  }

  leave(...leaving: unknown[]): void {
    this.left.push(leaving);
  }

  watch({ port }: Pick<Caller, "port">, gone: () => void): WatchedPort {
    const watch = { port, gone, closed: false };
    this.watches.push(watch);
    return { isCurrent: true, close: () => void (watch.closed = true) };
  }

  hear(group: number, from: number, listener: EarListener): Ear | undefined {
    if (!this.mayHear) return undefined;
    const ear: FakeEar = {
      ...{ group, from, listener, capacity: 8_192, drains: 0, closed: false },
      drain: () => void ear.drains++,
      close: () => void (ear.closed = true),
    };
    this.ears.push(ear);
    return ear;
  }
}
