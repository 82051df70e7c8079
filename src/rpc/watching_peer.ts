/**
 * What a peer sees of others that come and go.
 *
 * @module
 */
import type { WatchOptions } from "../watch/events.ts";
import type { Watch } from "../watch/watch.ts";
import { conversationOf, NamedPeer } from "./named_peer.ts";

/** What an {@linkcode RPCPeer} sees of others that come and go. */
export class WatchingPeer extends NamedPeer {
  /**
   * Tells which peers, names and message groups of the network namespace there are, and then which of them come and go. What is
   * there already comes first, this peer included; then an event of the type `"ready"`, then changes: within 250 milliseconds, also
   * of a process that was killed. It needs no privileges.
   *
   * A peer that does not answer is told of without a name, and its names only once it answers. What happens between two looks, a
   * tenth of a second apart, is not seen. A loop that falls behind by 65,536 events gets one of the type `"restart"`, and all that
   * is there anew. An open watch keeps the process running, and has the peer read.
   *
   * @param options What to watch: everything where nothing is said.
   * @returns Events until the loop ends or the peer is closed. The loop throws a {@linkcode PeerClosedError} where its socket fails.
   * @throws {PeerClosedError} If the peer is closed.
   * @throws {TypeError} If the link of this peer cannot tell which peers there are, or an option is of the wrong type.
   * @throws {RangeError} If one of the names cannot be one.
   * @example
   * ```ts
   * import { RPCPeer } from "@procslink/procslink";
   * import { assertEquals } from "@std/assert";
   *
   * await using watcher = new RPCPeer();
   * await using clock = new RPCPeer();
   * clock.runServerForever();
   *
   * const seen: string[] = [];
   * for await (const event of watcher.watch({ names: ["com.example.watched"] })) {
   *   seen.push(event.type);
   *   if (event.type === "ready") clock.claim("com.example.watched");
   *   if (event.type === "name-added") break;
   * }
   * assertEquals(seen, ["ready", "peer-added", "name-added"]);
   * ```
   */
  watch(options: WatchOptions = {}): Watch {
    const conversation = conversationOf(this);
    conversation.assertOpen();
    return conversation.watch(options);
  }
}
