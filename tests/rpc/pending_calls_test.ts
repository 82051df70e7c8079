import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { CallTimeoutError, JSONRPCError } from "../../mod.ts";
import { Deadlines } from "../../src/rpc/deadlines.ts";
import { anyoneAt } from "../fakes/contacts.ts";
import type { CallTerms, PendingCall } from "../../src/rpc/pending_call.ts";
import { PendingCalls } from "../../src/rpc/pending_calls.ts";

const TERMS: CallTerms = { port: 1, method: "x", timeout: Infinity, signal: undefined, ...anyoneAt(1) };

const senderAt = (port: number) => ({ port, uid: 1_000, gid: 1_000, pidHint: 1 });

function setUp(lastId = 0) {
  const deadlines = new Deadlines();
  const outcomes: unknown[] = [];
  const setup = {
    deadlines,
    outcomes,
    holds: 0,
    withdrawn: 0,
    pending: new PendingCalls({ hold: () => void setup.holds++, release: () => void setup.holds-- }, deadlines, lastId),
    add: (id: number, terms: Partial<CallTerms> = {}): PendingCall =>
      setup.pending.add(
        id,
        { ...TERMS, ...terms },
        (value) => void outcomes.push([id, "resolved", value]),
        (error) => void outcomes.push([id, "rejected", error]),
      ),
    message: { withdraw: () => void setup.withdrawn++ },
  };
  return setup;
}

Deno.test("ids go from 1 to 2^32 - 1, begin again, and pass over those that wait", () => {
  const { pending, add } = setUp(0xffff_fffd);
  assertEquals(pending.nextId(), 0xffff_fffe);
  assertEquals(pending.nextId(), 0xffff_ffff);
  add(1);
  add(2);
  assertEquals(pending.nextId(), 3);
});

Deno.test("a call that has ended is not ended again by its message", () => {
  const { pending, add, outcomes } = setUp();
  const call = add(1);
  assert(call.isPending);
  call.reject("first");
  call.undelivered(new Error("second"));
  assertEquals(outcomes, [[1, "rejected", "first"]]);
  assertEquals([call.isPending, pending.size], [false, 0]);
});

Deno.test("a call holds the link and has its deadline for as long as it waits, however it ends", () => {
  const setup = setUp();
  const { pending, add, deadlines } = setup;
  const { signal } = new AbortController();
  const ways: ((call: PendingCall) => void)[] = [
    (call) => call.resolve(1),
    (call) => call.reject(1),
    (call) => call.expire(),
    (call) => call.undelivered(new Error()),
    (call) => pending.delete(call),
    () => pending.rejectAll(new Error()),
    () => pending.rejectMessage(5, senderAt(1), new Error()),
    () => pending.settle({ jsonrpc: "2.0", id: 5, result: 1 }, 5, senderAt(1)),
  ];
  for (const end of ways) {
    const call = add(5, { timeout: 1_000, signal });
    assertEquals([setup.holds, pending.size, deadlines.size], [1, 1, 1]);
    end(call);
    assertEquals([setup.holds, pending.size, deadlines.size], [0, 0, 0]);
    pending.delete(call);
    assertEquals(setup.holds, 0);
  }
  assertEquals(setup.outcomes.length, ways.length - 1);
  assertInstanceOf((setup.outcomes[2] as unknown[])[2], CallTimeoutError);
  deadlines.rest();
});

Deno.test("a host that cannot hold fails the call, and nothing of it is left", () => {
  const deadlines = new Deadlines();
  const host = {
    hold() {
      throw new Error("No room");
    },
    release() {},
  };
  const pending = new PendingCalls(host, deadlines, 0);
  assertThrows(() => pending.add(1, { ...TERMS, timeout: 1 }, () => {}, () => {}), Error, "No room");
  assertEquals([pending.size, deadlines.size], [0, 0]);
});

Deno.test("a call that ends takes back its message where that waits, once, and not where it was delivered", () => {
  const setup = setUp();
  const { add, message } = setup;
  for (const end of [(call: PendingCall) => call.resolve(1), (call: PendingCall) => call.reject(1)]) {
    setup.withdrawn = 0;
    const waiting = add(1);
    waiting.waits(message);
    assertEquals(setup.withdrawn, 0);
    end(waiting);
    assertEquals(setup.withdrawn, 1);

    const delivered = add(2);
    delivered.waits(message);
    delivered.delivered();
    end(delivered);
    assertEquals(setup.withdrawn, 1);
  }
  const undelivered = add(3);
  undelivered.waits(message);
  undelivered.undelivered(new Error());
  assertEquals(setup.withdrawn, 1);
});

Deno.test("a message that has to wait after its call has ended is taken back at once", () => {
  const setup = setUp();
  const call = setup.add(1);
  call.reject("at once");
  call.waits(setup.message);
  assertEquals([setup.withdrawn, setup.outcomes.length], [1, 1]);
});

Deno.test("a response counts by its id and its port", () => {
  const { pending, add, outcomes } = setUp();
  add(1, { port: 7 });
  const response = { jsonrpc: "2.0", id: 1, result: "x" } as const;
  assertEquals(pending.settle({ ...response, id: 2 }, 1, senderAt(7)), false);
  assertEquals(pending.settle({ ...response, id: "1" }, 1, senderAt(7)), false);
  assertEquals(pending.settle(response, 1, senderAt(8)), false);
  assertEquals(outcomes, []);
  assertEquals(pending.settle(response, 1, senderAt(7)), true);
  assertEquals(pending.settle(response, 1, senderAt(7)), false);
  assertEquals(outcomes, [[1, "resolved", "x"]]);
});

Deno.test("an error without an id counts by the number of its message and its port; a result without one never", () => {
  const { pending, add, outcomes } = setUp();
  add(1, { port: 7 });
  const error = { code: 7, message: "no" };
  assertEquals(pending.settle({ jsonrpc: "2.0", id: null, result: 1 } as never, 1, senderAt(7)), false);
  assertEquals(pending.settle({ jsonrpc: "2.0", id: null, error }, 2, senderAt(7)), false);
  assertEquals(pending.settle({ jsonrpc: "2.0", id: null, error }, 1, senderAt(8)), false);
  assertEquals(outcomes, []);
  assertEquals(pending.settle({ jsonrpc: "2.0", id: null, error }, 1, senderAt(7)), true);
  assertInstanceOf((outcomes[0] as unknown[])[2], JSONRPCError);
});

Deno.test("a message is waited for until the last of its calls has ended", () => {
  const { pending, add, outcomes } = setUp();
  const [first, second] = [add(1), add(2)];
  add(3);
  pending.addBatch(1, [first, second]);
  assertEquals([pending.expects(1, senderAt(1)), pending.expects(3, senderAt(1)), pending.expects(4, senderAt(1))], [
    true,
    true,
    false,
  ]);
  assertEquals([pending.expects(1, senderAt(9)), pending.expects(3, senderAt(9))], [false, false]);
  // The first call numbers the message of the batch; the second has no message of its own.
  first.resolve("one");
  assertEquals(pending.expects(1, senderAt(1)), true);
  const reason = new Error("no more");
  assertEquals(pending.rejectMessage(1, senderAt(9), reason), false);
  assertEquals(pending.rejectMessage(1, senderAt(1), reason), true);
  assertEquals(pending.rejectMessage(1, senderAt(1), reason), false);
  assertEquals(outcomes, [[1, "resolved", "one"], [2, "rejected", reason]]);
  assertEquals(pending.expects(1, senderAt(1)), false);
  pending.deleteBatch(1);
  // The number may be given out again.
  add(1);
  assertEquals([pending.expects(1, senderAt(1)), pending.rejectMessage(1, senderAt(1), reason), pending.size], [
    true,
    true,
    1,
  ]);
});

Deno.test("a signal is listened to for as long as a call waits, and no longer", () => {
  const { add, outcomes } = setUp();
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  const [first, second] = [add(1, { signal }), add(2, { signal })];
  assertEquals(listeners, 1);
  first.resolve(1);
  assertEquals(listeners, 1);
  second.reject(2);
  assertEquals(listeners, 0);
  add(3, { signal });
  controller.abort("enough");
  assertEquals([listeners, outcomes[2]], [0, [3, "rejected", "enough"]]);
});
