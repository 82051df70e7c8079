import { assert, assertEquals } from "@std/assert";
import { Deadlines } from "../../src/rpc/deadlines.ts";
import { PendingCalls } from "../../src/rpc/pending_calls.ts";

const terms = { port: 1, method: "x", timeout: Infinity, signal: undefined };
const host = { hold() {}, release() {} };

Deno.test("ids go from 1 to 2^32 - 1, begin again, and pass over those that wait", () => {
  const pending = new PendingCalls(host, new Deadlines(), 0xffff_fffd);
  assertEquals(pending.nextId(), 0xffff_fffe);
  assertEquals(pending.nextId(), 0xffff_ffff);
  pending.add(1, terms, () => {}, () => {});
  pending.add(2, terms, () => {}, () => {});
  assertEquals(pending.nextId(), 3);
});

Deno.test("a call that has ended is not ended again by its message", () => {
  const pending = new PendingCalls(host, new Deadlines(), 0);
  const errors: unknown[] = [];
  const call = pending.add(1, terms, () => {}, (error) => errors.push(error));
  assert(pending.has(call));
  call.reject("first");
  call.undelivered(new Error("second"));
  assertEquals(errors, ["first"]);
  assertEquals([pending.has(call), pending.size], [false, 0]);
});
