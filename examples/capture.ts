// What a peer sends and receives, for Wireshark. Run: deno run --allow-ffi examples/capture.ts
// Into a file: deno run --allow-ffi --allow-write examples/capture.ts calls.pcapng
import { PcapngWriter, RPCPeer } from "@procslink/procslink";

const [path] = Deno.args;
const file: Uint8Array[] = [];
const capture = new PcapngWriter((bytes) => void file.push(bytes));

{
  await using server = new RPCPeer();
  server.registerFunction((name: string) => `Hello, ${name}!`, "hello");
  server.runServerForever();

  await using client = new RPCPeer({ capture });
  console.log(await client.call(server.nlPid, "hello", ["Rayson Zhu"]));
}

if (path === undefined) {
  // As text2pcap and xxd write it.
  const bytes = Uint8Array.from(file.flatMap((block) => [...block]));
  for (let offset = 0; offset < bytes.length; offset += 16) {
    const line = [...bytes.subarray(offset, offset + 16)];
    const digits = line.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = line.map((byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".").join("");
    console.log(offset.toString(16).padStart(6, "0"), digits.padEnd(47), text);
  }
} else {
  await Deno.writeFile(path, ReadableStream.from(file));
  console.log(`Look at it: tshark -X lua_script:wireshark/procslink.lua -r ${path}`);
}
