/**
 * Warming up, by one rule for all: so many calls, or so much time, whichever is over first.
 *
 * @module
 */
import type { Plan } from "./bench.ts";
import type { ProgramHandle } from "./program_handle.ts";

/**
 * After so many calls V8 has compiled what takes part in its last form: the round trips of ProcsLink get shorter until about 15,000
 * calls one at a time, and its rates higher until about 100,000 with 64 in flight.
 */
const CALLS = { oneAtATime: 20_000, inFlight: 120_000 } as const;

/** A large text is more than its calls: after so many bytes each way it is enough as well. */
const ECHOED_BYTES = 134_217_728;

/** How many calls are in flight. */
const IN_FLIGHT = 64;

/** What can be warmed up. */
export type Kind = "rate" | "latency" | "turns" | "sync" | "pace";

/**
 * Warms a client and its server up.
 *
 * @param client The client.
 * @param plan How long each kind takes at most.
 * @param kinds The kinds of calls.
 */
export async function warmUp(client: ProgramHandle, { warmUp }: Plan, ...kinds: readonly Kind[]): Promise<void> {
  for (const kind of kinds) {
    const command = kind === "rate"
      ? `rate ${IN_FLIGHT} ${warmUp} ${CALLS.inFlight}`
      : `${kind} ${warmUp} ${CALLS.oneAtATime}`;
    await client.ask(command, warmUp);
  }
}

/**
 * Warms a client and its server up with texts.
 *
 * @param client The client.
 * @param plan How long it takes at most.
 * @param bytes Size of the texts.
 */
export async function warmUpWithTexts(client: ProgramHandle, { warmUp }: Plan, bytes: number): Promise<void> {
  const calls = Math.min(CALLS.oneAtATime, Math.ceil(ECHOED_BYTES / bytes));
  await client.ask(`echo ${bytes} ${warmUp} ${calls}`, warmUp);
}
