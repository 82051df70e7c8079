// Real processes: how they end, and what they leave behind.
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Worker as NodeWorker } from "node:worker_threads";
import { PeerGoneError, RPCPeer } from "../../mod.ts";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { MOD_URL, openFiles, randomPort, reasonAgainst, start } from "./processes.ts";

/** Waits until a port is free: the kernel frees it when the last descriptor of its socket is closed. */
async function untilFree(port: number): Promise<void> {
  for (;;) {
    try {
      await new RPCPeer({ port }).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

Deno.test("a client and a server in two processes; the client ends by itself without closing", async () => {
  await using server = start("server");
  const port = Number(await server.line());
  await using client = start("client", [port]);
  const { code, lines, errors } = await client.ended();
  assertEquals([code, errors], [0, ""]);
  assertEquals(lines[0], "Hello, you!");
  const syscalls = new LinuxSyscalls();
  const { uid, gid, pidHint } = JSON.parse(lines[1]!);
  assertEquals([uid, gid, pidHint], [syscalls.getuid(), syscalls.getgid(), client.pid]);
  // A server that closes itself ends too.
  await using caller = new RPCPeer();
  await caller.notify(port, "stop");
  assertEquals((await server.ended()).lines, ["stopped"]);
});

Deno.test("a peer that is not used does not keep a process running", async () => {
  await using program = start(await script(`new RPCPeer(); console.log("opened");`));
  assertEquals(await program.ended(), { code: 0, lines: ["opened"], errors: "" });
});

Deno.test("closing the last peer leaves no descriptor open", async () => {
  await using program = start("descriptors", [], { flags: ["--allow-ffi", "--allow-run=ls"] });
  const { lines, errors } = await program.ended();
  assertEquals([lines, errors], [['{"grew":true,"left":0}'], ""]);
});

Deno.test("an awaited call keeps a process running until its timeout", async () => {
  await using server = start("server");
  const port = await server.line();
  await using program = start(
    await script(`
    const peer = new RPCPeer();
    try { await peer.call(${port}, "never", [], { timeout: 30 }); } catch (error) { console.log(error.name); }
  `),
  );
  assertEquals(await program.ended(), { code: 0, lines: ["CallTimeoutError"], errors: "" });
});

Deno.test("an unref'd server serves while something else runs, and ends with it", async () => {
  await using program = start("unref");
  const port = Number(await program.line());
  await using client = new RPCPeer();
  assertEquals(await client.call(port, "serve"), "served");
  await client.notify(port, "release");
  assertEquals((await program.ended()).code, 0);
});

Deno.test("a killed server's port is free at once, also where its child lives on", async () => {
  await using server = start("parent", [], { flags: ["--allow-ffi", "--allow-run=sleep"] });
  const [port, child] = (await server.line()).split(" ").map(Number);
  try {
    await using client = new RPCPeer();
    assertEquals(await client.call(port!, "ping"), "pong");
    await server.kill();
    await assertRejects(() => client.call(port!, "ping", [], { timeout: Infinity }), PeerGoneError);
    Deno.kill(child!, "SIGCONT"); // It lives, or this throws.
  } finally {
    Deno.kill(child!, "SIGKILL");
  }
});

Deno.test("a reload of deno run --watch binds the port again, also after an uncaught error", async () => {
  const port = randomPort();
  // Each version ends by an error once it has been asked: an isolate that dies so has no unload event.
  const source = (version: number) => `
    import { RPCPeer } from ${JSON.stringify(MOD_URL)};
    try {
      const server = new RPCPeer({ port: ${port} });
      server.registerFunction(() => ${version}, "version");
      server.registerFunction(() => void setTimeout(() => { throw new Error("on purpose"); }), "die");
      server.runServerForever();
      console.log("serving ${version}");
    } catch (error) {
      console.log("failed: " + error.message);
    }
  `;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  const url = toFileUrl(path);
  await using client = new RPCPeer();
  let timer: ReturnType<typeof setInterval> | undefined;
  try {
    await Deno.writeTextFile(path, source(1));
    await using server = start(url, [], { flags: ["--watch", "--allow-ffi", "--no-config"] });
    for (let version = 1; version <= 4; version++) {
      // Deno does not say when it has begun to watch: the file is written again until the reload has come.
      const write = () => Deno.writeTextFileSync(path, source(version));
      if (version > 1) {
        write();
        timer = setInterval(write, 500);
      }
      for (let line = ""; line !== `serving ${version}`; line = await server.line()) {
        assert(!line.startsWith("failed"), line);
      }
      clearInterval(timer);
      // One more reload may be under way.
      while (await client.call(port, "version", [], { timeout: 500 }).catch(() => undefined) !== version) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (version % 2 === 0) await client.notify(port, "die");
    }
  } finally {
    clearInterval(timer);
    await Deno.remove(path);
  }
});

Deno.test("the sockets of a terminated Worker are closed with it", async () => {
  const port = randomPort();
  const peers = 3;
  await using client = new RPCPeer();
  client.runServerForever(); // so that this isolate's own wait is there before the count
  const sockets = async () => (await openFiles()).filter((file) => file.startsWith("socket:")).length;
  const before = await sockets();
  for (let round = 0; round < 3; round++) {
    const url = new URL("./programs/worker.ts", import.meta.url);
    url.search = `port=${port}&peers=${peers}`;
    const worker = new Worker(url, { type: "module" });
    await new Promise((resolve) => worker.onmessage = resolve);
    assertEquals(await client.call(port + peers - 1, "where"), "from a Worker");
    worker.terminate();
    for (let index = 0; index < peers; index++) await untilFree(port + index);
  }
  assertEquals(await sockets(), before);
});

Deno.test("nor is anything of a node:worker_threads Worker left", async () => {
  const port = randomPort();
  await using client = new RPCPeer();
  const url = new URL("./programs/node_worker.ts", import.meta.url);
  const worker = new NodeWorker(url, { workerData: port });
  await new Promise((resolve) => worker.once("message", resolve));
  assertEquals(await client.call(port, "where"), "from a Worker");
  await worker.terminate();
  await untilFree(port);
});

Deno.test("the first process of a container takes nobody's port for that of a dead isolate", async () => {
  const reason = await reasonAgainst(
    "no pid namespaces",
    "unshare",
    "--user",
    "--map-root-user",
    "--pid",
    "--fork",
    "true",
  );
  await using program = start("first_process", [randomPort()], {
    before: reason === undefined ? ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"] : [],
  });
  assertEquals(await program.ended(), { code: 0, lines: ["EADDRINUSE"], errors: "" });
});

Deno.test("without the flag, or with a part of it, the error says what to do", async () => {
  for (const flags of [["--no-prompt"], ["--no-prompt", "--allow-ffi=libc.so.6"]]) {
    await using program = start(await script(`new RPCPeer();`), [], { flags });
    const { code, errors } = await program.ended();
    assertEquals(code, 1);
    assertStringIncludes(errors, "needs the flag --allow-ffi, without a path: deno run --allow-ffi main.ts");
  }
});

Deno.test("the codec needs no flag at all", async () => {
  await using program = start(
    await script(`console.log(new JSONRPCResponse({ id: 1 }).toBytes().length);`),
    [],
    { flags: [] },
  );
  const { code, lines } = await program.ended();
  assertEquals(code, 0);
  assertMatch(lines[0]!, /^\d+$/);
});

Deno.test("thousands of calls between two processes, in both directions", async () => {
  await using server = start("server");
  const port = Number(await server.line());
  await using client = new RPCPeer();
  for (let round = 0; round < 5; round++) {
    const names = Array.from({ length: 1_000 }, (_, index) => `${round}.${index}`);
    const answers = await Promise.all(names.map((name) => client.call(port, "hello", [name])));
    assertEquals(answers, names.map((name) => `Hello, ${name}!`));
  }
  assert(true);
});

/** A program of a few lines, with the project's exports in scope; the test's own folder is removed at the end. */
async function script(body: string): Promise<string> {
  const path = `${await folder}/${crypto.randomUUID()}.ts`;
  await Deno.writeTextFile(
    path,
    `import { JSONRPCResponse, RPCPeer } from ${JSON.stringify(MOD_URL)};\nvoid [JSONRPCResponse, RPCPeer];\n${body}\n`,
  );
  return toFileUrl(path);
}

/** A path as a URL, also where it holds a space. */
function toFileUrl(path: string): string {
  return new URL(`file://${encodeURI(path)}`).href;
}

const folder = Deno.makeTempDir();
addEventListener("unload", () => folder.then((path) => Deno.removeSync(path, { recursive: true })));
