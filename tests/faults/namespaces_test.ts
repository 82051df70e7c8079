// Namespaces: a peer in another network namespace, and what this user namespace makes of user ids.
import { type Scene, testFaults } from "./harness.ts";
import type { Stage } from "./stage.ts";
import { NAMESPACES } from "./tables/namespaces.ts";

const BLUE = "/run/netns/blue";

/** Opens a peer in another network namespace, and again where it could not; the thread must be back each time. */
async function open(stage: Stage, netns: string | number): Promise<void> {
  stage.kernel.namespaceFiles.set(BLUE, "blue");
  stage.kernel.namespaceFiles.set("/proc/55/ns/net", "blue");
  const notePlace = () => {
    if (stage.kernel.namespace !== "own") stage.note(`the thread is in the namespace ${stage.kernel.namespace}`);
  };
  stage.strike();
  stage.attempt("open", () => stage.serve("server", { port: 20, netns }));
  stage.heal();
  notePlace();
  if (!stage.seen.includes("open: a peer")) {
    stage.attempt("open again", () => stage.serve("server", { port: 20, netns }));
    notePlace();
  }
  const client = stage.open("client", { port: 10, netns: BLUE, elsewhere: true });
  stage.watch("call", client.call(20, "ping", [], { timeout: 50 }));
  await stage.pass(5);
}

const SCENES: Record<keyof typeof NAMESPACES, Scene> = {
  "a peer is opened in the namespace of a file": {
    play: (stage) => open(stage, BLUE),
  },
  "a peer is opened in the namespace of a process": {
    play: (stage) => open(stage, 55),
  },
  "a server of nobody learns that every user has an id of its own": {
    neighbours: "idle",
    play: (stage) => serveAs(stage, 65_534),
  },
  "a server in a user namespace learns which id stands for nobody": {
    neighbours: "idle",
    play(stage) {
      stage.kernel.textFiles.set("/proc/self/uid_map", "         0       1000          1\n");
      stage.kernel.textFiles.set("/proc/sys/kernel/overflowuid", "65534\n");
      return serveAs(stage, 65_534);
    },
  },
};

/** A server that is for its own user is called by that user, twice. */
async function serveAs(stage: Stage, uid: number): Promise<void> {
  const { credentials } = stage.kernel;
  stage.kernel.credentials = { pid: 1, uid, gid: 100 };
  stage.serve("server", { port: 20 });
  const client = stage.open("client", { port: 10, elsewhere: true, trust: "anyone" });
  stage.strike();
  // How a refusal is worded is no matter of system calls.
  const call = () => client.call(20, "ping", [], { timeout: 50 }).catch(({ name }: Error) => name);
  stage.watch("call", call());
  await stage.pass(5);
  stage.heal();
  stage.watch("second call", call());
  await stage.pass(5);
  stage.kernel.credentials = credentials;
}

testFaults(NAMESPACES, SCENES);
