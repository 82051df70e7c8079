// The fault table is whole: every system call is in it, and every error of it that can be met.
import { assert, assertEquals } from "@std/assert";
import { type Call, type Errno, type Fault, INFALLIBLE } from "./fault.ts";
import { errnosOf } from "./harness.ts";
import { MET } from "./met.ts";
import { TABLES } from "./tables/all.ts";

/** One error of one row. */
interface Cell {
  readonly scene: string;
  readonly fault: Fault;
  readonly errno: Errno;
}

const CELLS: readonly Cell[] = Object.values(TABLES).flatMap((table) =>
  Object.entries(table).flatMap(([scene, faults]) =>
    faults.flatMap((fault) => errnosOf(fault, faults).map((errno) => ({ scene, fault, errno })))
  )
);

/** The methods of the interface, as its source has them. */
function methods(): string[] {
  const source = Deno.readTextFileSync(new URL("../../ffi/syscalls.ts", import.meta.url));
  const [, body] = source.match(/^export interface Syscalls \{\n(.*?)^\}/ms)!;
  return [...body!.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name!);
}

Deno.test("there is something to look at", () => {
  assert(methods().length > 30 && methods().includes("epollCreate") && methods().includes("sendto"));
  assert(CELLS.length > 1_500, `only ${CELLS.length} cells`);
});

Deno.test("every method of Syscalls has a row, unless it cannot fail", () => {
  const inTable = new Set<string>([...INFALLIBLE, ...CELLS.map(({ fault }) => fault.call)]);
  assertEquals(methods().filter((name) => !inTable.has(name)), []);
  assertEquals([...inTable].filter((name) => !methods().includes(name)), [], "they are no methods any more");
});

Deno.test("every error that a call can meet has a row, and no other has", () => {
  const told = new Set(CELLS.map(({ fault, errno }) => `${fault.call} ${errno}`));
  const met = (Object.keys(MET) as Call[]).flatMap((call) => MET[call].map((errno) => `${call} ${errno}`));
  assertEquals(met.filter((cell) => !told.has(cell)), [], "there is no row");
  assertEquals([...told].filter((cell) => !met.includes(cell)), [], "no man page has it");
});

Deno.test("no row says something that another one says too", () => {
  const names = CELLS.map(({ scene, fault, errno }) => {
    const { call, of, after = 0, times = 1 } = fault;
    return [scene, call, of, after, times, errno].join();
  });
  assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
});

Deno.test("no row is empty", () => {
  const empty = Object.values(TABLES).flatMap((table) =>
    Object.entries(table).flatMap(([scene, faults]) => [
      ...(faults.length === 0 ? [scene] : []),
      ...faults.filter((fault) => errnosOf(fault, faults).length === 0).map(({ call }) => `${scene}: ${call}`),
    ])
  );
  assertEquals(empty, []);
});
