// A member that does not keep its process running. In a process of its own.
import { assertEquals } from "@std/assert";
import { start } from "./processes.ts";

Deno.test("a member of an unref'd peer that waits for its owner does not keep the process running", async () => {
  await using program = start("unref_member");
  assertEquals(await program.ended(), { code: 0, lines: ["joining"], errors: "" });
});
