/**
 * Whether what strangers have taken up was given back: each user can have all that one may have.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Neighbour, Neighbourhood } from "./neighbourhood.ts";
import { ANSWER_BYTES, PORTS, REQUESTS } from "./neighbourhood.ts";
import { soon } from "./turns.ts";

/** What a peer counts for each answer beside its text, in bytes. */
const OVERHEAD = 512;

/** Has a user send as many requests as it may, with as long an answer as it may have. */
export async function assertQuotasFree(hood: Neighbourhood, neighbour: Neighbour): Promise<void> {
  hood.return(neighbour);
  const { stranger, port } = neighbour;
  const pings = Array.from({ length: REQUESTS - 1 }, (_, id) => ({ jsonrpc: "2.0", id, method: "rpc.ping" }));
  const answers: unknown[] = pings.map(({ id }) => ({ jsonrpc: "2.0", id, result: "pong" }));
  const answerOf = (payload: string) => ({ jsonrpc: "2.0", id: "large", result: ["large", payload] });
  const rest = ANSWER_BYTES - OVERHEAD - JSON.stringify([...answers, answerOf("")]).length;
  const payload = "x".repeat(rest);
  const large = { jsonrpc: "2.0", id: "large", method: "later", params: ["large", payload] };
  stranger.readNow();
  stranger.send(PORTS.peer, { body: [...pings, large], netlink: { nlmsgSeq: port } });
  const { body } = await soon(stranger.next(), "the answer to as many requests as one may have");
  assertEquals(JSON.stringify(body), JSON.stringify([...answers, answerOf(payload)]));
  hood.leave(neighbour);
}
