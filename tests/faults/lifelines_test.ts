// Lifelines: a peer listens beside its port, and whoever calls it learns who holds it, and when that is over.
import type { ErrnoName } from "../../ffi/errno.ts";
import type { RPCPeer } from "../../mod.ts";
import { settled } from "../fakes/time.ts";
import { type Scene, testFaults } from "./harness.ts";
import type { Stage } from "./stage.ts";
import { LIFELINES } from "./tables/lifelines.ts";

/** Longer than a listener pauses that has no descriptor for a caller, in milliseconds. */
const PAUSE = 1_100;

const BLUE = "/run/netns/blue";

/** Notes whether something of this process listens beside a port. */
function noteListener(stage: Stage, namespace?: string): void {
  stage.note(stage.kernel.unaccepted(20, namespace) === undefined ? "it does not listen" : "it listens");
}

/** A server of another process, and a client of this one; the server takes 1,500 ms for what is slow. */
function openBoth(stage: Stage) {
  const server = stage.serve("server", { port: 20, elsewhere: true });
  server.registerFunction(() => stage.later("slow", 1_500), "slow");
  return { server, client: stage.open("client", { port: 10 }) };
}

/** Calls what is slow, and notes what the client knows of the other side meanwhile. */
async function callSlow(stage: Stage, client: RPCPeer): Promise<void> {
  const [pidfds, sends] = [stage.kernel.pidfds, stage.kernel.count("sendto")];
  stage.watch("call", client.call(20, "slow", [], { timeout: 5_000 }));
  await stage.pass(20);
  // Of the two messages to a server without a lifeline, the first asks who holds the port.
  const isAsked = stage.kernel.count("sendto") - sends > 1;
  stage.note(stage.kernel.pidfds > pidfds ? "its end will be told" : isAsked ? "no lifeline" : "it will be looked for");
}

/** A caller waits for longer than an answer of the listener holds. */
function asksOnceMore(noPidfd?: ErrnoName): Scene {
  return {
    neighbours: "idle",
    async play(stage) {
      const { client } = openBoth(stage);
      if (noPidfd !== undefined) stage.kernel.fail("peer_pidfd", noPidfd);
      stage.watch("call", client.call(20, "slow", [], { timeout: 5_000 }));
      await stage.pass(900);
      stage.strike();
      await stage.passUntilEnded(5_100);
    },
  };
}

const SCENES: Record<keyof typeof LIFELINES, Scene> = {
  "a peer begins to listen": {
    async play(stage) {
      stage.strike();
      stage.attempt("open", () => stage.serve("server", { port: 20 }));
      stage.heal();
      noteListener(stage);
      const client = stage.open("client", { port: 10, elsewhere: true });
      stage.watch("call", client.call(20, "ping", [], { timeout: 50 }));
      await stage.pass(5);
    },
  },
  "a peer in another network namespace begins to listen": {
    async play(stage) {
      stage.kernel.namespaceFiles.set(BLUE, "blue");
      stage.strike();
      stage.attempt("open", () => stage.serve("server", { port: 20, netns: BLUE }));
      stage.heal();
      noteListener(stage, "blue");
      stage.note(`the thread is in ${stage.kernel.namespace}`);
      const client = stage.open("client", { port: 10, elsewhere: true, netns: BLUE });
      stage.watch("call", client.call(20, "ping", [], { timeout: 50 }));
      await stage.pass(5);
    },
  },
  "a listener waits for its first caller, when its process begins to wait": {
    neighbours: "idle",
    async play(stage) {
      const server = stage.open("server", { port: 20 });
      server.registerFunction(() => "pong", "ping");
      stage.holds("server");
      stage.strike();
      stage.watch("serving", server.runServerForever());
      await settled();
      noteListener(stage);
      const client = stage.open("client", { port: 10, elsewhere: true });
      stage.watch("call", client.call(20, "ping", [], { timeout: 50 }));
      await stage.pass(5);
      await server.close();
    },
  },
  "a listener has a caller": {
    neighbours: "idle",
    async play(stage) {
      stage.serve("server", { port: 20 });
      stage.strike();
      const client = stage.open("client", { port: 10, elsewhere: true });
      stage.watch("call", client.call(20, "ping", [], { timeout: 50 }));
      await stage.pass(60);
      const other = stage.open("other client", { port: 11, elsewhere: true });
      stage.watch("another call", other.call(20, "ping", [], { timeout: 50 }));
      await stage.pass(60);
      stage.heal();
      noteListener(stage);
      await stage.pass(PAUSE);
      stage.note(`${stage.kernel.unaccepted(20)} wait to be accepted`);
    },
  },
  "a listener has as many callers as may wait": {
    neighbours: "idle",
    async play(stage) {
      stage.kernel.backlog = 2;
      stage.serve("server", { port: 20 });
      const clients = [11, 12, 13].map((port) => stage.open(`client ${port}`, { port, elsewhere: true }));
      stage.strike();
      for (const client of clients) stage.watch("call", client.call(20, "ping", [], { timeout: 50 }));
      await stage.pass(60);
      stage.heal();
      const late = stage.open("late client", { port: 14, elsewhere: true });
      stage.watch("another call", late.call(20, "ping", [], { timeout: 50 }));
      await stage.pass(PAUSE);
      stage.note(`${stage.kernel.unaccepted(20)} wait to be accepted`);
    },
  },
  "a caller learns who holds a port": {
    neighbours: "idle",
    async play(stage) {
      const { client } = openBoth(stage);
      stage.strike();
      await callSlow(stage, client);
      await stage.passUntilEnded(5_100);
    },
  },
  "a caller that could not learn who holds a port can do so later": {
    neighbours: "idle",
    async play(stage) {
      const { client } = openBoth(stage);
      stage.strike();
      await callSlow(stage, client);
      stage.heal();
      await stage.passUntilEnded(5_100);
    },
  },
  "a caller asks once more while it waits": asksOnceMore(),
  "a caller without a descriptor of the process asks once more": asksOnceMore("ENOPROTOOPT"),
  "a caller looks whether the other side still lives": {
    neighbours: "idle",
    async play(stage) {
      const { client } = openBoth(stage);
      stage.watch("call", client.call(20, "ping", [], { timeout: 5_000 }));
      await stage.pass(100);
      stage.strike();
      stage.watch("another call", client.call(20, "ping", [], { timeout: 5_000 }));
      await stage.pass(100);
    },
  },
  "a caller in another network namespace learns who holds a port": {
    async play(stage) {
      stage.kernel.namespaceFiles.set(BLUE, "blue");
      const server = stage.serve("server", { port: 20, elsewhere: true, netns: BLUE });
      server.registerFunction(() => stage.later("slow", 100), "slow");
      const client = stage.open("client", { port: 10, netns: BLUE });
      stage.strike();
      await callSlow(stage, client);
      stage.heal();
      await stage.passUntilEnded(5_100);
      stage.note(`the thread is in ${stage.kernel.namespace}`);
    },
  },
  "the process of the other side ends": {
    async play(stage) {
      const stranger = stage.openStranger(20);
      const client = stage.open("client", { port: 10 });
      stage.watch("call", client.call(20, "ping", [], { timeout: 5_000 }));
      await stage.pass(10);
      stage.strike();
      stage.kernel.endProcess(stranger.process);
      await stage.passUntilEnded(5_100);
    },
  },
};

testFaults(LIFELINES, SCENES);
