/**
 * What waits to be written to a connection: all that comes up while a write is under way goes with the next one.
 *
 * @module
 */

/** A queue of pieces. */
export class WriteQueue {
  readonly #connection: Deno.Conn;
  readonly #join: (texts: readonly string[]) => Uint8Array[];
  #texts: string[] = [];
  #writing = false;

  /**
   * @param connection Where it goes.
   * @param join Makes bytes of what waits, in as many writes as it likes.
   */
  constructor(connection: Deno.Conn, join: (texts: readonly string[]) => Uint8Array[]) {
    this.#connection = connection;
    this.#join = join;
  }

  /**
   * Has a message written, together with what else comes up in this turn of the event loop.
   *
   * @param text The message.
   */
  push(text: string): void {
    this.#texts.push(text);
    if (this.#writing) return;
    this.#writing = true;
    queueMicrotask(() => this.#write());
  }

  async #write(): Promise<void> {
    while (this.#texts.length > 0) {
      const texts = this.#texts;
      this.#texts = [];
      for (const bytes of this.#join(texts)) {
        for (let written = 0; written < bytes.length;) {
          written += await this.#connection.write(bytes.subarray(written));
        }
      }
    }
    this.#writing = false;
  }
}
