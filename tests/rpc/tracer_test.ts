// What is told of calls, and to whom, without sockets.
import { assertEquals } from "@std/assert";
import { OwnedGroups, type OwnedGroupsHost } from "../../src/groups/owned_groups.ts";
import { JSONRPCError } from "../../src/jsonrpc/errors.ts";
import { readCallEvent } from "../../src/rpc/call_event.ts";
import type { RPCRequest } from "../../src/rpc/request.ts";
import { Tracer } from "../../src/rpc/tracer.ts";
import { fakeTime } from "../fakes/time.ts";

const REQUEST = { method: "work", id: 7, caller: { port: 1, uid: 2, gid: 3 }, calledName: undefined };

/** A request, as far as a tracer looks at it. */
function requestOf(fields: Partial<Record<keyof RPCRequest, unknown>> = {}): RPCRequest {
  return { ...REQUEST, ...fields } as unknown as RPCRequest;
}

/** A tracer, and what it has told. */
function openTracer(maxMessageSize = 67_108_864) {
  const told: unknown[] = [];
  const tracer = new Tracer({ publish: (text) => void told.push(JSON.parse(text)), maxMessageSize });
  return { tracer, told, last: () => readCallEvent(told.at(-1))! };
}

Deno.test("a duration is from the arrival of a request until it is done with, and the start is that long ago", () => {
  using time = fakeTime();
  const { tracer, last } = openTracer();
  const request = requestOf();
  tracer.began(request);
  time.busy(1_234.5678);
  tracer.ended(request, true, 4);
  const { startedAt, ...call } = last();
  assertEquals(call, {
    method: "work",
    caller: { port: 1, uid: 2 },
    id: 7,
    duration: 1_234.568,
    outcome: "result",
    inHand: 4,
  });
  const start = Date.now() - 1_234.568;
  assertEquals(Math.abs(startedAt - start) < 1_000, true);
});

Deno.test("a request is told of once, and not at all where it had arrived before", () => {
  const { tracer, told } = openTracer();
  const [request, earlier] = [requestOf(), requestOf()];
  tracer.began(request);
  for (const done of [request, request, earlier]) tracer.ended(done, true, 0);
  assertEquals(told.length, 1);
});

Deno.test("messages of errors and names are cut", () => {
  const { tracer, last } = openTracer();
  const request = requestOf({ calledName: "n".repeat(250) });
  tracer.began(request);
  tracer.ended(request, true, 0);
  assertEquals(last().calledName, "n".repeat(200));
  const failing = requestOf();
  tracer.began(failing);
  tracer.failed(failing, new JSONRPCError(-1, "m".repeat(300)));
  tracer.ended(failing, true, 0);
  assertEquals(last().error, { code: -1, message: "m".repeat(200) });
});

Deno.test("calls are told of while somebody traces, and not before or afterwards", async () => {
  const tracing: boolean[] = [];
  const nothing = () => {};
  const host: OwnedGroupsHost = {
    port: 100,
    bounds: { datagram: 1_000, message: 10_000 },
    prepare: () => {
      throw new Error("Nothing is published");
    },
    send: nothing,
    flush: nothing,
    watch: () => ({ isCurrent: true, close: nothing }),
    ask: () => Promise.resolve(true),
    mayJoin: () => true,
    denied: nothing,
    farewell: nothing,
    hold: nothing,
    release: nothing,
    traced: (publish) => void tracing.push(publish !== undefined),
  };
  const groups = new OwnedGroups(host);
  const [first, second] = [1, 2].map((port) => ({ port, uid: 0, gid: 0, pidHint: 0 }));
  const { stream, next } = await groups.join(first!, { group: "rpc.calls" }) as { stream: string; next: number };
  assertEquals(tracing, []);
  for (const [id, member] of [first!, second!].entries()) {
    await groups.join(member, { group: "rpc.calls", stream, id, next, hears: 0 });
  }
  groups.leave(first!, { stream, id: 0 });
  assertEquals(tracing, [true, true, true]);
  groups.leave(second!, { stream, id: 1 });
  assertEquals(tracing, [true, true, true, false]);
  await groups.join(first!, { group: "rpc.calls", stream, id: 5, next, hears: 0 });
  groups.close();
  assertEquals(tracing, [true, true, true, false, true, false]);
});
