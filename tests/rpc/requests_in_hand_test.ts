// Requests that are not answered yet, and how they are found by those who sent them.
import { assertEquals } from "@std/assert";
import type { JSONRPCId } from "../../src/jsonrpc/guards.ts";
import type { RPCRequest } from "../../src/rpc/request.ts";
import { RequestsInHand } from "../../src/rpc/requests_in_hand.ts";

/** What is looked at of a request. */
function requestOf(port: number, id: JSONRPCId | undefined): RPCRequest {
  return { id, caller: { port, uid: 1_000, gid: 1_000, pidHint: 1 } } as RPCRequest;
}

/** Takes requests into hand, and keeps them for those who give up. */
function keep(...requests: RPCRequest[]): RequestsInHand {
  const inHand = new RequestsInHand();
  for (const request of requests) {
    inHand.add(request);
    inHand.keep(request);
  }
  return inHand;
}

Deno.test("requests are counted, and come in the order in which they were added", () => {
  const [a, b, c] = [requestOf(2, 1), requestOf(1, undefined), requestOf(2, "1")];
  const inHand = keep(a, b, c);
  assertEquals([inHand.size, [...inHand]], [3, [a, b, c]]);
  inHand.delete(b);
  assertEquals([inHand.size, [...inHand]], [2, [a, c]]);
});

Deno.test("what was kept is found by its port, and a notification is not", () => {
  const [a, b, c, d] = [requestOf(1, 1), requestOf(1, null), requestOf(2, 1), requestOf(3, undefined)];
  const inHand = keep(a, b, c, d);
  assertEquals([inHand.of(1), inHand.of(2), inHand.of(3), inHand.of(4)], [[a, b], [c], [], []]);
  assertEquals([...inHand.ports], [1, 2]);
});

Deno.test("what was not kept costs nothing, and is counted all the same", () => {
  const inHand = new RequestsInHand();
  const request = requestOf(1, 1);
  inHand.add(request);
  assertEquals([inHand.size, [...inHand.ports], inHand.of(1)], [1, [], []]);
  inHand.delete(request);
  assertEquals(inHand.size, 0);
});

Deno.test("nothing is left of what was deleted, however often that is done", () => {
  const requests = [requestOf(1, 1), requestOf(1, "1"), requestOf(1, null), requestOf(2, 1), requestOf(2, undefined)];
  const inHand = keep(...requests);
  for (const request of requests) {
    inHand.delete(request);
    inHand.delete(request);
  }
  assertEquals([inHand.size, [...inHand.ports], inHand.of(1), inHand.of(2)], [0, [], [], []]);
  // What was never there is no matter.
  inHand.delete(requestOf(7, 7));
  assertEquals(inHand.size, 0);
});

Deno.test("the ids of one port are no concern of those of another, nor those of one type of those of another", () => {
  const ids: JSONRPCId[] = [1, "1", null, "null", 0, ""];
  const requests = ids.flatMap((id) => [requestOf(1, id), requestOf(2, id)]);
  const inHand = keep(...requests);
  inHand.delete(requests[0]!);
  inHand.delete(requests[5]!);
  assertEquals(inHand.of(1).map(({ id }) => id), ["1", null, "null", 0, ""]);
  assertEquals(inHand.of(2).map(({ id }) => id), [1, "1", "null", 0, ""]);
});

Deno.test("keeping a request twice is fine", () => {
  const request = requestOf(1, 1);
  const inHand = keep(request);
  inHand.keep(request);
  assertEquals([inHand.size, inHand.of(1)], [1, [request]]);
  inHand.delete(request);
  assertEquals([inHand.size, [...inHand.ports]], [0, []]);
});

Deno.test("of two requests with one id the first does not take the second along", () => {
  const [first, second] = [requestOf(1, 1), requestOf(1, 1)];
  const inHand = keep(first, second);
  assertEquals(inHand.size, 2);
  inHand.delete(first);
  assertEquals([inHand.size, inHand.of(1)], [1, [second]]);
  inHand.delete(second);
  assertEquals([inHand.size, [...inHand.ports]], [0, []]);
});
