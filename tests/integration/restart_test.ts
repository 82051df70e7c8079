// A port that changes hands so fast that nobody sees it free.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { PeerGoneError, RPCPeer } from "../../mod.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";

Deno.test("a server that follows at once is called, also where its predecessor has taken a question with it", async () => {
  const syscalls = new LinuxSyscalls();
  // As a process that is about to end: its port is still held, and nobody listens beside it any more.
  const ending = new NetlinkSocket(syscalls);
  await using client = new RPCPeer({ timeout: 5_000 });
  const before = client.call(ending.port, "ping").catch((error) => error);
  const slot = syscalls.createReceiveSlot(1_000, 0);
  while (ending.receive(slot) < 0) await new Promise((resolve) => void setImmediate(resolve));
  ending.close();

  await using server = new RPCPeer({ port: ending.port });
  server.registerFunction(() => "pong", "ping");
  server.runServerForever();
  assertEquals(await client.call(server.nlPid, "ping"), "pong");
  const outcome = await before;
  if (outcome !== "pong") assertInstanceOf(outcome, PeerGoneError);
});
