// Names among real processes: who has one, who does not get it, and who has it next.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { NETLINK_CAP_ACK, SOL_NETLINK } from "../../ffi/constants.ts";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { AccessDeniedError, NameNotFoundError, NameTakenError, PeerGoneError, RPCPeer } from "../../mod.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { asUser, Insider } from "./insiders.ts";
import { type Program, start, testUnless } from "./processes.ts";

/** A name that no other run of the tests has. */
function freshName(): string {
  return `test.${crypto.randomUUID()}`;
}

async function claim(name: string): Promise<Program> {
  const program = start("named", [name]);
  assertEquals(await program.line(), "claimed");
  return program;
}

Deno.test("a name is one process's, which another one finds, and nobody else gets it", async () => {
  const name = freshName();
  await using owner = await claim(name);
  await using client = new RPCPeer();
  assertEquals(await client.call(name, "pid"), owner.pid);
  assertEquals(client.callSync(name, "pid"), owner.pid);
  const error = assertThrows(() => new RPCPeer({ name }), NameTakenError);
  const uid = new LinuxSyscalls().getuid();
  assertEquals([error.peerName, error.uid, error.holder], [name, uid, name]);
  await using second = start("named", [name]);
  assertEquals((await second.ended()).lines, [`taken by user ${uid}`]);
});

Deno.test("when the owner of a name is killed, what is pending rejects, and whoever has it next is called by it", async () => {
  const name = freshName();
  await using client = new RPCPeer();
  const remote = client.talkTo<{ pid(): number; never(): void }>(name);
  for (let round = 0; round < 3; round++) {
    await using owner = await claim(name);
    assertEquals(await remote.pid(), owner.pid);
    const pending = assertRejects(() => remote.never(), PeerGoneError);
    assertEquals(await owner.line(), "called");
    await owner.kill();
    const error = await pending;
    assert(error.mayHaveRun);
    assertEquals(await client.isPresent(name), false);
    await assertRejects(() => remote.pid(), NameNotFoundError, `Nobody has the name "${name}"`);
  }
});

Deno.test("a name is waited for until a process has it", async () => {
  const name = freshName();
  await using client = new RPCPeer();
  const found = client.waitFor(name, { timeout: 20_000 });
  await using owner = await claim(name);
  assertEquals(await found, await client.resolve(name));
  assertEquals(await client.call(name, "pid"), owner.pid);
});

const isRoot = Deno.permissions.querySync({ name: "ffi" }).state === "granted" && new LinuxSyscalls().getuid() === 0;

testUnless(
  isRoot ? undefined : "only root becomes another user",
  "who squats a name is trusted no more for it",
  async () => {
    const name = freshName();
    await using squatter = await Insider.start(asUser(65_534), [], { name, access: "anyone" });
    await using client = new RPCPeer();
    const error = await assertRejects(() => client.call(name, "who", ["a secret"]), AccessDeniedError);
    assertEquals(error.uid, 65_534);
    assertEquals(assertThrows(() => new RPCPeer({ name }), NameTakenError).uid, 65_534);
    assert(squatter.port > 0);
    assertEquals(await client.isPresent(name, { trust: { uids: [65_534] } }), true);
  },
);

Deno.test("two names that stand for the same port are not had at once, and the error says so", async () => {
  await using owner = new RPCPeer({ name: "73629.example.com" });
  const error = assertThrows(() => new RPCPeer({ name: "89067.example.com" }), NameTakenError, "choose another name");
  assertEquals([error.port, error.holder], [139_647_057, "73629.example.com"]);
  owner.runServerForever();
  await using client = new RPCPeer();
  await assertRejects(() => client.call("89067.example.com", "m"), NameNotFoundError, '"73629.example.com" has that');
});

Deno.test("a peer lists those of other processes with their names, and leaves sockets alone that are no peers", async () => {
  const name = freshName();
  await using owner = await claim(name);
  const syscalls = new LinuxSyscalls();
  const raw = new NetlinkSocket(syscalls);
  syscalls.setsockopt(raw.fd, SOL_NETLINK, NETLINK_CAP_ACK, 0);
  try {
    await using client = new RPCPeer();
    const peers = await client.list();
    const found = peers.find(({ names }) => names.includes(name));
    assertEquals([found?.uid, found?.methods], [syscalls.getuid(), ["pid", "never"]]);
    assertEquals(await client.call(found!.port, "pid"), owner.pid);
    assert(peers.some(({ port }) => port === client.nlPid), "It does not list itself");
    assert(!peers.some(({ port }) => port === raw.port), "It lists what is no peer");
    assertEquals(raw.receive(syscalls.createReceiveSlot(4_096, 0)), -1, "It has asked what is no peer");
  } finally {
    raw.close();
  }
});
