/**
 * Captures in the words of tshark, with the dissector of this project.
 *
 * @module
 */
import { AssertionError } from "@std/assert";
import { type CapturedDatagram, PcapngWriter } from "../../mod.ts";

const DISSECTOR = new URL("../../wireshark/procslink.lua", import.meta.url).pathname;

/** Why there are no captures in the words of tshark; undefined where there are. */
export const noTshark: string | undefined = await reasonAgainstTshark();

async function reasonAgainstTshark(): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command("tshark", { args: ["--version"], stderr: "null" }).output();
    const version = new TextDecoder().decode(stdout);
    return /\bwith Lua\b/.test(version) ? undefined : "this tshark has no Lua";
  } catch {
    return "no tshark: apt-get install tshark";
  }
}

/** Makes a file of datagrams: each is one that left from port 100 to port 200, where nothing else is said. */
export function captureOf(datagrams: readonly (Uint8Array | Partial<CapturedDatagram>)[]): Uint8Array[] {
  const file: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => void file.push(bytes));
  datagrams.forEach((given, index) =>
    writer.capture({
      ...{ direction: "out", time: index, bytes: new Uint8Array(), from: 100, to: 200, group: undefined },
      ...{ sender: undefined, ...(given instanceof Uint8Array ? { bytes: given.slice() } : given) },
    })
  );
  return file;
}

/** What tshark shows of fields: for each packet the values of each field. */
export async function fieldsOf(
  file: readonly Uint8Array[],
  fields: readonly string[],
  flags: readonly string[] = [],
): Promise<string[][][]> {
  const shown = fields.flatMap((field) => ["-e", field]);
  const text = await tshark(file, ["-T", "fields", "-E", "aggregator=\x1e", ...shown, ...flags]);
  return text.split("\n").slice(0, -1).map((line) =>
    line.split("\t").map((cell) => cell === "" ? [] : cell.split("\x1e"))
  );
}

/** The list of packets, as it names what is in them. */
export async function infosOf(file: readonly Uint8Array[]): Promise<string[]> {
  return (await fieldsOf(file, ["_ws.col.Protocol", "_ws.col.Info"])).map((cells) => cells.flat().join(" "));
}

/** Runs tshark on a file; fails where it, or the dissector, does. */
export async function tshark(file: readonly Uint8Array[], args: readonly string[]): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/capture.pcapng`;
    await Deno.writeFile(path, ReadableStream.from(file));
    const { success, stdout, stderr } = await new Deno.Command("tshark", {
      args: ["-X", `lua_script:${DISSECTOR}`, "-n", "-r", path, ...args],
      // Nobody's own settings and plugins.
      env: { WIRESHARK_CONFIG_DIR: folder, LC_ALL: "C.UTF-8", TZ: "UTC" },
    }).output();
    const text = new TextDecoder().decode(stdout);
    const errors = new TextDecoder().decode(stderr).split("\n").filter((line) => !/^Running as user|^$/.test(line));
    if (!success || errors.length > 0 || text.includes("Lua Error")) {
      throw new AssertionError(`tshark failed: ${errors.join("\n")}\n${text.match(/Lua Error.*/)?.[0] ?? ""}`);
    }
    return text;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
