// Servers of ProcsLink 0.1 for Python that are busy, or not the same any more. Their part is played by a program of ours.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PeerGoneError, RPCPeer } from "../../mod.ts";
import { randomPort, testUnless } from "./processes.ts";
import { LEGACY, noPython, PythonServer } from "./python.ts";

/** Longer than a test may take: nothing here waits for it. */
const PATIENT = { ...LEGACY, timeout: Infinity };
/** How long a method takes that is never done, in seconds. */
const FOREVER = 1_000;

testUnless(noPython, "a synchronous call does not wait behind one that waits for who holds the port", async () => {
  await using server = await PythonServer.start();
  await using client = new RPCPeer({ trust: "same-user" });
  const call = client.call(server.port, "hello", ["later"], PATIENT);
  assertEquals(client.callSync(server.port, "hello", ["sync"], LEGACY), "Hello, sync!");
  assertEquals(await call, "Hello, later!");
});

testUnless(noPython, "a synchronous call behind one to a server that is killed finds out that it is gone", async () => {
  await using server = await PythonServer.start();
  await using client = new RPCPeer();
  const call = client.call(server.port, "alone", [FOREVER], PATIENT);
  await server.request();
  // The thread stands still from here on: nothing but the call itself can find it out.
  const killed = server.kill();
  assertThrows(() => client.callSync(server.port, "hello", ["sync"], LEGACY), PeerGoneError);
  await assertRejects(() => call, PeerGoneError);
  await killed;
});

testUnless(noPython, "a call to a server that is killed rejects, although another has its port at once", async () => {
  const port = randomPort();
  await using client = new RPCPeer();
  await using first = await PythonServer.start(port);
  const call = client.call(port, "alone", [FOREVER], PATIENT);
  const gone = assertRejects(() => call, PeerGoneError);
  await first.request();
  // Long enough that the socket has been looked for which holds the port.
  await using other = await PythonServer.start();
  await client.call(other.port, "alone", [0.1], LEGACY);
  await first.kill();
  await using second = await PythonServer.start(port);
  await gone;
  assertEquals(await client.call(second.port, "hello", ["again"], LEGACY), "Hello, again!");
});
