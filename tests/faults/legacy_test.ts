// A peer of ProcsLink 0.1 has no lifeline, and nothing may be sent to it while it works: the kernel is asked whether it is there.
import { type Scene, testFaults } from "./harness.ts";
import type { Stage } from "./stage.ts";
import { LEGACY } from "./tables/legacy.ts";
import { legacyAnswer } from "./stranger.ts";

const BLUE = "/run/netns/blue";

/** Calls a peer of ProcsLink 0.1 that has a socket at port 20, and reads nothing; returns the socket. */
async function call(stage: Stage, netns?: string): Promise<number> {
  const namespace = netns === undefined ? "own" : "blue";
  const fd = stage.kernel.openElsewhere({ port: 20, namespace });
  const client = stage.open("client", { port: 10, netns });
  stage.watch("call", client.call(20, "ping", [], { dialect: "procslink-0.1", timeout: 1_500 }));
  await stage.pass(50);
  return fd;
}

const SCENES: Record<keyof typeof LEGACY, Scene> = {
  "a peer of ProcsLink 0.1 ends, and its caller looks": {
    neighbours: "idle",
    async play(stage) {
      const fd = await call(stage);
      stage.kernel.close(fd);
      stage.strike();
      await stage.passUntilEnded(2_000);
    },
  },
  "a peer of ProcsLink 0.1 takes its time, and its caller looks": {
    neighbours: "idle",
    async play(stage) {
      const fd = await call(stage);
      stage.strike();
      await stage.pass(1_000);
      // It would take anything else for an answer, or for another call.
      stage.note(`${stage.kernel.socketOf(fd).queue.length} datagram has come`);
      stage.kernel.arrive(10, legacyAnswer(20, stage.kernel.readAt(20)!), 20);
      await stage.passUntilEnded(2_000);
      stage.heal();
      stage.kernel.close(fd);
    },
  },
  "a peer of ProcsLink 0.1 in another network namespace ends, and its caller looks": {
    async play(stage) {
      stage.kernel.namespaceFiles.set(BLUE, "blue");
      const fd = await call(stage, BLUE);
      stage.kernel.close(fd);
      stage.strike();
      await stage.passUntilEnded(2_000);
      stage.note(`the thread is in ${stage.kernel.namespace}`);
    },
  },
};

testFaults(LEGACY, SCENES);
