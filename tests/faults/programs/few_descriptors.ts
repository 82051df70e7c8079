// Peers of a process that has only so many descriptors left. Writes what becomes of a call for each number of them.
import { LinuxSyscalls } from "../../../ffi/linux.ts";
import { RPCPeer } from "../../../mod.ts";

const syscalls = new LinuxSyscalls();
const MOST = 16;
/** How long the wait of a closed peer may take to end, in milliseconds. */
const LATEST = 1_000;

/** Opens whatever it can; returns what it has opened. */
function useUp(): number[] {
  const used: number[] = [];
  for (let fd = syscalls.open("/dev/null"); fd >= 0; fd = syscalls.open("/dev/null")) used.push(fd);
  return used;
}

/** How many descriptors there are. */
function count(): number {
  const used = useUp();
  for (const fd of used) syscalls.close(fd);
  return used.length;
}

/** A server and a client, and a call that is answered. */
async function call(): Promise<string> {
  await using server = new RPCPeer();
  server.registerFunction(() => "pong", "ping");
  const served = server.runServerForever();
  served.catch(() => {}); // It is told below, unless the client could not even be opened.
  await using client = new RPCPeer();
  // Where nothing is served, nothing is answered.
  return await Promise.race([client.call<string>(server.nlPid, "ping"), served.then(() => "nothing")]);
}

/** How many descriptors are missing once all that was opened is closed. */
async function missing(): Promise<number> {
  for (const begun = performance.now(); count() < most && performance.now() < begun + LATEST;) {
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return most - count();
}

const most = count();
for (let left = 0; left <= MOST; left++) {
  const used = useUp();
  for (const fd of used.splice(0, left)) syscalls.close(fd);
  const outcome = await call().catch((error) => error.message);
  for (const fd of used) syscalls.close(fd);
  console.log(`${left} left: ${outcome}, ${await missing()} missing`);
}
console.log(`then: ${await call()}`);
