// Other namespaces and other users.
import { assertEquals } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import { currentCall } from "../../mod.ts";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { reasonAgainst, start, testUnless } from "./processes.ts";

const uid = Deno.permissions.querySync({ name: "ffi" }).state === "granted" ? new LinuxSyscalls().getuid() : -1;
const USER = ["unshare", "--user", "--map-root-user", "--pid", "--mount", "--ipc", "--uts", "--fork", "--kill-child"];
const PID = ["unshare", "--pid", "--mount", "--ipc", "--uts", "--fork", "--kill-child"];

const noUser = await reasonAgainst("no user namespaces", USER[0]!, ...USER.slice(1), "true");
const noPid = await reasonAgainst("no pid namespaces without privileges", PID[0]!, ...PID.slice(1), "true");

testUnless(noUser, "a server in new user, pid, mount, ipc and uts namespaces answers the host", async () => {
  await using server = start("server", [], { before: USER });
  const port = Number(await server.line());
  await using client = new RPCPeer();
  assertEquals(await client.call(port, "hello", ["host"]), "Hello, host!");
  // The user outside is root inside: the uid is told as the reader's user namespace has it.
  const caller = await client.call<{ port: number; uid: number }>(port, "caller");
  assertEquals([caller.port, caller.uid], [client.nlPid, 0]);
  await client.notify(port, "stop");
  await server.ended();
});

testUnless(noUser, "a client in new namespaces calls the host, and is seen as who started it", async () => {
  await using server = new RPCPeer();
  server.registerFunction((name: string) => `from the host to ${name}`, "hello");
  server.registerFunction(() => currentCall()!.caller, "caller");
  server.runServerForever();
  await using client = start("client", [server.nlPid], { before: USER });
  const { code, lines, errors } = await client.ended();
  assertEquals([code, errors], [0, ""]);
  assertEquals([lines[0], JSON.parse(lines[1]!).uid], ["from the host to you", uid]);
});

testUnless(noPid, "two processes with the same process id in two pid namespaces have two ports", async () => {
  await using first = start("server", [], { before: PID });
  await using second = start("server", [], { before: PID });
  const [a, b] = [Number(await first.line()), Number(await second.line())];
  await using client = new RPCPeer();
  assertEquals(await client.call(a, "hello", ["a"]), "Hello, a!");
  assertEquals(await client.call(b, "hello", ["b"]), "Hello, b!");
  assertEquals(new Set([a, b, client.nlPid]).size, 3);
});

testUnless(uid === 0 ? undefined : "only root becomes another user", "another user is seen as that user", async () => {
  await using server = start("server");
  const port = Number(await server.line());
  await using client = start("other_user", [port, 4_711]);
  const { code, lines } = await client.ended();
  assertEquals([code, lines], [0, ["4711"]]);
});

testUnless(
  noUser ?? (uid === 0 ? undefined : "only root becomes another user"),
  "a user whom the reader's namespace does not map is seen as 65534",
  async () => {
    await using server = start("server", [], { before: USER });
    const port = Number(await server.line());
    await using client = start("other_user", [port, 4_711]);
    const { code, lines } = await client.ended();
    assertEquals([code, lines], [0, ["65534"]]);
  },
);
