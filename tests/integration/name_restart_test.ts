// An owner of a name that is killed under the calls of others, and started anew.
import { assert, assertEquals } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import { chooseSeed, Random } from "../hostile/random.ts";
import { type Program, start } from "./processes.ts";
import type { Callers, Figures } from "./programs/name_callers.ts";

const RESTARTS = 12;
/** Calls of each caller that an owner answers in a row before it is killed, at least, and how many more there may be. */
const ANSWERS = { fewest: 20, more: 100 } as const;
/** All that is waited for is there long before, in milliseconds. */
const HANG_MILLISECONDS = 20_000;

Deno.test("an owner of a name is killed under the calls of many, who reach the next one: each call ends, and none is carried out twice", async () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  const said = `PROCSLINK_SEED=${seed}`;
  const name = `test.${crypto.randomUUID()}`;
  await using client = new RPCPeer({ timeout: HANG_MILLISECONDS });
  await using programs = new AsyncDisposableStack();
  const begin = (program: string, ...args: string[]): Program => programs.use(start(program, args));
  let owner = begin("name_owner", name);
  await owner.lineWith("claimed");
  const processes = [begin("name_callers", name, "call", "remote", "batch"), begin("name_callers", name, "sync")];
  const lines = await Promise.all(processes.map((callers) => callers.line()));
  const callers = lines.map((port) => client.talkTo<Callers>(Number(port)));
  const allReached = async () => {
    const times = ANSWERS.fewest + random.below(ANSWERS.more);
    const { pid } = owner;
    await Promise.all(callers.map((remote) => remote.reached(pid, times)));
    return await Promise.all(callers.map((remote) => remote.ranAllTheSame()));
  };
  for (let restart = 0; restart < RESTARTS; restart++) {
    // At every other time somebody waits for the name already, who has it at once.
    const heir = restart % 2 === 0 ? undefined : begin("name_owner", name);
    if (heir !== undefined) assertEquals(await heir.line(), "waits", said);
    assertEquals(await allReached(), [[], []], said);
    await owner.kill();
    owner = heir ?? begin("name_owner", name);
    await owner.lineWith("claimed");
  }
  assertEquals(await allReached(), [[], []], said);
  await Promise.all(callers.map((remote) => remote.stop()));
  await owner.kill();
  const figures: Figures = Object.assign({}, ...await Promise.all(callers.map((remote) => remote.figures())));
  for (const [way, { begun, answered, gone, notFound, wrong }] of Object.entries(figures)) {
    assertEquals(wrong, [], `${way}, ${said}`);
    assertEquals(answered + gone + notFound, begun, `${way}, ${said}`);
  }
  const { never, ...others } = figures;
  const shown = `${said}: ${JSON.stringify(figures)}`;
  // It was under way at each of the kills.
  assert(never!.answered === 0 && never!.gone > RESTARTS, shown);
  for (const { answered, notFound } of Object.values(others)) {
    assert(answered >= (RESTARTS + 1) * ANSWERS.fewest && notFound > 0, shown);
  }
});
