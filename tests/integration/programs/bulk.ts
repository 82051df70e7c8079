// A peer that takes and gives much. Arguments: its options as JSON, and a uid to become first. Prints its port.
import { type Caller, currentCall, RPCPeer, type RPCPeerOptions } from "../../../mod.ts";

export class Bulk {
  echo<Value>(value: Value): Value {
    return value;
  }
  length(text: string): number {
    return text.length;
  }
  make(length: number): string {
    return "y".repeat(length);
  }
  port(): number {
    return peer.nlPid;
  }
  /** Memory of this process in bytes, once what is not used any more is gone. */
  async memory(): Promise<{ resident: number; external: number }> {
    for (let round = 0; round < 4; round++) {
      (globalThis as { gc?: () => void }).gc?.();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { rss, external } = Deno.memoryUsage();
    return { resident: rss, external };
  }
  /** Has another peer echo texts, all at once; returns how many came back as they went. */
  async exchange(port: number, count: number, length: number): Promise<number> {
    const texts = Array.from({ length: count }, (_, index) => `${index} ${"z".repeat(length)}`);
    const echoes = await Promise.all(texts.map((text) => peer.call(port, "echo", [text], { timeout: Infinity })));
    return echoes.filter((echo, index) => echo === texts[index]).length;
  }
  /** Notifies another peer twice before it answers. */
  async tellTwice(port: number, method: string): Promise<string> {
    await peer.notify(port, method, ["first"]);
    await peer.notify(port, method, ["second"]);
    return "told";
  }
  /** Has another peer echo a text, with this whole process waiting. */
  exchangeSync(port: number, length: number): boolean {
    const text = "s".repeat(length);
    return peer.callSync(port, "echo", [text], { timeout: 60_000 }) === text;
  }
  troubles(): string[] {
    return troubles;
  }
  caller(): Caller {
    return currentCall()!.caller;
  }
  /** Who this process is, in the words of another. */
  callerOf(port: number): Promise<Caller> {
    return peer.call<Caller>(port, "caller");
  }
}

const uid = Number(Deno.args[1] ?? -1);
if (uid >= 0) {
  const libc = Deno.dlopen("libc.so.6", { setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" } });
  if (libc.symbols.setresuid(uid, uid, uid) !== 0) throw new Error("setresuid failed");
}
const options: RPCPeerOptions = JSON.parse(Deno.args[0] ?? "{}");
const troubles: string[] = [];
await using peer = new RPCPeer(options);
peer.addEventListener("trouble", ({ kind, reason }) => troubles.push(`${kind}: ${reason}`));
peer.registerFunctionsInObject(new Bulk());
console.log(peer.nlPid);
await peer.runServerForever();
