// ProcsLink 0.1 for Python in processes of its own, as a client and as a server. Its part is played by a program of ours.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import {
  CallTimeoutError,
  currentCall,
  DecodeError,
  InternalError,
  JSONRPCError,
  MessageTooLargeError,
  MethodNotFoundError,
  NetlinkMessage,
  PeerGoneError,
  ProcslinkMessage,
  RPCPeer,
} from "../../mod.ts";
import { asUser } from "./insiders.ts";
import { reasonAgainst, testUnless } from "./processes.ts";
import { callFromPython, LEGACY, noPython, PythonServer, sendFromPython } from "./python.ts";

const UNICODE = { "é": ["世界", "😀", null, true, 1.5, { "": [] }] };

/** What a server here offers. */
class API {
  hello(name: string): string {
    return `Hello, ${name}!`;
  }

  subtract(minuend: number, subtrahend: number): number {
    return minuend - subtrahend;
  }

  echo(...args: unknown[]): unknown[] {
    return args;
  }

  boom(): never {
    throw new Error("boom");
  }

  special(): never {
    throw new JSONRPCError(-7, "Special", UNICODE);
  }

  big(size: number): string {
    return "x".repeat(size);
  }

  nothing(): void {}

  async who(): Promise<unknown> {
    await Promise.resolve();
    const { uid, port } = currentCall()!.caller;
    return { uid, port };
  }
}

type Python = Record<string, (...args: unknown[]) => unknown>;

function serve(options: ConstructorParameters<typeof RPCPeer>[0] = {}): RPCPeer {
  const server = new RPCPeer(options);
  server.registerFunctionsInObject(new API());
  server.runServerForever();
  return server;
}

testUnless(noPython, "a client in Python sees results as they are, by position and by name", async () => {
  await using server = serve();
  const outcomes = await callFromPython(server.nlPid, [
    ["hello", ["Rayson Zhu"]],
    ["subtract", { subtrahend: 2, minuend: 5 }],
    ["echo", [UNICODE, "\ud800"]],
    ["nothing"],
  ]);
  const [hello, difference, echo, nothing] = outcomes.map(({ result }) => result);
  assertEquals([hello, difference, nothing], ["Hello, Rayson Zhu!", 3, null]);
  assertEquals(echo, [UNICODE, "\ud800"]);
});

testUnless(noPython, "a client in Python sees errors with their code, message and data", async () => {
  await using server = serve();
  const outcomes = await callFromPython(server.nlPid, [
    ["boom"],
    ["special"],
    ["missing"],
    ["subtract", { minuend: 1, subtract: 2 }],
    ["toString"],
    ["hello", ["still there"]],
  ]);
  assertEquals(outcomes, [
    { error: { code: -32603, message: "Internal error", data: "boom" } },
    { error: { code: -7, message: "Special", data: UNICODE } },
    { error: { code: -32601, message: "Method not found", data: 'There is no method "missing"' } },
    {
      error: {
        code: -32602,
        message: "Invalid params",
        data: 'subtract(minuend, subtrahend) has no parameter "subtract"',
      },
    },
    { error: { code: -32601, message: "Method not found", data: 'There is no method "toString"' } },
    { result: "Hello, still there!" },
  ]);
});

testUnless(noPython, "an answer that Python cannot read becomes an error that it can", async () => {
  await using server = serve();
  const outcomes = await callFromPython(server.nlPid, [["big", [4_000]], ["big", [4_096]], ["hello", ["you"]]]);
  assertEquals((outcomes[0]!.result as string).length, 4_000);
  assertEquals(outcomes[1]!.error?.code, -32603);
  assert((outcomes[1]!.error!.data as string).includes("at most 4096 can be sent"), String(outcomes[1]!.error!.data));
  assertEquals(outcomes[2], { result: "Hello, you!" });
});

testUnless(noPython, "a request from Python may be larger than what Python reads", async () => {
  await using server = serve();
  server.registerFunction((text: string) => text.length, "size");
  assertEquals(await callFromPython(server.nlPid, [["size", ["x".repeat(100_000)]]]), [{ result: 100_000 }]);
});

testUnless(noPython, "what cannot be a request is answered in the dialect of the message, or not at all", async () => {
  await using server = serve();
  const answers = await sendFromPython(
    server.nlPid,
    legacy("nonsense"),
    legacy('{"jsonrpc": "2.0", "method": "hello", "id": [1]}'),
    legacy('{"jsonrpc": "2.0", "method": "hello", "params": ["nobody waits"]}'),
    legacy('[{"jsonrpc": "2.0", "method": "hello", "params": ["you"], "id": "a"}]'),
  );
  assertEquals(answers.map(bodyOf), [
    { jsonrpc: "2.0", id: null, error: { code: -32700, message: "Parse error", data: "The body is not JSON" } },
    {
      jsonrpc: "2.0",
      id: null,
      error: { code: -32600, message: "Invalid Request", data: "The body is not a JSON-RPC 2.0 request" },
    },
    undefined,
    [{ jsonrpc: "2.0", id: "a", result: "Hello, you!" }],
  ]);
});

testUnless(noPython, "the rules for who may call hold for Python too", async () => {
  await using server = serve({ access: (_caller, method) => method !== "boom" });
  const [hello, boom] = await callFromPython(server.nlPid, [["hello", ["you"]], ["boom"]]);
  assertEquals(hello, { result: "Hello, you!" });
  assertEquals([boom!.error?.code, boom!.error?.message], [-32001, "Access denied"]);
});

const isRoot = Deno.permissions.querySync({ name: "ffi" }).state === "granted" && new LinuxSyscalls().getuid() === 0;
const onlyRoot = noPython ?? (isRoot ? undefined : "only root becomes another user");
/** Another user has only what the system has installed. */
const [SETPRIV, ...AS_NOBODY] = [...asUser(65_534), "env", "PATH=/usr/bin:/bin"];
const NOBODY = [SETPRIV!, ...AS_NOBODY];
const noNobody = onlyRoot ??
  await reasonAgainst("no python3 for another user", SETPRIV!, ...AS_NOBODY, "python3", "-c", "import socket, json");

testUnless(noNobody, "another user's Python is refused, unless it is let in", async () => {
  await using closed = serve();
  await using open = serve({ access: { uids: [65_534] } });
  const [refused] = await callFromPython(closed.nlPid, [["who"]], NOBODY);
  assertEquals(refused!.error?.code, -32001);
  const [admitted] = await callFromPython(open.nlPid, [["who"]], NOBODY);
  assertEquals((admitted!.result as { uid: number }).uid, 65_534);
});

const PID = ["unshare", "--pid", "--fork", "--kill-child"];
const noPid = noPython ?? await reasonAgainst("no pid namespaces", PID[0]!, ...PID.slice(1), "true");

testUnless(noPid, "Python in another pid namespace calls like any other", async () => {
  await using server = serve();
  assertEquals(await callFromPython(server.nlPid, [["hello", ["inside"]]], PID), [{ result: "Hello, inside!" }]);
});

testUnless(
  noPython,
  "a server in Python gets what it can read: one legacy message, and no more members than it knows",
  async () => {
    await using server = await PythonServer.start();
    await using client = new RPCPeer();
    const call = client.call(server.port, "hello", ["世界"], { ...LEGACY, timeout: 10_000 });
    const { bytes, body } = await server.request();
    const netlink = NetlinkMessage.fromBytes(bytes, "procslink-0.1");
    const message = ProcslinkMessage.fromBytes(netlink.payload, "procslink-0.1");
    assertEquals({ ...netlink.header }, {
      nlmsgLen: bytes.length - 16,
      nlmsgType: 0,
      nlmsgFlags: 0,
      nlmsgSeq: 0,
      nlmsgPid: client.nlPid,
    });
    assertEquals({ ...message.header }, {
      version: 1,
      flag: 0,
      length: bytes.length - 40,
      payloadType: 1,
      reserved: 0,
      seq: 0,
      timestamp: 0n,
    });
    assertEquals(Object.keys(body), ["jsonrpc", "id", "method", "params"]);
    assertEquals(await call, "Hello, 世界!");
  },
);

testUnless(noPython, "calls to a server in Python end as its answers say", async () => {
  await using server = await PythonServer.start();
  await using client = new RPCPeer();
  const python = client.talkTo<Python>(server.port, LEGACY);
  assertEquals(await python.add!(1, 2), 3);
  assertEquals(await client.call(server.port, "add", { b: 2, a: 1 }, LEGACY), 3);
  assertEquals(await python.echo!(UNICODE), [UNICODE]);
  assertEquals(await python.nothing!(), null);
  assertEquals((await python.big!(100_000) as string).length, 100_000);
  const boom = await assertRejects(() => python.boom!(), InternalError);
  assertEquals(boom.data, "boom");
  const failed = await assertRejects(() => python.fail!(-7, "Special", UNICODE), JSONRPCError);
  assertEquals([failed.code, failed.message, failed.data], [-7, "Special", UNICODE]);
  await assertRejects(() => python.missing!(), MethodNotFoundError);
  await assertRejects(() => python.nan!(), DecodeError);
  assertEquals(await python.hello!("you"), "Hello, you!");
});

testUnless(noPython, "a server in Python has one call at a time, whoever calls from here", async () => {
  await using server = await PythonServer.start();
  await using client = new RPCPeer();
  const python = client.talkTo<Python>(server.port, LEGACY);
  const notified = client.notify(server.port, "nothing", [], LEGACY);
  const outcomes = await Promise.all([...Array(5)].map(() => python.alone!(0.02)));
  await notified;
  // The notification was before the first one, in its queue at most.
  assertEquals(outcomes, [true, true, true, true, true]);
});

testUnless(noPython, "what a server in Python does not answer times out, and the next call goes on", async () => {
  await using server = await PythonServer.start();
  await using client = new RPCPeer();
  const unanswered = client.call(server.port, "unspeakable", [], { ...LEGACY, timeout: 200 });
  const next = client.call(server.port, "hello", ["next"], { ...LEGACY, timeout: 10_000 });
  await assertRejects(() => unanswered, CallTimeoutError, `did not answer "unspeakable" within 200 ms`);
  assertEquals(await next, "Hello, next!");
  assertEquals([(await server.request()).body.method, (await server.request()).body.method], ["unspeakable", "hello"]);
});

testUnless(noPython, "a failed notification is no answer to the call behind it", async () => {
  await using server = await PythonServer.start();
  await using client = new RPCPeer();
  const { promise, resolve } = Promise.withResolvers<string>();
  client.addEventListener("trouble", ({ kind, reason }) => resolve(`${kind}: ${reason}`));
  await client.notify(server.port, "boom", [], LEGACY);
  assertEquals(await client.call(server.port, "hello", ["you"], LEGACY), "Hello, you!");
  assert((await promise).startsWith("unexpected: "), await promise);
});

testUnless(noPython, "a request that is too large is not sent", async () => {
  await using server = await PythonServer.start();
  await using client = new RPCPeer();
  const python = client.talkTo<Python>(server.port, LEGACY);
  const error = await assertRejects(() => python.hello!("x".repeat(4_096)), MessageTooLargeError);
  assertEquals(error.maximum, 4_096);
  assertThrows(() => client.callSync(server.port, "hello", ["x".repeat(4_096)], LEGACY), MessageTooLargeError);
  await assertRejects(() => client.notify(server.port, "hello", ["x".repeat(4_096)], LEGACY), MessageTooLargeError);
  assertEquals(await python.hello!("you"), "Hello, you!");
  assertEquals((await server.request()).body.params, ["you"]);
});

testUnless(
  noPython,
  "calls to a server in Python reject soon after it was killed, those that wait for their turn too",
  async () => {
    await using server = await PythonServer.start();
    await using client = new RPCPeer();
    const calls = [1, 2].map(() => client.call(server.port, "alone", [60], { ...LEGACY, timeout: 30_000 }));
    await server.request();
    await server.kill();
    for (const call of calls) await assertRejects(() => call, PeerGoneError);
    await assertRejects(() => client.call(server.port, "hello", ["you"], LEGACY), PeerGoneError);
  },
);

testUnless(noPython, "a server in Python may call back before it answers, and nothing comes between", async () => {
  await using server = await PythonServer.start();
  await using peer = serve();
  const python = peer.talkTo<Python>(server.port, LEGACY);
  const asked = python.ask!(peer.nlPid, "hello", "there");
  const behind = python.hello!("behind");
  assertEquals(await Promise.all([asked, behind]), ["Hello, there!", "Hello, behind!"]);
});

testUnless(noPython, "callSync and batch call a server in Python", async () => {
  await using server = await PythonServer.start();
  await using client = new RPCPeer();
  const first = client.call(server.port, "alone", [0.05], LEGACY);
  assertEquals(client.callSync(server.port, "hello", ["sync"], LEGACY), "Hello, sync!");
  assertEquals(await first, true);
  const calls = [{ method: "hello", params: ["a"] }, { method: "boom" }, { method: "add", params: { a: 1 } }];
  const outcomes = await client.batch(server.port, calls, LEGACY);
  assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
});

testUnless(noPython, "the port is asked who holds it only where somebody has said whom to trust", async () => {
  await using server = await PythonServer.start();
  await using client = new RPCPeer();
  assertEquals(await client.call(server.port, "hello", ["you"], LEGACY), "Hello, you!");
  assertEquals((await server.request()).body.method, "hello");
  assertEquals(await client.call(server.port, "hello", ["you"], { ...LEGACY, trust: "same-user" }), "Hello, you!");
  assertEquals((await server.request()).body.method, "rpc.identity");
  assertEquals((await server.request()).body.method, "hello");
});

testUnless(noPython, "a native call that a server in Python does not understand says what to do", async () => {
  await using server = await PythonServer.start();
  await using client = new RPCPeer();
  const call = client.call(server.port, "hello", ["you"], { timeout: 100 });
  await assertRejects(() => call, CallTimeoutError, 'call it with { dialect: "procslink-0.1" }');
  assertEquals(await client.call(server.port, "hello", ["you"], LEGACY), "Hello, you!");
});

/** A request in the legacy dialect, as hexadecimal; PORT stands for the port of who sends it. */
function legacy(body: string): string {
  const payload = new TextEncoder().encode(body);
  const u32 = (value: number) => value.toString(16).padStart(8, "0");
  const zeroes = "0".repeat(24);
  return `${u32(24 + payload.length)}${u32(0)}${u32(0)}PORT00010000${
    u32(payload.length)
  }00010000${zeroes}${payload.toHex()}`;
}

/** The body of an answer; throws where that is not one legacy message. */
function bodyOf(answer: string): unknown {
  if (answer === "none") return undefined;
  const { payload } = NetlinkMessage.fromBytes(Uint8Array.fromHex(answer), "procslink-0.1");
  return JSON.parse(new TextDecoder().decode(ProcslinkMessage.fromBytes(payload, "procslink-0.1").payload));
}
