// Opening a peer: its socket and port, a socket that was opened elsewhere, a port that a dead isolate has left behind.
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { forgetLiving } from "../../src/netlink/leftovers.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { type Scene, testFaults } from "./harness.ts";
import type { Stage } from "./stage.ts";
import { OPENING } from "./tables/opening.ts";

/** Opens a peer while something fails, and again where it could not: nothing may be left of the first try. */
function open(stage: Stage, options: { port?: number; fd?: number }): void {
  stage.strike();
  stage.attempt("open", () => stage.serve("peer", options));
  stage.heal();
  if (!stage.seen.includes("open: a peer")) stage.attempt("open again", () => stage.serve("peer", options));
  stage.afterwards("a call to it", async () => {
    await using caller = stage.open("caller");
    return await caller.call(10, "ping");
  });
}

const SCENES: Record<keyof typeof OPENING, Scene> = {
  "a peer is opened": {
    play: (stage) => open(stage, { port: 10 }),
  },
  "a peer takes over a socket that was opened elsewhere": {
    play: (stage) => open(stage, { port: 10, fd: stage.kernel.openElsewhere() }),
  },
  "a peer is opened at the port of a dead isolate": {
    play(stage) {
      const left = new NetlinkLink({ port: 10 }, new Reactor(stage.kernel));
      forgetLiving(10, left.fd);
      open(stage, { port: 10 });
    },
  },
};

testFaults(OPENING, SCENES);
