// Receiving: a server that reads a request, a client that reads its answer, a thread that waits for it.
import { type Scene, testFaults } from "./harness.ts";
import { RECEIVING } from "./tables/receiving.ts";

const SCENES: Record<keyof typeof RECEIVING, Scene> = {
  "a server reads a request": {
    async play(stage) {
      stage.serve("server", { port: 20 });
      const client = stage.open("client", { port: 10, elsewhere: true });
      stage.strike();
      stage.watch("call", client.call(20, "ping", [], { timeout: 2_000 }));
      await stage.passUntilEnded(2_100);
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  },
  "a server reads a request while it carries out another": {
    async play(stage) {
      const server = stage.serve("server", { port: 20 });
      server.registerFunction(() => stage.later("slow", 10), "slow");
      const client = stage.open("client", { port: 10, elsewhere: true });
      stage.watch("slow call", client.call(20, "slow", [], { timeout: 2_000 }));
      await stage.pass(5);
      stage.strike();
      stage.watch("call", client.call(20, "ping", [], { timeout: 2_000 }));
      await stage.passUntilEnded(2_100);
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  },
  "a server in a loop reads a request": {
    async play(stage) {
      const server = stage.open("server", { port: 20 });
      stage.holds("server");
      const serve = async () => {
        for await (const request of server) request.respond("by hand");
      };
      stage.watch("loop", serve());
      const client = stage.open("client", { port: 10, elsewhere: true });
      stage.strike();
      stage.watch("call", client.call(20, "ping", [], { timeout: 2_000 }));
      await stage.passUntilEnded(2_100);
      stage.heal();
      await server.close();
    },
  },
  "a client reads an answer": {
    async play(stage) {
      stage.serve("server", { port: 20, elsewhere: true });
      const client = stage.open("client", { port: 10 });
      stage.strike();
      stage.watch("call", client.call(20, "ping", [], { timeout: 2_000 }));
      await stage.passUntilEnded(2_100);
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  },
  "the first peer of a process is read": {
    neighbours: "idle",
    async play(stage) {
      stage.serve("server", { port: 20, elsewhere: true });
      const client = stage.open("client", { port: 10 });
      stage.strike();
      stage.watch("call", client.call(20, "ping", [], { timeout: 2_000 }));
      await stage.passUntilEnded(2_100);
      stage.afterwards("the next call", () => client.call(20, "ping"));
    },
  },
  "a synchronous call reads its answer": {
    play(stage) {
      const stranger = stage.openStranger(20);
      const client = stage.open("client", { port: 10 });
      stage.waitsTakeTime();
      stage.kernel.whileBlocked = () => stranger.answer(10);
      stage.strike();
      stage.attempt("call", () => client.callSync(20, "ping", [], { timeout: 50 }));
      stage.afterwards("the next call", () => Promise.try(() => client.callSync(20, "ping", [], { timeout: 50 })));
    },
  },
};

testFaults(RECEIVING, SCENES);
