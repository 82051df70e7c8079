// Others are called by name.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { AccessDeniedError, NameNotFoundError, PeerGoneError, RPCPeer } from "../../mod.ts";
import type { BatchCall, CallOptions } from "../../mod.ts";
import { isolateSendBuffer } from "../../src/rpc/isolate.ts";
import type { Peers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { heardBy } from "./blind.ts";
import { CLOCK, CLOCK_PORT, lastNamed, openNamed, questionsTo, serveMeanwhile, TWIN_PORT, TWINS } from "./named.ts";
import { methodsSentBy } from "./wire.ts";

/** A server with names that serves, also while the client waits with its thread. */
function openServed(...arguments_: Parameters<typeof openNamed>): Peers {
  const peers = openNamed(...arguments_);
  void peers.server.runServerForever();
  serveMeanwhile(peers);
  return peers;
}

/** The ways in which something is sent to a name. */
const ways: Record<string, (peer: RPCPeer, target: string, method: string, options?: CallOptions) => Promise<unknown>> =
  {
    "a call": (peer, target, method, options) => peer.call(target, method, undefined, options),
    "a notification": (peer, target, method, options) => peer.notify(target, method, undefined, options),
    "a batch": async (peer, target, method, options) => {
      const [outcome] = await peer.batch(target, [{ method }], options);
      if (outcome!.status === "rejected") throw outcome!.reason;
      return outcome!.value;
    },
    "a batch of notifications": (peer, target, method, options) => {
      return peer.batch(target, [{ method, notify: true }], options).then(([outcome]) =>
        (outcome as { value: unknown }).value
      );
    },
    "a synchronous call": async (peer, target, method, options) => {
      return await Promise.resolve(peer.callSync(target, method, undefined, options));
    },
    "a method of a remote object": (peer, target, method, options) => {
      return peer.talkTo<Record<string, () => Promise<unknown>>>(target, options)[method]!();
    },
  };

for (const [way, send] of Object.entries(ways)) {
  Deno.test(`${way} reaches whoever has the name, at the name's port`, async () => {
    await using peers = openServed();
    const { client, clientLink, server } = peers;
    let ran = 0;
    server.registerFunction(() => ++ran, "run");
    const answer = await send(client, CLOCK, "run");
    await settle();
    assertEquals([answer ?? 1, ran, methodsSentBy(clientLink, 100)], [1, 1, []]);
    assertEquals(methodsSentBy(clientLink, CLOCK_PORT), ["rpc.identity", "run"]);
  });

  Deno.test(`${way} to a name that nobody has says so`, async () => {
    await using peers = openServed([]);
    const error = await assertRejects(() => send(peers.client, CLOCK, "via"), NameNotFoundError);
    assertEquals([error.message, error.peerName, error.port], [`Nobody has the name "${CLOCK}"`, CLOCK, CLOCK_PORT]);
    assert(!error.mayHaveRun);
  });

  Deno.test(`${way} is not sent to another name that stands for the same port`, async () => {
    await using peers = openServed([TWINS[0]]);
    const error = await assertRejects(() => send(peers.client, TWINS[1], "via"), NameNotFoundError);
    const stands = `Nobody has the name "${TWINS[1]}": it stands for port ${TWIN_PORT}, and "${TWINS[0]}" has that`;
    assertEquals([error.message, methodsSentBy(peers.clientLink)], [stands, ["rpc.identity"]]);
  });

  Deno.test(`${way} is not sent where whoever holds the port has no name`, async () => {
    await using peers = openServed([]);
    const { client, clientLink, network } = peers;
    const squatterLink = network.open(CLOCK_PORT, { uid: 10 });
    await using squatter = new RPCPeer({ link: squatterLink, access: "anyone" });
    void squatter.runServerForever();
    const { whileReceiving } = clientLink.blocking!;
    clientLink.blocking!.whileReceiving = (milliseconds) => (squatterLink.read(), whileReceiving(milliseconds));
    const error = await assertRejects(() => send(client, CLOCK, "via"), NameNotFoundError);
    assert(error.message.endsWith(`port ${CLOCK_PORT}, and whoever holds it has no name`), error.message);
    assertEquals(methodsSentBy(clientLink), ["rpc.identity"]);
  });

  Deno.test(`${way} of somebody who may call nothing is denied, and does not learn whether the name is there`, async () => {
    for (const name of TWINS) {
      await using peers = openServed([TWINS[0]], {}, { clientUid: 33, server: { access: "same-user" } });
      const error = await assertRejects(() => send(peers.client, name, "via"), AccessDeniedError);
      assertEquals(error.uid, undefined);
      assertEquals(methodsSentBy(peers.clientLink), ["rpc.identity"]);
    }
  });

  Deno.test(`${way} is not sent to a name that somebody has who is not trusted, who is not even asked`, async () => {
    await using peers = openServed([CLOCK], {}, { clientUid: 33 });
    const error = await assertRejects(
      () => send(peers.client, CLOCK, "via", { trust: { uids: [33] } }),
      AccessDeniedError,
    );
    assertEquals(error.uid, 10);
    // Only a lifeline that says so is not the last word.
    assert(methodsSentBy(peers.clientLink).every((method) => method === "rpc.identity"));
  });

  Deno.test(`${way} is not sent where another user answers for the name than the one who was trusted`, async () => {
    await using peers = openServed([CLOCK], {}, { clientUid: 33 });
    const { client, clientLink, serverLink } = peers;
    // The lifeline is the one of a trusted user; the socket is not.
    lastNamed(serverLink).lifelineOwner = { ...clientLink.self };
    const error = await assertRejects(() => send(client, CLOCK, "via", { trust: { uids: [33] } }), AccessDeniedError);
    assertEquals([error.uid, methodsSentBy(clientLink)], [10, ["rpc.identity"]]);
  });

  Deno.test(`${way} to a number in a text is a mistake`, async () => {
    await using peers = openServed();
    const message = "target must be a port, which is a number, not string";
    await assertRejects(async () => await send(peers.client, "100", "via"), TypeError, message);
  });

  Deno.test(`${way} finds who has the name after a restart`, async () => {
    await using peers = openServed();
    const { client, clientLink, network, server, serverLink } = peers;
    assertEquals(await client.call(CLOCK, "via"), CLOCK);
    lastNamed(serverLink).kill();
    serverLink.kill();
    const nextLink = network.open(101, { uid: 10 });
    await using next = new RPCPeer({ link: nextLink, name: CLOCK, access: "anyone" });
    const ran: string[] = [];
    next.registerFunction(() => ran.push("next"), "run");
    void next.runServerForever();
    clientLink.blocking!.whileReceiving = () => {
      lastNamed(nextLink).read();
      isolateSendBuffer().flush();
    };
    await send(client, CLOCK, "run");
    await settle();
    assertEquals([ran, questionsTo(CLOCK_PORT, clientLink)], [["next"], 2]);
    await server.close();
  });
}

Deno.test("who has a name is asked once, and then no more", async () => {
  await using peers = openServed();
  const { client, clientLink } = peers;
  const calls = [client.call(CLOCK, "via"), client.call(CLOCK, "via"), client.notify(CLOCK, "via")];
  await Promise.all(calls);
  await client.call(CLOCK, "via");
  assertEquals(client.callSync(CLOCK, "via"), CLOCK);
  await client.batch(CLOCK, [{ method: "via" }]);
  assertEquals(questionsTo(CLOCK_PORT, clientLink), 1);
});

Deno.test("calls keep their order while it is asked who has the name", async () => {
  await using peers = openServed();
  const { client, server } = peers;
  const order: number[] = [];
  server.registerFunction((index: number) => void order.push(index), "note");
  await Promise.all([1, 2, 3].map((index) => client.call(CLOCK, "note", [index])));
  assertEquals(order, [1, 2, 3]);
});

Deno.test("a remote object of a name shows it", async () => {
  await using peers = openServed();
  assert(String(peers.client.talkTo(CLOCK)).includes(CLOCK));
});

Deno.test("what cannot be a name is not called", async () => {
  await using peers = openServed();
  const { client, clientLink } = peers;
  await assertRejects(() => client.call("", "via"), RangeError, "it is empty");
  await assertRejects(() => client.notify("a\n", "via"), RangeError, "it has a control character");
  assertThrows(() => client.talkTo(""), RangeError, "it is empty");
  assertThrows(() => client.talkTo("100"), TypeError, "target must be a port, which is a number, not string");
  assertThrows(() => client.callSync({} as never, "via"), TypeError, "target must be a port");
  await assertRejects(() => client.batch("", [{ method: "via" } satisfies BatchCall]), RangeError, "it is empty");
  assertEquals(clientLink.sent, []);
});

Deno.test("a name of the same thread can be called, but not be waited for with it", async () => {
  await using peers = openServed();
  const { server } = peers;
  assertEquals(await server.call(CLOCK, "via"), CLOCK);
  assertThrows(() => server.callSync(CLOCK, "via"), TypeError, `Port ${CLOCK_PORT} is held by this very thread`);
});

Deno.test("a call that was pending when its process ended rejects, and may have run", async () => {
  await using peers = openServed();
  const { client, serverLink } = peers;
  const call = client.call(CLOCK, "wait");
  await settled();
  lastNamed(serverLink).kill();
  const error = await assertRejects(() => call, PeerGoneError);
  assertEquals([error.mayHaveRun, error.port, error instanceof NameNotFoundError], [true, CLOCK_PORT, false]);
  await assertRejects(() => client.call(CLOCK, "via"), NameNotFoundError);
});

Deno.test("another name that has the port after a restart is not called", async () => {
  await using peers = openServed([TWINS[0]]);
  const { client, server } = peers;
  const remote = client.talkTo<{ via(): string }>(TWINS[0]);
  assertEquals(await remote.via(), TWINS[0]);
  await server.release(TWINS[0]);
  server.claim(TWINS[1]);
  await assertRejects(() => remote.via(), NameNotFoundError, `and "${TWINS[1]}" has that`);
  await server.release(TWINS[1]);
  await assertRejects(() => remote.via(), NameNotFoundError, `Nobody has the name "${TWINS[0]}"`);
  server.claim(TWINS[0]);
  assertEquals(await remote.via(), TWINS[0]);
});

Deno.test("a call by port does not ask for a name, and tells nothing of one", async () => {
  await using peers = openServed();
  const { client, clientLink } = peers;
  assertEquals(await client.call(CLOCK_PORT, "via"), CLOCK);
  assertEquals(questionsTo(CLOCK_PORT, clientLink), 0);
  const { message, name } = await assertRejects(() => client.call(TWIN_PORT, "via"), PeerGoneError);
  assertEquals([name, message], ["PeerGoneError", `No peer holds port ${TWIN_PORT}`]);
});

Deno.test("a call that is given up while it is asked who has the name is not sent", async () => {
  await using peers = openNamed();
  const { client, clientLink } = peers;
  const controller = new AbortController();
  const call = client.call(CLOCK, "via", undefined, { signal: controller.signal });
  await settle();
  controller.abort("enough");
  assertStrictEquals(await call.catch((reason) => reason), "enough");
  void peers.server.runServerForever();
  await settled(3);
  assert(!methodsSentBy(clientLink).includes("via"));
  assertEquals([client.stats().callsInFlight, clientLink.holds], [0, 0]);
});

Deno.test("a port without a lifeline is asked for its name, and gets nothing else before", async () => {
  await using peers = openServed([]);
  const { client } = peers;
  const blind = peers.stranger(CLOCK_PORT, { uid: 10 });
  blind.link.hasLifeline = false;
  const call = client.call(CLOCK, "store", ["secret"]);
  const question = await blind.next();
  await settle();
  assertEquals(heardBy(blind), []);
  blind.answer(200, question, { name: CLOCK });
  const request = await blind.next();
  blind.answer(200, request, "stored");
  assertEquals([await call, (request.body as { method: string }).method], ["stored", "store"]);
});

Deno.test("a port without a lifeline that has got another name is asked once more", async () => {
  await using peers = openServed([]);
  const { client, clientLink, server, serverLink } = peers;
  serverLink.hasLifeline = false;
  server.claim(TWINS[0]);
  assertEquals(await client.call(TWINS[0], "via"), TWINS[0]);
  await server.release(TWINS[0]);
  server.claim(TWINS[1]);
  assertEquals([await client.call(TWINS[1], "via"), await client.call(TWINS[1], "via")], [TWINS[1], TWINS[1]]);
  assertEquals(questionsTo(TWIN_PORT, clientLink), 2);
});

for (const answer of [null, 7, "text", [], {}, { name: 7 }, { name: null }, { names: [CLOCK] }]) {
  Deno.test(`who answers something else has no name: ${JSON.stringify(answer)}`, async () => {
    await using peers = openServed([]);
    const blind = peers.stranger(CLOCK_PORT, { uid: 10 });
    const call = peers.client.call(CLOCK, "store", ["secret"]);
    blind.answer(200, await blind.next(), answer);
    await assertRejects(() => call, NameNotFoundError, "whoever holds it has no name");
    assertEquals(blind.unread, []);
  });
}
