// A server answers its own user's client while processes of another user send it all they can.
import { assert, assertEquals } from "@std/assert";
import { testUnless } from "../integration/processes.ts";
import { FloodProgram, reasonAgainstFloods } from "./flood_program.ts";
import { CONTROL, type Figures, NEIGHBOURS, type Neighbours, run } from "./neighbours.ts";
import { chooseSeed } from "./random.ts";
import { HEADINGS, row, table } from "./table.ts";

/** How long the client makes calls in a run. */
const RUN_MILLISECONDS = 1_500;
/** How long all but one in a hundred calls take at most that are made one after the other. */
const CALL_MILLISECONDS = 50;
/** Where many are made at a time, the client too has much to do, and the floods leave it little time for that. */
const MANY_CALLS_MILLISECONDS = 100;
/** How much more the server may use at the end than before, in bytes, and by how much its process may grow meanwhile. */
const [MOST_KEPT, LARGEST_PEAK] = [33_554_432, 201_326_592];
/** How long calls take depends also on who else is busy on this machine: the best of so many runs counts. */
const RUNS = 3;
/** On a busy machine they take longer than that. So many times as long they take only where something is wrong. */
const WRONG = 4;

const reason = await reasonAgainstFloods();

for (const [name, neighbours] of Object.entries(NEIGHBOURS)) {
  if (name === CONTROL) continue;
  const promise = "each call is answered, soon, and little is kept";
  testUnless(reason, `neighbours of another user, ${name}: ${promise}`, async () => {
    await using program = await FloodProgram.compile();
    const seed = chooseSeed();
    const rows = [HEADINGS];
    let [soon, tolerable] = [false, false];
    for (let runs = 0; runs < RUNS && !soon; runs++) {
      const figures = await run(program, neighbours, { milliseconds: RUN_MILLISECONDS, seed });
      rows.push(row(name, figures));
      // What is lost, and what is kept, depends on nobody else: each run counts.
      assertNothingLost(figures, neighbours, say(seed, rows));
      soon = isSoon(figures, neighbours.patience);
      tolerable ||= isSoon(figures, WRONG * (neighbours.patience ?? 1));
    }
    if (soon) return;
    if (tolerable) {
      return console.warn(`Calls take longer than they should, or this machine is busy:\n${say(seed, rows)}`);
    }
    const control = await run(program, NEIGHBOURS[CONTROL]!, { milliseconds: RUN_MILLISECONDS, seed });
    rows.push(row(CONTROL, control));
    // Where calls take long also while the floods go elsewhere, the machine is too busy to tell.
    assert(!isSoon(control, 0.5 * (neighbours.patience ?? 1)), say(seed, rows));
    console.warn(`This machine is too busy to tell how long calls take:\n${say(seed, rows)}`);
  });
}

function isSoon({ client: { single, many } }: Figures, share = 1): boolean {
  return single.p99 < share * CALL_MILLISECONDS && many.p99 < share * MANY_CALLS_MILLISECONDS;
}

function assertNothingLost({ client, floods, kept, peak }: Figures, { mayKeep = 0 }: Neighbours, said: string): void {
  for (const calls of ["single", "many", "sync", "newcomers"] as const) {
    const { lost, wrong, error } = client[calls];
    assertEquals({ lost, wrong, error }, { lost: 0, wrong: 0, error: undefined }, `${calls}, ${said}`);
  }
  assert(kept < MOST_KEPT + mayKeep && peak < LARGEST_PEAK + mayKeep, said);
  assertEquals(floods.some(({ sent }) => sent > 0), floods.length > 0, said);
}

function say(seed: number, rows: readonly (readonly string[])[]): string {
  return `PROCSLINK_SEED=${seed}\n${table(rows)}`;
}
