/**
 * The verb `serve`: a peer whose methods are what a module exports.
 *
 * @module
 */
import { AccessDeniedError, RPCPeer } from "../../../mod.ts";
import { failureOf } from "../failure.ts";
import { pause } from "../interrupt.ts";
import { FileChanges } from "../file_changes.ts";
import { addressOf, assertReadable, type Exports, load, offer } from "../module_methods.ts";
import type { Output } from "../output.ts";
import { printable } from "../printable.ts";
import { type Session, SHARED_OPTIONS, type Verb } from "../verb.ts";

/** How long requests that are being carried out may take when it ends, in milliseconds. */
const DRAIN_MILLISECONDS = 2_000;
/** Where a user namespace does not map the user, nobody trusts anybody, also not itself. */
const OWN = { trust: "anyone" } as const;

/** A peer whose methods are what a module exports. */
export const serve: Verb = {
  name: "serve",
  summary: "offer what a module exports as methods, until Ctrl-C",
  description:
    "Functions that it exports become methods, and so do those of its default export, an object or a class. It needs --allow-read for a " +
    "file, and for what the module itself does more. With --watch it begins anew, at the same port and with the same name, when the " +
    "file has changed; modules that it imports stay as they are.",
  parameters: [{ name: "MODULE", kind: "file", summary: "a TypeScript or JavaScript file, or its address" }],
  options: [
    { name: "name", value: "NAME", summary: "a name to claim" },
    { name: "port", value: "PORT", summary: "the port to hold", default: "one that is free" },
    { name: "watch", summary: "begin anew when the file has changed" },
    { name: "datagrams", summary: "let who may call trace datagrams too, with params and results" },
    SHARED_OPTIONS.access,
  ],
  examples: ["serve api.ts --name com.example.api", "serve api.ts --name com.example.api --access anyone --watch"],
  run: async (session: Session) => {
    const { given, signal } = session;
    const address = addressOf(given.text("MODULE"));
    assertReadable(address, "Reading the module needs a permission");
    using changes = given.has("watch") ? new FileChanges(address, signal) : undefined;
    let served = await start(session, await load(address), given.integer("port", 1, 0xffff_ffff));
    try {
      for (
        let version = 1;
        await Promise.race([served.failed, changes?.next() ?? pause(Infinity, signal)]);
        version++
      ) {
        served = await reopen(session, new URL(`?version=${version}`, address), served);
      }
    } finally {
      await served.peer.close({ drain: DRAIN_MILLISECONDS });
    }
  },
};

/** A peer that serves. */
interface Served {
  /** The peer. */
  readonly peer: RPCPeer;
  /** What the module exports. */
  readonly exports: Exports;
  /** Rejects where its socket fails. */
  readonly failed: Promise<never>;
}

/** Opens the peer, and says so. */
async function start({ given, out }: Session, exports: Exports, port: number | undefined): Promise<Served> {
  const name = given.has("name") ? given.text("name") : undefined;
  const trace = given.has("datagrams") ? "datagrams" : true;
  const peer = new RPCPeer({ name, port, access: given.rule("access"), trace });
  try {
    offer(peer, exports);
    const failed = peer.runServerForever().then(() => new Promise<never>(() => {}));
    failed.catch(() => {});
    print(out, peer.nlPid, name, await methodsOf(peer));
    return { peer, exports, failed };
  } catch (error) {
    await peer.close();
    throw error;
  }
}

/** Asks the peer for its methods, as others would; undefined where others may call, but this user may not. */
async function methodsOf(peer: RPCPeer): Promise<string[] | undefined> {
  try {
    return (await peer.call<{ methods: string[] }>(peer.nlPid, "rpc.identity", undefined, OWN)).methods;
  } catch (error) {
    if (error instanceof AccessDeniedError) return undefined;
    throw error;
  }
}

function print(out: Output, port: number, name: string | undefined, methods: string[] | undefined): void {
  if (out.isJSON) return out.json({ port, name: name ?? null, methods: methods ?? null });
  const what = methods === undefined ? "" : ` ${methods.join(", ")}`;
  out.line(printable(`Serving${what} at port ${port}${name === undefined ? "" : ` as ${name}`}`));
}

/** Begins anew; where that fails, with what was there before. */
async function reopen(session: Session, address: URL, served: Served): Promise<Served> {
  const { peer, exports: before } = served;
  let isOpen = true;
  try {
    const exports = await load(address);
    await peer.close({ drain: DRAIN_MILLISECONDS });
    isOpen = false;
    return await start(session, exports, peer.nlPid);
  } catch (error) {
    const { out } = session;
    const { message } = failureOf(error);
    if (out.isJSON) out.json({ error: message });
    else out.line(`${printable(message)}; what was there before goes on`);
    return isOpen ? served : await start(session, before, peer.nlPid);
  }
}
