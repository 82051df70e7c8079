/**
 * The command `procslink`: who is there, what they offer, and calls from a shell. Run: `deno run --allow-ffi
 * jsr:@procslink/procslink/cli help`.
 *
 * @module
 */
import { runProgram } from "./program.ts";
import { targetOf } from "./terminal.ts";
import { VERBS } from "./verbs.ts";

if (import.meta.main) {
  // Something may still wait for input.
  Deno.exit(await runProgram(Deno.args, VERBS, { out: targetOf(Deno.stdout), err: targetOf(Deno.stderr) }));
}
