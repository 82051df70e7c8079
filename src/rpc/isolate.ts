/**
 * What all peers of this isolate share: memory, and a timer.
 *
 * @module
 */
import { SendBuffer } from "../link/send_buffer.ts";
import { MAX_DATAGRAM } from "../netlink/socket.ts";
import { Deadlines } from "./deadlines.ts";

let sendBuffer: SendBuffer | undefined;

/** The deadlines of all calls. */
export const isolateDeadlines: Deadlines = new Deadlines();

/**
 * The send buffer, made at the first call.
 *
 * @returns The send buffer.
 */
export function isolateSendBuffer(): SendBuffer {
  return sendBuffer ??= new SendBuffer(MAX_DATAGRAM);
}
