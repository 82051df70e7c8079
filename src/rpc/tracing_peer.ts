/**
 * What a peer sees of the calls of others.
 *
 * @module
 */
import { CALLS_GROUP, DATAGRAMS_GROUP } from "../groups/group_name.ts";
import type { CapturedDatagram } from "../link/capture.ts";
import { readCallEvent } from "./call_event.ts";
import { GroupPeer, joinGroup, type JoinOptions } from "./group_peer.ts";
import { readCapturedDatagram } from "./tap.ts";
import type { Target } from "./target.ts";
import { Trace } from "./trace.ts";

/** What an {@linkcode RPCPeer} sees of the calls of others. */
export class TracingPeer extends GroupPeer {
  /**
   * Tells of the calls of another peer as they happen: which method, by whom, how long it took and what became of it. Params and
   * results are not told. Who may follows the `access` of the other peer, as for a group of it; `trace: false` of the other peer
   * turns it off. The methods whose names begin with `rpc.` are not told of. Nothing is measured there unless somebody traces.
   *
   * @param target Port of the other peer, or its name.
   * @param options Whether to wait for the other peer, whom to trust, and how much may wait.
   * @returns The calls, for a `for await` loop. What goes wrong later rejects there, and in `joined`.
   * @throws {PeerClosedError} If this peer is closed.
   * @throws {TypeError | RangeError} As {@linkcode GroupPeer.join}.
   * @throws {unknown} The reason of the signal, if it has aborted before.
   * @example
   * ```ts
   * import { GroupGap, RPCPeer } from "@procslink/procslink";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = new RPCPeer();
   * server.registerFunction((a: number, b: number) => a + b, "add");
   * server.runServerForever();
   *
   * await using observer = new RPCPeer();
   * using calls = observer.trace(server.nlPid);
   * await calls.joined;
   *
   * await observer.call(server.nlPid, "add", [1, 2]);
   * for await (const call of calls) {
   *   if (call instanceof GroupGap) continue; // Some are missing.
   *   assertEquals([call.method, call.outcome, call.caller.port], ["add", "result", observer.nlPid]);
   *   break;
   * }
   * ```
   */
  trace(target: Target, options: JoinOptions = {}): Trace {
    // Whoever traces a peer is most often alone with it; and calls are nobody else's business.
    return new Trace(joinGroup(this, target, CALLS_GROUP, options, false), readCallEvent);
  }

  /**
   * Tells of the datagrams that another peer sends and receives, but those to and from this peer: with all params and results. The
   * other peer allows it by `trace: "datagrams"`, to those who may call it. A {@linkcode PcapngWriter} makes a file of them.
   *
   * @param target Port of the other peer, or its name.
   * @param options Whether to wait for the other peer, whom to trust, and how much may wait.
   * @returns The datagrams, for a `for await` loop. What goes wrong later rejects there, and in `joined`.
   * @throws {PeerClosedError} If this peer is closed.
   * @throws {TypeError | RangeError} As {@linkcode GroupPeer.join}.
   * @throws {unknown} The reason of the signal, if it has aborted before.
   * @example
   * ```ts
   * import { GroupGap, RPCPeer } from "@procslink/procslink";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = new RPCPeer({ trace: "datagrams" });
   * server.runServerForever();
   *
   * await using observer = new RPCPeer();
   * using datagrams = observer.traceDatagrams(server.nlPid);
   * await datagrams.joined;
   *
   * await using client = new RPCPeer();
   * await client.call(server.nlPid, "rpc.ping");
   * for await (const datagram of datagrams) {
   *   if (datagram instanceof GroupGap) continue; // Some are missing.
   *   assertEquals([datagram.direction, datagram.from], ["in", client.nlPid]);
   *   break;
   * }
   * ```
   */
  traceDatagrams(target: Target, options: JoinOptions = {}): Trace<CapturedDatagram> {
    return new Trace(joinGroup(this, target, DATAGRAMS_GROUP, options, false), readCapturedDatagram);
  }
}
