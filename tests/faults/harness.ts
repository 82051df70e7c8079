/**
 * Plays the scenes of a table: once as they should go, and once for each row.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { errnoDescription, errnoName } from "../../ffi/errno.ts";
import { ALLOCATING, ANY_OTHER, type Errno, type Fault, type FaultTable, LIBC, NOTHING, numberOf } from "./fault.ts";
import { MET } from "./met.ts";
import type { NeighbourKind } from "./neighbours.ts";
import { Stage } from "./stage.ts";

/** What goes on when a call fails. */
export interface Scene {
  /** What the neighbours do meanwhile; they wait for one another where it is left out. */
  readonly neighbours?: NeighbourKind;
  /** Has the peers live. It says when the failure strikes. */
  play(stage: Stage): void | Promise<void>;
}

/** Plays a scene to its end; returns what was seen. */
export async function play(
  { neighbours = "busy", play }: Scene,
  fault?: Fault,
  errno: Errno = "EIO",
): Promise<string[]> {
  await using stage = new Stage(fault && { ...fault, errno });
  await stage.openNeighbours(neighbours);
  await play(stage);
  await stage.finish();
  if (fault !== undefined) assert(stage.struck > 0, "The call that was to fail was never made");
  return stage.seen;
}

/** Registers a test for each scene of a table, with a step for each row and each of its errors. */
export function testFaults<Name extends string>(table: FaultTable<Name>, scenes: Readonly<Record<Name, Scene>>): void {
  for (const name of Object.keys(table) as Name[]) {
    const [scene, faults] = [scenes[name], table[name]];
    Deno.test(name, async (t) => {
      let usual: string[] = [];
      await t.step("nothing fails", async () => {
        usual = await play(scene);
      });
      for (const fault of faults) {
        const errnos = errnosOf(fault, faults);
        for (const errno of errnos) {
          await t.step(titleOf(fault, errno), async () => {
            const { seen } = fault;
            const expected = seen === NOTHING ? usual : seen.map((line) => wording(line, fault, errno));
            assertEquals(await play(scene, fault, errno), expected);
          });
        }
      }
    });
  }
}

/** The errors that a row is for. */
export function errnosOf(fault: Fault, rows: readonly Fault[]): readonly Errno[] {
  if (fault.errno === ANY_OTHER) {
    const named = rows.filter(({ call, of, after, errno }) => {
      return errno !== ANY_OTHER && call === fault.call && of === fault.of && after === fault.after;
    });
    return MET[fault.call].filter((errno) => !named.some((row) => errnosOf(row, rows).includes(errno)));
  }
  return typeof fault.errno === "string" ? [fault.errno] : fault.errno;
}

function titleOf({ call, of, times = 1, after = 0 }: Fault, errno: string): string {
  const what = of === undefined ? call : `${call} of ${of}`;
  const which = after === 0 ? "" : `, call ${after + 1}`;
  const often = times === 1 ? "" : times === Infinity ? ", always" : `, ${times} times`;
  return `${what} fails with ${errno}${which}${often}`;
}

/** Puts an error into a line as it is to be worded, where there is nothing to be said about what to do. */
function wording(line: string, { call }: Fault, errno: Errno): string {
  const isMemory = (ALLOCATING as readonly string[]).includes(call);
  const number = numberOf(errno);
  const reason = isMemory
    ? "Out of memory"
    : `${LIBC[call]} failed: ${errnoDescription(number)} (${errnoName(number)})`;
  return line.replaceAll("{error}", `${isMemory ? "RangeError" : "SyscallError"}: ${reason}`).replaceAll(
    "{reason}",
    reason,
  );
}
