// Whatever becomes of fragments on their way, what is kept is bounded, and what nothing has happened to arrives.
import { REASSEMBLER } from "./reassembler.ts";

Deno.test("any fragments, in any order", () => REASSEMBLER.check(500));
