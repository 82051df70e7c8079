// Closing: what is in hand and unread is answered, everything is given back, and the port is free at once.
import type { RPCPeer } from "../../mod.ts";
import { settled } from "../fakes/time.ts";
import { type Scene, testFaults } from "./harness.ts";
import type { Stage } from "./stage.ts";
import { CLOSING } from "./tables/closing.ts";

/** Closes a peer while something fails; afterwards its port can be had again. */
async function close(stage: Stage, peer: RPCPeer, options?: Parameters<RPCPeer["close"]>[0]): Promise<void> {
  const port = peer.nlPid;
  stage.strike();
  stage.watch("close", peer.close(options));
  await stage.pass(20);
  stage.heal();
  stage.attempt("the port again", () => stage.serve("heir", { port }));
  const client = stage.open("client of the heir", { elsewhere: true });
  stage.afterwards("a call to the heir", () => client.call(port, "ping"));
}

const SCENES: Record<keyof typeof CLOSING, Scene> = {
  "a peer is closed": {
    async play(stage) {
      stage.serve("server", { port: 20, elsewhere: true });
      const client = stage.open("client", { port: 10 });
      stage.watch("call", client.call(20, "ping"));
      await stage.pass(1);
      await close(stage, client);
    },
  },
  "the last peer of a process is closed": {
    neighbours: "none",
    async play(stage) {
      const server = stage.serve("server", { port: 20 });
      await settled();
      await close(stage, server);
    },
  },
  "a server is closed with a request in hand": {
    async play(stage) {
      const server = stage.serve("server", { port: 20 });
      server.registerFunction(() => stage.later("slow", 100), "slow");
      const client = stage.open("client", { port: 10, elsewhere: true });
      stage.watch("call", client.call(20, "slow", [], { timeout: 50 }));
      await stage.pass(1);
      await close(stage, server);
      await stage.pass(60);
    },
  },
  "a server is closed with a request unread": {
    async play(stage) {
      const server = stage.open("server", { port: 20 });
      const client = stage.open("client", { port: 10, elsewhere: true });
      stage.watch("call", client.call(20, "ping", [], { timeout: 50 }));
      await stage.pass(1);
      await close(stage, server);
      await stage.pass(60);
    },
  },
  "a server is drained": {
    async play(stage) {
      const server = stage.serve("server", { port: 20 });
      server.registerFunction(() => stage.later("slow", 10), "slow");
      const client = stage.open("client", { port: 10, elsewhere: true });
      stage.watch("call", client.call(20, "slow", [], { timeout: 50 }));
      await stage.pass(1);
      await close(stage, server, { drain: 15 });
      await stage.pass(60);
    },
  },
  "a peer that nobody has read is drained": {
    neighbours: "idle",
    async play(stage) {
      await close(stage, stage.open("server", { port: 20 }), { drain: 15 });
    },
  },
  "a peer is closed while a thread sends": {
    async play(stage) {
      stage.kernel.queueLimit = 0;
      stage.open("server", { port: 20, elsewhere: true });
      const client = stage.open("client", { port: 10 });
      stage.watch("call", client.call(20, "ping"));
      await stage.pass(1);
      stage.strike();
      stage.watch("close", client.close());
      await stage.pass(1);
      stage.kernel.endSends();
      await stage.pass(1);
      stage.heal();
      stage.kernel.queueLimit = 256;
      stage.attempt("the port again", () => stage.serve("heir", { port: 10 }));
    },
  },
  "the isolate ends": {
    neighbours: "none",
    async play(stage) {
      stage.serve("server", { port: 20 });
      await settled();
      stage.strike();
      // The clock goes on while the last thing that runs waits for the thread.
      const schedYield = stage.kernel.schedYield.bind(stage.kernel);
      stage.kernel.schedYield = () => {
        stage.busy(1);
        schedYield();
      };
      stage.here.shutdown();
      stage.heal();
      stage.note(stage.kernel.opened.length === 0 ? "all is closed" : `open: ${stage.kernel.opened.join(", ")}`);
    },
  },
};

testFaults(CLOSING, SCENES);
