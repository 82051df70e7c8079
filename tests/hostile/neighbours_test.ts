// A server answers its own user's client while processes of another user send it all they can.
import { assert, assertEquals } from "@std/assert";
import { testUnless } from "../integration/processes.ts";
import { FloodProgram, reasonAgainstFloods } from "./flood_program.ts";
import { type Figures, NEIGHBOURS, run } from "./neighbours.ts";
import { chooseSeed } from "./random.ts";
import { HEADINGS, row, table } from "./table.ts";

/** How long the client makes calls in a run. */
const RUN_MILLISECONDS = 1_500;
/** How long all but one in a hundred calls take at most that are made one after the other. */
const CALL_MILLISECONDS = 50;
/** Where many are made at a time, the client too has much to do, and the floods leave it little time for that. */
const MANY_CALLS_MILLISECONDS = 100;
/** How much the server may grow, in bytes, beside what it may keep; and how much meanwhile, with what is not yet collected. */
const LARGEST_GROWTH = 33_554_432;
const LARGEST_PEAK = 4 * LARGEST_GROWTH;
/** How long calls take depends also on who else is busy on this machine: the best of so many runs counts. */
const RUNS = 3;

const reason = await reasonAgainstFloods();

for (const [name, neighbours] of Object.entries(NEIGHBOURS)) {
  const promise = "each call is answered, soon, and the server does not grow";
  testUnless(reason, `neighbours of another user, ${name}: ${promise}`, async () => {
    await using program = await FloodProgram.compile();
    const seed = chooseSeed();
    const runs: Figures[] = [];
    const isSoon = ({ client: { single, many } }: Figures) =>
      single.p99 < CALL_MILLISECONDS && many.p99 < MANY_CALLS_MILLISECONDS;
    while (runs.length < RUNS && !runs.some(isSoon)) {
      runs.push(await run(program, neighbours, { milliseconds: RUN_MILLISECONDS, seed }));
    }
    const said = `PROCSLINK_SEED=${seed}\n${table([HEADINGS, ...runs.map((figures) => row(name, figures))])}`;
    // What is lost, and what is kept, depends on nobody else: each run counts.
    for (const { client: { single, many }, floods, growth, peak } of runs) {
      for (const { lost, wrong, error } of [single, many]) assertEquals([lost, wrong, error], [0, 0, undefined], said);
      const { kept = 0 } = neighbours;
      assert(growth < LARGEST_GROWTH + kept && peak < LARGEST_PEAK + kept, said);
      assertEquals(floods.some(({ sent }) => sent > 0), floods.length > 0, said);
    }
    assert(runs.some(isSoon), said);
  });
}
