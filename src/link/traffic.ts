/**
 * What has gone through a link.
 *
 * @module
 */

/** Counters, kept by whoever sends and receives. */
export class Traffic {
  /** Messages that have arrived. */
  messagesIn = 0;
  /** Bytes that have arrived, headers included. */
  bytesIn = 0;
  /** Messages that are in their receivers' queues. */
  messagesOut = 0;
  /** Bytes that are there, headers included. */
  bytesOut = 0;
  /** Datagrams that found no room, each time. */
  retries = 0;
}
