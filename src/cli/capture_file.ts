/**
 * A file of what a peer sends and receives, for Wireshark.
 *
 * @module
 */
import { type CapturedDatagram, GroupGap, PcapngWriter, type RPCPeer, type Target } from "../../mod.ts";
import type { Output } from "./output.ts";
import { openOutput } from "./output_file.ts";

/** What is written, and until when. */
export interface CaptureRequest {
  /** The file. */
  readonly path: string;
  /** Whose datagrams. */
  readonly target: Target;
  /** How many of them at most. */
  readonly count: number;
  /** How the peer is traced. */
  readonly options: NonNullable<Parameters<RPCPeer["traceDatagrams"]>[1]>;
}

/**
 * Writes the datagrams of another peer to a file, until enough are there or the signal aborts.
 *
 * @param peer Traces the other one.
 * @param out Where to tell how many there are, and how many are missing.
 * @param request What is written.
 * @throws {Failure} If the file may not be written.
 * @throws {Error} As the loop of {@linkcode RPCPeer.traceDatagrams}.
 */
export async function captureTo(peer: RPCPeer, out: Output, request: CaptureRequest): Promise<void> {
  const { path, target, count, options } = request;
  using datagrams = peer.traceDatagrams(target, options);
  await datagrams.joined;
  using file = openOutput(path, "truncate");
  const writer = new PcapngWriter((bytes) => file.writeSync(bytes));
  const written = { datagrams: 0, missed: 0 };
  try {
    for await (const datagram of datagrams) {
      if (datagram instanceof GroupGap) written.missed += datagram.missed;
      else write(writer, datagram, written);
      if (written.datagrams >= count) break;
    }
  } catch (error) {
    if (!options.signal?.aborted) throw error;
  }
  tell(out, path, written);
}

function write(writer: PcapngWriter, datagram: CapturedDatagram, written: { datagrams: number }): void {
  writer.capture(datagram);
  written.datagrams++;
}

function tell(out: Output, path: string, { datagrams, missed }: { datagrams: number; missed: number }): void {
  if (out.isJSON) return out.json({ file: path, datagrams, missed });
  out.line(`${datagrams} datagrams are in ${path}${missed > 0 ? `, and ${missed} are missing` : ""}`);
}
