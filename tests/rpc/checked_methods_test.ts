// Methods whose arguments are validated first: what runs, what is told, and in whose name.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { currentCall, DuplicateMethodError, type Handler, InternalError, RPCPeer } from "../../mod.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers } from "../fakes/peers.ts";
import { larger, largerLater, schemaOf } from "../fakes/schema.ts";
import { settle } from "../fakes/stranger.ts";
import { documentOf, refusalOf } from "./documents.ts";
import { notification, outcomeOf, request } from "./wire.ts";

Deno.test("no params are no names, also where the function takes its params apart", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const schema = z.object({ limit: z.number().default(10) });
  server.registerFunction(({ limit }) => limit, "limit", { schema: { params: schema } });
  server.runServerForever();
  for (const params of [undefined, [], {}]) assertEquals(await client.call(100, "limit", params), 10);
});

Deno.test("params are bound before they are validated: an unknown name and one argument too many are refused as ever", async () => {
  await using peers = openPeers();
  const { server } = peers;
  server.registerFunction((n) => n, "n", { params: ["n"], schema: { params: [larger] } });
  server.runServerForever();
  assertEquals(await refusalOf(peers, "n", { m: 1 }), 'n(n) has no parameter "m"');
  assertEquals(await refusalOf(peers, "n", [1, 2]), "n(n) takes at most 1 argument, not 2");
  assertEquals(await refusalOf(peers, "n", []), "n(n) needs n");
});

Deno.test("a method that is refused does not run, and a notification that is refused is trouble of the server only", async () => {
  await using peers = openPeers();
  const { server, client, serverTroubles } = peers;
  const ran: unknown[] = [];
  for (const [name, schema] of [["now", larger], ["later", largerLater]] as const) {
    server.registerFunction((n) => ran.push(n), name, { schema: { params: [schema] } });
  }
  server.runServerForever();
  for (const name of ["now", "later"]) {
    await refusalOf(peers, name, ["x"]);
    await client.notify(100, name, ["x"]);
  }
  await settle();
  assertEquals(ran, []);
  assertEquals(serverTroubles.length, 2);
  assert(serverTroubles[0]!.includes("now(n) refuses n: A number was expected"), serverTroubles[0]);
});

Deno.test("what a validator throws is the server's trouble, and its caller learns the message", async () => {
  await using peers = openPeers();
  const { server, client, serverTroubles } = peers;
  const throwing = schemaOf(() => {
    throw new Error("Out of order");
  });
  server.registerFunction(() => 1, "m", { params: ["a?"], schema: { params: [throwing] } });
  server.runServerForever();
  const error = await assertRejects(() => client.call(100, "m"), InternalError);
  assertEquals([error.data, serverTroubles.length], ["Out of order", 1]);
});

Deno.test("a request that is given up while its validator takes its time is not begun", async () => {
  await using peers = openPeers();
  const { server } = peers;
  const gate = Promise.withResolvers<void>();
  let ran = 0;
  const waiting = schemaOf((value) => gate.promise.then(() => value));
  server.registerFunction(() => ++ran, "m", { params: ["a?"], schema: { params: [waiting] } });
  server.runServerForever();
  const caller = peers.stranger();
  caller.send(100, request(1, "m"));
  caller.send(100, request(2, "m"));
  await settle();
  caller.send(100, notification("rpc.cancel", [1]));
  await settle();
  gate.resolve();
  assertEquals([outcomeOf(await caller.next()), ran], [1, 1]);
  await settle();
  assertEquals(caller.unread, []);
});

Deno.test("the current call is the same in the validator and in the function, whatever is async of them", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const seen: unknown[] = [];
  const note = () => seen.push(currentCall()?.request.id === undefined ? undefined : currentCall()!.caller.port);
  const spies = {
    now: schemaOf((value) => (note(), value)),
    later: schemaOf((value) => (note(), Promise.resolve(value))),
  };
  for (const [name, spy] of Object.entries(spies)) {
    const options = { params: ["a?"], schema: { params: [spy] } } as const;
    server.registerFunction(() => note(), name, options);
    server.registerFunction(async () => (note(), await null, note()), `${name}Async`, options);
  }
  server.runServerForever();
  for (const name of ["now", "later", "nowAsync", "laterAsync"]) await client.call(100, name);
  assertEquals(seen, Array.from({ length: 10 }, () => 200));
  assertEquals(currentCall(), undefined);
});

Deno.test("a handler sees its own call behind a slow validator, although it was dispatched in another's", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const seen: unknown[] = [];
  const later = schemaOf((value) => Promise.resolve(value));
  const note: Handler = () => seen.push(currentCall()?.request.method);
  server.registerFunction(note, "inner", { params: ["a?"], schema: { params: [later] } });
  server.registerFunction(async () => {
    const { value } = await loop.next();
    await value!.dispatch();
    note();
  }, "outer");
  const loop = server[Symbol.asyncIterator]();
  const outer = client.call(100, "outer");
  const { value } = await loop.next();
  const dispatched = value!.dispatch();
  await client.call(100, "inner");
  await Promise.all([dispatched, outer]);
  assertEquals(seen, ["inner", "outer"]);
  await loop.return!();
});

Deno.test("methods of an object have summaries and schemas of their own, and keep their this", async () => {
  class Counter {
    #count = 0;
    add(amount: number): number {
      return this.#count += amount;
    }
    reset(): void {
      this.#count = 0;
    }
  }
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunctionsInObject(new Counter(), {
    methods: { add: { summary: "Adds an amount", schema: { params: { amount: z.number() } } }, reset: undefined },
  });
  server.runServerForever();
  const counter = client.talkTo<Counter>(100);
  assertEquals([await counter.add(2), await counter.add(3)], [2, 5]);
  assertEquals(
    await refusalOf(peers, "add", ["2"]),
    "add(amount) refuses amount: Invalid input: expected number, received string",
  );
  await counter.reset();
  const { methods } = await documentOf(peers);
  assertEquals(methods.map(({ name, summary }) => [name, summary]), [["add", "Adds an amount"], ["reset", undefined]]);
});

Deno.test("options that do not fit are refused, and then no method of the object is offered", () => {
  using peer = new RPCPeer({ link: new MemoryNetwork().open(1) });
  const object = { f: (a: number) => a, g: (a: number) => a };
  const refused: [methods: Record<string, unknown>, message: string][] = [
    [{ h: {} }, 'The object has no method "h", but options for it'],
    [{ toString: {} }, 'The object has no method "toString", but options for it'],
    [{ g: { schema: { params: { b: larger } } } }, 'g(a) has no parameter "b", but a schema for it'],
    [{ g: { schema: { result: {} } } }, "The result of g needs a schema that follows Standard Schema, not object"],
    [{ g: { summary: 5 } }, "The summary of g must be a text, not number"],
    [{ g: { params: ["a", "a"] } }, "params names one twice"],
  ];
  for (const [methods, message] of refused) {
    assertThrows(() => peer.registerFunctionsInObject(object, { methods }), TypeError, message);
  }
  peer.registerFunctionsInObject(object);
  assertThrows(() => peer.registerFunctionsInObject(object), DuplicateMethodError);
});

Deno.test("one method of an object may be for others than the rest", async () => {
  await using peers = openPeers({ access: "same-user" });
  peers.server.registerFunctionsInObject({ open: () => 1, shut: () => 2 }, { methods: { open: { access: "anyone" } } });
  peers.server.runServerForever();
  const mallory = peers.stranger();
  mallory.send(100, request(1, "open"));
  mallory.send(100, request(2, "shut"));
  const answers = [outcomeOf(await mallory.next()), outcomeOf(await mallory.next())];
  assertEquals(answers.toSorted(), [-32001, 1]);
});
