// Waiting: the first reason to be read, the wait of a thread, looks by timer, the end of a wait, a thread that waits for two.
import { currentCall, type RPCPeer } from "../../mod.ts";
import { LINGER_MILLISECONDS } from "../../src/netlink/watch_list.ts";
import { settled } from "../fakes/time.ts";
import { type Scene, testFaults } from "./harness.ts";
import type { NeighbourKind } from "./neighbours.ts";
import type { Stage } from "./stage.ts";
import { WAITING } from "./tables/waiting.ts";

/** A client of this process, and a server of another one, which notes what it carries out. */
function openBoth(stage: Stage): RPCPeer {
  const server = stage.serve("server", { port: 20, elsewhere: true });
  server.registerFunction(() => stage.note("it is carried out"), "note");
  return stage.open("client", { port: 10 });
}

/** A server begins to serve. Where it could not, it can be told to once more. */
function serve(neighbours: NeighbourKind): Scene {
  return {
    neighbours,
    async play(stage) {
      const server = stage.open("server", { port: 20 });
      server.registerFunction(() => "pong", "ping");
      stage.strike();
      stage.watch("serving", server.runServerForever());
      await stage.pass(1);
      stage.heal();
      server.runServerForever();
      stage.holds("server");
      const client = stage.open("client", { port: 10, elsewhere: true });
      stage.watch("call", client.call(20, "ping", [], { timeout: 50 }));
      await stage.pass(5);
      await server.close();
    },
  };
}

/** A client makes a call whose answer takes longer than a look at its port. */
function call(neighbours: NeighbourKind): Scene {
  return {
    neighbours,
    async play(stage) {
      stage.serve("server", { port: 20, elsewhere: true })
        .registerFunction(() => stage.later("slow", 300), "slow");
      const client = stage.open("client", { port: 10 });
      stage.strike();
      stage.watch("call", client.call(20, "slow", [], { timeout: 2_000 }));
      await stage.pass(10);
      stage.heal();
      stage.watch("second call", client.call(20, "ping", [], { timeout: 2_000 }));
      await stage.passUntilEnded(2_100);
    },
  };
}

/** The wait of a process fails, and whoever learns it opens a new server, which is called. */
async function reopens(stage: Stage, begin: (server: RPCPeer, open: () => void) => void): Promise<void> {
  const server = stage.open("server", { port: 20 });
  begin(server, () => void stage.serve("new server", { port: 21 }));
  const client = stage.open("client", { port: 10, elsewhere: true });
  client.notify(20, "never");
  await stage.pass(1);
  stage.strike();
  stage.endWait();
  await stage.pass(1);
  stage.watch("call", client.call(21, "ping", [], { timeout: 50 }));
  await stage.pass(60);
}

const SCENES: Record<keyof typeof WAITING, Scene> = {
  "the first peer of a process begins to serve": serve("idle"),
  "a peer begins to serve beside others": serve("busy"),
  "a loop over requests begins": {
    neighbours: "idle",
    async play(stage) {
      const server = stage.open("server", { port: 20 });
      stage.strike();
      stage.attempt("loop", () => void server[Symbol.asyncIterator]().return!());
      await stage.pass(1);
    },
  },
  "the first peer of a process makes a call": call("idle"),
  "a peer makes a call beside others": call("busy"),
  "the first peer of a process sends a batch": {
    neighbours: "idle",
    async play(stage) {
      const client = openBoth(stage);
      stage.strike();
      stage.watchBatch("batch", client.batch(20, [{ method: "note" }, { method: "note" }], { timeout: 50 }));
      await stage.pass(60);
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  },
  "a notification waits for room": {
    neighbours: "idle",
    async play(stage) {
      const client = openBoth(stage);
      stage.kernel.queueLimit = 0;
      stage.strike();
      stage.watch("notification", client.notify(20, "note", [], { timeout: 50 }));
      await stage.pass(1);
      stage.kernel.queueLimit = 256;
      stage.kernel.readAt(20);
      await stage.pass(60);
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  },
  "a thread waits": {
    async play(stage) {
      stage.strike();
      await stage.pass(1);
      const client = openBoth(stage);
      stage.watch("call", client.call(20, "ping", [], { timeout: 50 }));
      await stage.pass(5);
    },
  },
  "a thread has come back too early, and the same call here says why": {
    neighbours: "idle",
    async play(stage) {
      stage.serve("server", { port: 21 });
      await stage.pass(1);
      const client = openBoth(stage);
      stage.watch("call", client.call(20, "echo", ["before"], { timeout: 50 }));
      await stage.pass(5);
      stage.strike();
      stage.endWait();
      await stage.pass(5);
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  },
  "a thread has come back too early while requests are in hand": {
    async play(stage) {
      stage.serve("server", { port: 21 }).registerFunction(() => stage.later("slow", 10), "slow");
      const client = stage.open("client", { port: 10, elsewhere: true });
      stage.watch("call", client.call(21, "slow", [], { timeout: 2_000 }));
      await stage.pass(5);
      stage.strike();
      stage.endWait();
      await stage.passUntilEnded(2_100);
    },
  },
  "nobody can wait any more, and a new peer is opened as soon as that is told": {
    neighbours: "none",
    play: (stage) =>
      reopens(stage, (server, open) => {
        server.registerFunction(() => {}, "never");
        server.runServerForever().catch(open);
      }),
  },
  "nobody can wait any more, and a handler that is told to stop opens a new peer": {
    neighbours: "none",
    play: (stage) =>
      reopens(stage, (server, open) => {
        server.runServerForever().catch(() => {});
        server.registerFunction(() => {
          currentCall()!.signal.addEventListener("abort", open);
          return new Promise(() => {});
        }, "never");
      }),
  },
  "a peer that is unref'd is looked at by timer": {
    neighbours: "idle",
    async play(stage) {
      const client = openBoth(stage);
      client.unref();
      stage.strike();
      stage.watch("call", client.call(20, "ping", [], { timeout: 50 }));
      await settled();
      await stage.pass(60);
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  },
  "nothing is left to wait for": {
    neighbours: "idle",
    async play(stage) {
      const server = stage.open("server", { port: 20, elsewhere: true });
      server.registerFunction(() => "pong", "ping");
      const client = stage.open("client", { port: 10 });
      stage.watch("call", client.call(20, "ping", [], { timeout: 5 }));
      await stage.pass(6);
      stage.strike();
      await stage.pass(LINGER_MILLISECONDS + 1);
      stage.heal();
      if (stage.isWaiting) stage.note("a thread waits on, and keeps the process running");
      stage.holds("server");
      server.runServerForever();
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  },
  "a synchronous call waits for an answer, and for the end of the other side": {
    play(stage) {
      const stranger = stage.openStranger(20);
      const client = stage.open("client", { port: 10 });
      let waits = 0;
      stage.kernel.whileBlocked = (milliseconds) => {
        stage.busy(milliseconds);
        if (++waits > 1) stranger.answer(10);
      };
      stage.strike();
      stage.attempt("call", () => client.callSync(20, "ping", [], { timeout: 5_000 }));
      stage.note(`${waits} waits`);
      stage.afterwards("the next call", () => Promise.try(() => client.callSync(20, "ping", [], { timeout: 5_000 })));
    },
  },
};

testFaults(WAITING, SCENES);
