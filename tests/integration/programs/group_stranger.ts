// Somebody who has nothing to do with a group, and sends without a pause what looks as if it came from its owner: to the kernel's
// multicast group, and to ports. Arguments: what it knows as JSON. Says when it has sent the first thousand.
import { LinuxSyscalls } from "../../../ffi/linux.ts";
import { NetlinkSocket } from "../../../src/netlink/socket.ts";
import { FRAME_HEADERS_SIZE, writeFrameHeaders } from "../../../src/wire/frame.ts";
import { NLM_F_REQUEST } from "../../../src/wire/nlmsghdr.ts";
import { PAYLOAD_JSONRPC_REQUEST } from "../../../src/wire/procslinkhdr.ts";

/** What it knows. */
export interface Knowledge {
  /** Port of the owner. */
  readonly owner: number;
  /** The stream. */
  readonly stream: string;
  /** Number of the multicast group. */
  readonly multicast: number;
  /** Where it sends, beside that. */
  readonly ports: readonly number[];
}

const { owner, stream, multicast, ports } = JSON.parse(Deno.args[0]!) as Knowledge;
const socket = new NetlinkSocket(new LinuxSyscalls());
const messages = Array.from({ length: 64 }, (_, index) => {
  const number = 1 + index * 40;
  const forged = [
    { method: "rpc.publish", params: [stream, number, "forged"] },
    { method: "rpc.publish", params: [stream, number] },
    { method: "rpc.leave", params: { stream, next: number } },
    { method: "rpc.publish", params: [stream, number, "f".repeat(1_000)] },
  ][index % 4];
  const body = new TextEncoder().encode(JSON.stringify({ jsonrpc: "2.0", ...forged }));
  const bytes = new Uint8Array(FRAME_HEADERS_SIZE + body.length);
  // Half of them do not even hide whom they come from.
  const port = index % 8 < 4 ? owner : socket.port;
  writeFrameHeaders(new DataView(bytes.buffer), 0, body.length, {
    ...{ flags: NLM_F_REQUEST, nlmsgSeq: index, port, payloadType: PAYLOAD_JSONRPC_REQUEST },
    ...{ seq: index, time: Date.now() },
  });
  bytes.set(body, FRAME_HEADERS_SIZE);
  return bytes;
});
// It ends by itself where nobody ends it.
const end = performance.now() + 60_000;
for (let count = 0; performance.now() < end; count++) {
  const message = messages[count % messages.length]!;
  socket.multicast(multicast, message, message.length);
  for (const port of ports) {
    try {
      socket.send(port, message, message.length);
    } catch {
      // Somebody is gone.
    }
  }
  if (count === 1_000) console.log("on");
}
