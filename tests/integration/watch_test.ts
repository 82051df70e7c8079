// Real processes that come, and go or are killed: here, as other users and in other pid namespaces.
import { assert, assertEquals } from "@std/assert";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { type Caller, type LifecycleEvent, type PeerEvent, RPCPeer, type Watch } from "../../mod.ts";
import { portOfName } from "../../src/naming/name.ts";
import { asUser, Insider, reasonAgainstInside, startInside } from "./insiders.ts";
import { type Program, start, testUnless } from "./processes.ts";
import { callFromPython, noPython } from "./python.ts";

const NOBODY = 65_534;
const PID = ["unshare", "--pid", "--mount", "--ipc", "--uts", "--fork", "--kill-child"];

/** By then it is told what has happened to a process, in milliseconds. */
const LATE_MILLISECONDS = 250;

const uid = Deno.permissions.querySync({ name: "ffi" }).state === "granted" ? new LinuxSyscalls().getuid() : -1;
const onlyRoot = uid === 0 ? undefined : "only root becomes another user";
const noPid = onlyRoot ?? await reasonAgainstInside("no pid namespaces", PID);

/** A name that no other run of the tests has. */
function freshName(): string {
  return `test.${crypto.randomUUID()}`;
}

/** Takes so many events. */
async function take(watch: Watch, count: number): Promise<LifecycleEvent[]> {
  const events: LifecycleEvent[] = [];
  while (events.length < count) {
    const { value, done } = await watch.next();
    if (done) throw new Error(`The watch has ended after ${events.length} events`);
    events.push(value);
  }
  return events;
}

/** Takes the two events of a peer with a name, and says how long they took since. */
async function takeBoth(watch: Watch, since: number): Promise<{ events: LifecycleEvent[]; milliseconds: number }> {
  const events = await take(watch, 2);
  return { events, milliseconds: performance.now() - since };
}

/** The events of a peer with a name that comes, or goes; its own port is its own. */
function eventsOf(name: string, port: number, uid: number, change: "added" | "removed"): LifecycleEvent[] {
  const ofPeer = { type: `peer-${change}`, name, port, uid } as const;
  const ofName = { type: `name-${change}`, name, port: portOfName(name), uid } as const;
  return change === "added" ? [ofPeer, ofName] : [ofName, ofPeer];
}

/** A process with a name, as soon as it has that. */
async function claim(name: string, before: readonly string[] = []): Promise<Program> {
  const program = start("named", [name], { before });
  assertEquals(await program.line(), "claimed");
  return program;
}

for (const [where, before, reason] of [["here", [], undefined], ["in new namespaces", PID, noPid]] as const) {
  testUnless(reason, `a process ${where} comes with a name, and is killed: a watcher knows in time`, async () => {
    const name = freshName();
    await using watcher = new RPCPeer();
    using watch = watcher.watch({ names: [name] });
    assertEquals(await take(watch, 1), [{ type: "ready" }]);
    for (let round = 0; round < 3; round++) {
      await using program = await claim(name, before);
      const added = await takeBoth(watch, performance.now());
      const { port } = added.events[0] as PeerEvent;
      assertEquals(added.events, eventsOf(name, port, uid, "added"));
      await program.kill();
      const removed = await takeBoth(watch, performance.now());
      assertEquals(removed.events, eventsOf(name, port, uid, "removed"));
      for (const { milliseconds } of [added, removed]) assert(milliseconds < LATE_MILLISECONDS, `${milliseconds} ms`);
    }
  });
}

Deno.test("who is there already comes before the mark, the watcher too, and then nothing twice", async () => {
  const name = freshName();
  await using owner = await claim(name);
  await using watcher = new RPCPeer();
  const seen: LifecycleEvent[] = [];
  for await (const event of watcher.watch()) {
    seen.push(event);
    if (event.type === "ready") break;
  }
  const own = seen.filter((event) => "port" in event && event.port === watcher.nlPid);
  assertEquals(own, [{ type: "peer-added", name: undefined, port: watcher.nlPid, uid }]);
  const peers = seen.filter((event) => "name" in event && event.name === name);
  assertEquals(peers.map(({ type }) => type), ["peer-added", "name-added"]);
  assertEquals(await watcher.call(name, "pid"), owner.pid);
});

testUnless(onlyRoot, "another user without privileges watches root's peer; each sees the other's user", async () => {
  const name = freshName();
  const others = freshName();
  await using program = startInside(asUser(NOBODY), "watching", [name, others]);
  assertEquals(JSON.parse(await program.line()), { type: "ready" });
  await using watcher = new RPCPeer();
  using watch = watcher.watch({ names: [others] });
  await take(watch, 1);
  await using server = new RPCPeer({ name, access: "anyone" });
  server.runServerForever();
  const events = [await program.line(), await program.line()].map((line) => JSON.parse(line));
  assertEquals(events, eventsOf(name, server.nlPid, 0, "added"));
  {
    await using insider = await Insider.start(asUser(NOBODY), [], { name: others, access: "anyone" });
    assertEquals(await take(watch, 2), eventsOf(others, insider.port, NOBODY, "added"));
  }
  assertEquals((await take(watch, 2)).map(({ type }) => type), ["name-removed", "peer-removed"]);
});

testUnless(onlyRoot, "a peer that lets others call nothing is told of by its port and user", async () => {
  await using insider = await Insider.start(asUser(NOBODY), [], { access: { uids: [] } });
  await using watcher = new RPCPeer();
  for await (const event of watcher.watch()) {
    if (!("port" in event) || event.port !== insider.port) continue;
    assertEquals(event, { type: "peer-added", name: undefined, port: insider.port, uid: NOBODY });
    break;
  }
});

/** A peer that notes who calls it and is gone. */
class Host implements AsyncDisposable {
  readonly peer: RPCPeer;
  readonly #told: [what: string, caller: Caller][] = [];
  #waiting = Promise.withResolvers<void>();

  constructor() {
    const note = (what: string) => (caller: Caller) => {
      this.#told.push([what, caller]);
      this.#waiting.resolve();
      this.#waiting = Promise.withResolvers();
    };
    this.peer = new RPCPeer({ onConnect: note("+"), onDisconnect: note("-") });
    this.peer.registerFunction(() => "thanks", "visit");
    this.peer.runServerForever();
  }

  /** Waits until it was told the next thing. */
  async next(): Promise<[what: string, caller: Caller]> {
    while (this.#told.length === 0) await this.#waiting.promise;
    return this.#told.shift()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer.close();
  }
}

Deno.test("a caller that is killed is known to be gone in time", async () => {
  await using host = new Host();
  for (let round = 0; round < 3; round++) {
    await using visitor = start("visitor", [host.peer.nlPid]);
    const port = Number(await visitor.line());
    const [what, caller] = await host.next();
    assertEquals([what, caller.port, caller.uid], ["+", port, uid]);
    await visitor.kill();
    const killed = performance.now();
    assertEquals(await host.next(), ["-", caller]);
    assert(performance.now() - killed < LATE_MILLISECONDS, `${performance.now() - killed} ms`);
  }
});

testUnless(noPython, "a caller in Python, which carries no mark of a peer, is known to be gone too", async () => {
  await using host = new Host();
  const outcomes = await callFromPython(host.peer.nlPid, [["visit"], ["visit"]]);
  assertEquals(outcomes.map(({ result }) => result), ["thanks", "thanks"]);
  const [what, caller] = await host.next();
  assertEquals([what, await host.next()], ["+", ["-", caller]]);
});
