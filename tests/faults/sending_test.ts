// Sending: calls, notifications, batches, large messages, answers, what waits for room, and what nobody waits for.
import type { RPCPeer } from "../../mod.ts";
import { type Scene, testFaults } from "./harness.ts";
import type { Stage } from "./stage.ts";
import { SENDING } from "./tables/sending.ts";

/** A client and a server, of which one is of another process. */
interface Both {
  readonly client: RPCPeer;
  readonly server: RPCPeer;
}

const LARGE = "x".repeat(300_000);

/** A client of this process. */
function openClient(stage: Stage): Both {
  return { server: stage.serve("server", { port: 20, elsewhere: true }), client: stage.open("client", { port: 10 }) };
}

/** A client of this process, and a server that has no lifeline. */
function openClientOfUnheard(stage: Stage): Both {
  stage.kernel.fail("listen", "EPERM");
  return openClient(stage);
}

/** A server of this process. */
function openServer(stage: Stage): Both {
  const server = stage.serve("server", { port: 20 });
  return { server, client: stage.open("client", { port: 10, elsewhere: true }) };
}

/** Something is sent while the failure strikes. The next call works. */
function sends(open: (stage: Stage) => Both, send: (both: Both, stage: Stage) => void): Scene {
  return {
    async play(stage) {
      const both = open(stage);
      stage.afterwards("the next call", () => both.client.call(20, "ping"));
      stage.strike();
      send(both, stage);
      await stage.pass(60);
    },
  };
}

/** A call is sent and answered while the failure strikes. */
function sendsCall(open: (stage: Stage) => Both): Scene {
  return sends(open, ({ client }, stage) => stage.watch("call", client.call(20, "ping", [], { timeout: 50 })));
}

/** A call waits for room, since its server reads nothing for a while. The failure strikes in the middle, or before. */
function waitsForRoom(begin: (client: RPCPeer, stage: Stage) => Promise<void>): Scene {
  return {
    async play(stage) {
      const server = stage.open("server", { port: 20, elsewhere: true });
      server.registerFunction(() => "pong", "ping");
      const client = stage.open("client", { port: 10 });
      stage.kernel.queueLimit = 1;
      stage.kernel.arrive(20, new Uint8Array(16).fill(1));
      await begin(client, stage);
      stage.kernel.readAt(20);
      stage.kernel.queueLimit = 256;
      stage.holds("server");
      server.runServerForever();
      await stage.pass(80);
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  };
}

/** A call that waits longer than a server reads nothing. */
function call(client: RPCPeer, stage: Stage): void {
  stage.watch("call", client.call(20, "ping", [], { timeout: 80 }));
}

/** A call that has the thread wait, and another one. */
function callSync(client: RPCPeer, stage: Stage): void {
  const callNow = () => client.callSync(20, "ping", [], { timeout: 50 });
  stage.attempt("call", callNow);
  stage.afterwards("the next call", () => Promise.try(callNow));
}

const SCENES: Record<keyof typeof SENDING, Scene> = {
  "a call is sent": sendsCall(openClient),
  "a notification is sent": sends(openClient, ({ client }, stage) => {
    stage.watch("notification", client.notify(20, "ping", [], { timeout: 50 }));
  }),
  "a batch is sent": sends(openClient, ({ client }, stage) => {
    const calls = [{ method: "ping" }, { method: "ping", notify: true }];
    stage.watchBatch("batch", client.batch(20, calls, { timeout: 50 }));
  }),
  "a large call is sent": sends(openClient, ({ client, server }, stage) => {
    server.registerFunction((text: string) => text.length, "length");
    stage.watch("call", client.call(20, "length", [LARGE], { timeout: 50 }));
  }),
  "an answer is sent": sendsCall(openServer),
  "a large answer is sent": sends(openServer, ({ client, server }, stage) => {
    server.registerFunction(() => LARGE, "text");
    stage.watch("call", client.call<string>(20, "text", [], { timeout: 50 }).then((text) => text.length));
  }),
  "a call is taken back": {
    async play(stage) {
      const { client, server } = openClient(stage);
      server.registerFunction(() => new Promise(() => {}), "never");
      stage.watch("call", client.call(20, "never", [], { timeout: 20 }));
      await stage.pass(10);
      stage.strike();
      await stage.pass(30);
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  },
  "a port without a lifeline is asked who holds it": sendsCall(openClientOfUnheard),
  "it is looked whether a port without a lifeline is still held": {
    async play(stage) {
      const { client, server } = openClientOfUnheard(stage);
      server.registerFunction(() => stage.later("late", 550), "slow");
      stage.watch("call", client.call(20, "slow", [], { timeout: 1_000 }));
      await stage.pass(100);
      stage.strike();
      await stage.pass(500);
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  },
  "a call waits for room in a thread": waitsForRoom(async (client, stage) => {
    stage.strike();
    call(client, stage);
    await stage.pass(20);
  }),
  "a thread has found no room, and the same call here says why": waitsForRoom(async (client, stage) => {
    call(client, stage);
    await stage.pass(20);
    stage.strike();
    stage.kernel.endSends();
    await stage.pass(1);
  }),
  "a call waits for room without a thread": waitsForRoom(async (client, stage) => {
    client.unref();
    call(client, stage);
    await stage.pass(2);
    stage.strike();
    await stage.pass(10);
  }),
  "a synchronous call is sent": {
    play(stage) {
      const stranger = stage.openStranger(20);
      const client = stage.open("client", { port: 10 });
      stage.kernel.whileBlocked = () => stranger.answer(10);
      stage.strike();
      callSync(client, stage);
    },
  },
  "a synchronous call waits for room": {
    play(stage) {
      const stranger = stage.openStranger(20);
      const client = stage.open("client", { port: 10 });
      stage.kernel.queueLimit = 1;
      stage.kernel.arrive(20, new Uint8Array(16).fill(1));
      stage.waitsTakeTime();
      stage.kernel.whileBlocked = () => stranger.answer(10);
      stage.strike();
      callSync(client, stage);
    },
  },
};

testFaults(SENDING, SCENES);
