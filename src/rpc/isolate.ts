/**
 * What all peers of this isolate share: memory, and a timer.
 *
 * @module
 */
import { SendBuffer } from "../link/send_buffer.ts";
import { MAX_DATAGRAM } from "../netlink/socket_opening.ts";
import { Deadlines } from "./deadlines.ts";

let sendBuffer: SendBuffer | undefined;

/** The deadlines of all calls. */
export const isolateDeadlines: Deadlines = new Deadlines();

/** When those who are called are looked at. */
export const isolateLooks: Deadlines = new Deadlines();

/**
 * The send buffer, made at the first call.
 *
 * @returns The send buffer.
 */
export function isolateSendBuffer(): SendBuffer {
  if (sendBuffer === undefined) {
    const created = new SendBuffer(MAX_DATAGRAM);
    // An answer that is followed by Deno.exit() still leaves.
    addEventListener("unload", () => created.flush());
    sendBuffer = created;
  }
  return sendBuffer;
}

/**
 * Chooses where the ids of a peer begin.
 *
 * @returns A random u32.
 */
export function randomId(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
