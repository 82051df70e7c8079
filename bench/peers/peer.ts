/**
 * What a peer of the benchmark can do, so that one driver measures all.
 *
 * @module
 */

/** How a peer is set up. */
export interface PeerSettings {
  /** A temporary folder for socket files. */
  readonly folder: string;
  /** Of ProcsLink: for how long it looks for messages before it sleeps, in microseconds; its default where nothing is said. */
  readonly busyPoll?: number;
}

/** One client of a server. */
export interface PeerClient {
  /**
   * Calls the method `echo` of the server.
   *
   * @param params Its arguments.
   * @returns The first of them, as it came back.
   */
  call(params: readonly unknown[]): Promise<unknown>;
  /**
   * The same, where the whole thread waits for the answer; only where the peer can.
   *
   * @param params Its arguments.
   * @returns The first of them, as it came back.
   */
  callSync?(params: readonly unknown[]): unknown;
}

/** One way to call a method of another process. */
export interface Peer {
  /**
   * Starts to serve the method `echo`, for as long as the process runs.
   *
   * @param settings How it is set up.
   * @returns The address for clients.
   */
  serve(settings: PeerSettings): Promise<string>;
  /**
   * Connects a client, which lives as long as the process.
   *
   * @param address What the server returned.
   * @param settings How it is set up.
   * @returns The client.
   */
  connect(address: string, settings: PeerSettings): Promise<PeerClient>;
}

/**
 * The method that every server offers.
 *
 * @param value Anything that JSON can hold.
 * @returns The same.
 */
export function echo(value: unknown): unknown {
  return value;
}
