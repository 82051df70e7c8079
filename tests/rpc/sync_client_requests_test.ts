// Requests that arrive during a synchronous call, and synchronous calls inside of handlers.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type JSONRPCError, PeerClosedError } from "../../mod.ts";
import { MAX_POSTPONED_BYTES } from "../../src/rpc/postponed_requests.ts";
import type { MemoryBlocking } from "../fakes/memory_network.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { fragments, frame, joined, type Received, settle, type Stranger } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";

interface Setup extends Peers {
  blocking: MemoryBlocking;
  /** What the client's handlers have done, in order. */
  ran: unknown[];
  /** Somebody who sends requests to the client. */
  caller: Stranger;
  /** A thread of its own, which answers every synchronous call with its params, once `meanwhile` has happened. */
  other: Stranger;
  meanwhile: (received: Received) => void;
}

function openClient(): Setup {
  const peers = openPeers();
  const { client } = peers;
  const blocking = peers.clientLink.blocking!;
  const [caller, other] = [peers.stranger(600), peers.stranger(500)];
  const setup: Setup = { ...peers, blocking, ran: [], caller, other, meanwhile: () => {} };
  client.registerFunction((value: unknown) => (setup.ran.push(value), value), "run");
  client.registerFunction((value: unknown) => {
    setup.ran.push(["before", value]);
    const result = client.callSync(500, "echo", [value]);
    setup.ran.push(["after", result]);
    return result;
  }, "ask");
  blocking.whileReceiving = () => {
    for (const request of other.readNow()) {
      setup.meanwhile(request);
      other.answer(200, request, (request.body as { params: [unknown] }).params[0]);
    }
  };
  return setup;
}

/** A request for the client, as a datagram. */
function requestOf(method: string, value: unknown, id?: number): Uint8Array<ArrayBuffer> {
  return frame(600, { body: { jsonrpc: "2.0", id, method, params: [value] }, netlink: { nlmsgSeq: id ?? 0 } });
}

Deno.test("requests that arrive during a synchronous call run after it, in order, and before what comes later", async () => {
  await using peers = openClient();
  const { client, caller, ran } = peers;
  client.runServerForever();
  peers.meanwhile = () => {
    caller.sendBytes(200, joined(requestOf("run", 1, 1), requestOf("run", 2)));
    const batch = [3, 4].map((id) => ({ jsonrpc: "2.0", id, method: "run", params: [id] }));
    caller.send(200, { body: batch });
    caller.sendFragments(200, { body: { jsonrpc: "2.0", id: 5, method: "run", params: [5] } }, 20);
  };
  assertEquals(client.callSync(500, "echo", ["x"]), "x");
  assertEquals(ran, []);
  caller.sendBytes(200, requestOf("run", 6));
  // On a busy machine each may have a turn of its own.
  await settled(10);
  assertEquals(ran, [1, 2, 3, 4, 5, 6]);
  const answers = caller.unread.flatMap(({ body }) => body as { result: unknown } | { result: unknown }[]);
  assertEquals(answers.map(({ result }) => result), [1, 3, 4, 5]);
  assertEquals(peers.clientTroubles, []);
});

Deno.test("requests that arrive during a synchronous call have their turn also where nothing else arrives", async () => {
  await using peers = openClient();
  peers.meanwhile = () => peers.caller.sendBytes(200, requestOf("run", 1, 1));
  peers.client.callSync(500, "echo", ["x"]);
  await settled();
  assertEquals([peers.ran, peers.caller.unread.length, peers.clientLink.holds], [[1], 1, 0]);
});

Deno.test("a message that begins before a synchronous call may end in it, and one that begins in it afterwards", async () => {
  await using peers = openClient();
  const { client, caller, ran } = peers;
  client.runServerForever();
  const [one, two] = [1, 2].map((value) =>
    fragments(600, { body: { jsonrpc: "2.0", method: "run", params: [value] }, procslink: { seq: value } }, 20)
  );
  caller.sendBytes(200, one!.shift()!);
  await settle();
  peers.meanwhile = () => {
    for (const piece of one!) caller.sendBytes(200, piece);
    caller.sendBytes(200, two!.shift()!);
  };
  client.callSync(500, "echo", ["x"]);
  assertEquals(ran, []);
  for (const piece of two!) caller.sendBytes(200, piece);
  await settled(5);
  assertEquals([ran, peers.clientTroubles], [[1, 2], []]);
});

Deno.test("what is no request is answered when the call has returned", async () => {
  await using peers = openClient();
  const { client, caller } = peers;
  peers.meanwhile = () => {
    caller.send(200, { body: "{", netlink: { nlmsgSeq: 1 } });
    caller.send(200, { body: {}, procslink: { version: 2 }, netlink: { nlmsgSeq: 2 } });
  };
  client.callSync(500, "echo", ["x"]);
  await settled();
  const codes = caller.unread.map(({ nlmsgSeq, body }) => [nlmsgSeq, (body as { error: JSONRPCError }).error.code]);
  assertEquals(codes.toSorted(), [[1, -32700], [2, -32600]]);
  assertEquals(peers.clientTroubles.length, 2);
});

Deno.test("more than so many bytes of requests are refused, and the callers told", async () => {
  await using peers = openClient();
  const { client, caller, ran, clientTroubles } = peers;
  client.registerFunction(({ length }: string) => void ran.push(length), "measure");
  const text = "x".repeat(99_000);
  const bytes = requestOf("measure", text, 1);
  const fit = Math.floor(MAX_POSTPONED_BYTES / (bytes.length - 40));
  peers.meanwhile = () => {
    for (let count = 0; count < fit + 2; count++) caller.sendBytes(200, bytes);
  };
  assertEquals(client.callSync(500, "echo", ["x"]), "x");
  // They have several turns.
  for (let turn = 0; turn < 1_000 && ran.length < fit; turn++) await settled();
  await settled();
  const reason = `More than ${MAX_POSTPONED_BYTES} bytes of requests have arrived during a synchronous call`;
  assertEquals([ran.length, clientTroubles], [fit, Array(2).fill(`refused: ${reason}`)]);
  const errors = caller.unread.map(({ body }) => (body as { error?: JSONRPCError }).error);
  assertEquals(errors.filter((error) => error?.code === -32002 && error.data === reason).length, 2);
  // Then there is room again.
  ran.length = 0;
  peers.meanwhile = () => caller.sendBytes(200, bytes);
  client.callSync(500, "echo", ["x"]);
  await settled();
  assertEquals(ran, [99_000]);
});

Deno.test("a handler may make a synchronous call, and what else its datagram holds is carried out after it", async () => {
  await using peers = openClient();
  const { client, caller, ran } = peers;
  client.runServerForever();
  let calls = 0;
  peers.meanwhile = () => {
    // Longer than what is being read just now: its memory must be another.
    if (++calls === 1) {
      caller.sendBytes(200, joined(requestOf("run", "z".repeat(1_000), 11), requestOf("ask", "late", 12)));
    }
  };
  const first = [requestOf("run", 1, 1), requestOf("ask", 2, 2), requestOf("run", 3, 3), requestOf("ask", 4, 4)];
  caller.sendBytes(200, joined(...first, requestOf("run", 5, 5)));
  caller.sendBytes(200, requestOf("run", 6, 6));
  await settled(10);
  assertEquals(ran, [
    1,
    ["before", 2],
    ["after", 2],
    3,
    ["before", 4],
    ["after", 4],
    5,
    6,
    "z".repeat(1_000),
    ["before", "late"],
    ["after", "late"],
  ]);
  assertEquals(caller.unread.length, 8);
  assertEquals(peers.clientTroubles, []);
});

Deno.test("a handler of a batch may make synchronous calls, and each member has its answer", async () => {
  await using peers = openClient();
  peers.client.runServerForever();
  const body = [1, 2, 3].map((id) => ({ jsonrpc: "2.0", id, method: id === 2 ? "run" : "ask", params: [id] }));
  peers.caller.send(200, { body });
  const answers = (await peers.caller.next()).body as { id: number; result: number }[];
  assertEquals(answers.map(({ id, result }) => [id, result]), [[1, 1], [2, 2], [3, 3]]);
});

Deno.test("a request in fragments may be answered with the help of a large synchronous call", async () => {
  await using peers = openClient();
  const { client, clientLink, other, blocking, caller } = peers;
  client.runServerForever();
  clientLink.maxDatagram = 500;
  blocking.whileReceiving = () => {
    const [request] = other.readNow() as [Received];
    other.answer(200, request, (request.body as { params: [unknown] }).params[0], 400);
  };
  const [one, two] = ["x", "y"].map((letter) => letter.repeat(100_000));
  caller.sendFragments(200, { body: { jsonrpc: "2.0", id: 1, method: "ask", params: [one] } }, 90_000);
  caller.sendFragments(200, { body: { jsonrpc: "2.0", id: 2, method: "ask", params: [two] } }, 90_000);
  const results = [await caller.next(), await caller.next()].map(({ body }) => (body as { result: string }).result);
  assertEquals(results.toSorted(), [one!, two!]);
});

Deno.test("a loop may make synchronous calls, and takes what arrives meanwhile next", async () => {
  await using peers = openClient();
  const { client, caller } = peers;
  const seen: unknown[] = [];
  const loop = (async () => {
    for await (const request of client) {
      const [value] = request.params as [unknown];
      if (value === "stop") break;
      seen.push(value);
      request.respond(client.callSync(500, "echo", [value]));
    }
  })();
  let calls = 0;
  peers.meanwhile = () => {
    if (++calls === 1) caller.sendBytes(200, joined(requestOf("x", 3, 3), requestOf("x", "stop")));
  };
  caller.sendBytes(200, joined(requestOf("x", 1, 1), requestOf("x", 2, 2)));
  await loop;
  await settled();
  assertEquals(seen, [1, 2, 3]);
  assertEquals(caller.unread.map(({ body }) => (body as { result: unknown }).result), [1, 2, 3]);
});

Deno.test("a large message keeps its order while requests that have waited make synchronous calls themselves", async () => {
  await using peers = openClient();
  const { client, caller, ran } = peers;
  client.runServerForever();
  const text = "abcdefghijklmnopqrstuvwxyz".repeat(10);
  const pieces = fragments(600, { body: { jsonrpc: "2.0", method: "run", params: [text] } }, 60);
  caller.sendBytes(200, pieces.shift()!);
  await settle();
  peers.meanwhile = () => {
    caller.sendBytes(200, requestOf("ask", 1));
    // While that request makes its own call, and the next fragment is in hand, the one behind it arrives.
    peers.meanwhile = () => caller.sendBytes(200, pieces.shift()!);
  };
  client.callSync(500, "echo", ["x"]);
  caller.sendBytes(200, pieces.shift()!);
  await settle();
  for (const piece of pieces) caller.sendBytes(200, piece);
  await settled(5);
  assertEquals([ran, peers.clientTroubles], [[["before", 1], ["after", 1], text], []]);
});

Deno.test("requests keep their order while those that have waited make synchronous calls themselves", async () => {
  await using peers = openClient();
  const { client, caller, ran } = peers;
  client.runServerForever();
  peers.meanwhile = () => {
    caller.sendBytes(200, requestOf("ask", 1));
    peers.meanwhile = () => caller.sendBytes(200, requestOf("run", 3));
  };
  client.callSync(500, "echo", ["x"]);
  caller.sendBytes(200, requestOf("run", 2));
  await settled(5);
  assertEquals(ran, [["before", 1], ["after", 1], 2, 3]);
});

Deno.test("what arrives after a synchronous call is refused no sooner than otherwise, however slow the handlers are", async () => {
  using time = fakeTime();
  await using peers = openClient();
  const { client, caller } = peers;
  let ran = 0;
  client.registerFunction((_value: unknown) => {
    ran++;
    time.busy(6);
  }, "slow");
  client.runServerForever();
  peers.meanwhile = () => caller.sendBytes(200, joined(requestOf("slow", 1), requestOf("slow", 1)));
  client.callSync(500, "echo", ["x"]);
  // More than wait during a synchronous call: without one they would wait in the kernel's queue, and their senders for room.
  const datagram = joined(...Array<Uint8Array>(600).fill(requestOf("slow", 1)));
  const count = Math.ceil(MAX_POSTPONED_BYTES / 832 / 600) + 2;
  for (let index = 0; index < count; index++) {
    caller.sendBytes(200, datagram);
    peers.clientLink.read();
  }
  assertEquals(peers.clientTroubles.length, 0, peers.clientTroubles[0]);
  // As many have run as have been read: no more wait here than before.
  assert(ran >= 600 * count, `${ran}`);
  for (let turn = 0; turn < 100_000 && ran < 2 + 600 * count; turn++) await settled();
  assertEquals(ran, 2 + 600 * count);
});

Deno.test("what has arrived during a synchronous call is answered with an error where the peer closes before its turn", async () => {
  await using peers = openClient();
  const { client, caller, ran } = peers;
  peers.meanwhile = () => caller.sendBytes(200, requestOf("run", 1, 1));
  client.callSync(500, "echo", ["x"]);
  client.close();
  await settled(2);
  const [answer] = caller.unread;
  assertEquals((answer?.body as { error: JSONRPCError } | undefined)?.error.message, "The peer is closed");
  assertEquals([ran, answer?.nlmsgSeq, caller.unread.length], [[], 1, 1]);
});

Deno.test("a trouble listener that closes the peer ends the call that waits", async () => {
  await using peers = openClient();
  const { client, caller } = peers;
  client.addEventListener("trouble", () => client.close());
  peers.meanwhile = () => caller.sendBytes(200, new Uint8Array(3));
  assertThrows(() => client.callSync(500, "echo", ["x"]), PeerClosedError, "The peer is closed");
});

Deno.test("a trouble listener may make a synchronous call, and what else its datagram holds is read as it is", async () => {
  await using peers = openClient();
  const { client, caller, ran, clientTroubles } = peers;
  let asked = false;
  client.addEventListener("trouble", () => {
    if (asked) return;
    asked = true;
    ran.push(client.callSync<string>(500, "echo", ["y".repeat(1_000)]).length);
  });
  let calls = 0;
  peers.meanwhile = () => {
    const bad = frame(600, { body: "xxxx", netlink: { nlmsgType: 0x55 } });
    if (++calls === 1) caller.sendBytes(200, joined(bad, requestOf("run", "behind", 1)));
  };
  assertEquals(client.callSync(500, "echo", ["x"]), "x");
  await settled();
  assertEquals([ran, clientTroubles], [[1_000, "behind"], ["malformed: nlmsg_type 85 is unknown"]]);
});
