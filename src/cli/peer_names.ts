/**
 * Names of peers, for what is printed about them.
 *
 * @module
 */
import type { LifecycleEvent, RPCPeer } from "../../mod.ts";

/** How long the answer of a peer is waited for that is asked for its names, in milliseconds. */
const ANSWER_MILLISECONDS = 200;

/** Who comes and goes. */
export interface PeersListener {
  /** A peer is there. */
  added(port: number, uid: number | undefined): void;
  /** A peer is gone. */
  removed(port: number): void;
  /** More has changed than could be told: who is there is told anew. */
  restarted(): void;
}

/** Knows the names of the peers, as far as they are known, as long as it is open. */
export class PeerNames implements Disposable {
  readonly #peer: RPCPeer;
  readonly #listener: PeersListener | undefined;
  readonly #names = new Map<number, string>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #watch: ReturnType<RPCPeer["watch"]>;
  #isAsking = false;
  #isAskedAgain = false;
  #isOpen = true;

  /**
   * @param peer The peer that looks.
   * @param listener Told of who comes and goes.
   */
  constructor(peer: RPCPeer, listener?: PeersListener) {
    this.#peer = peer;
    this.#listener = listener;
    this.#watch = peer.watch({ groups: [] });
    this.#follow();
  }

  /** Resolves when all who are there have been seen; also where nobody can be seen. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /**
   * Finds the names of a peer.
   *
   * @param port Its port.
   * @returns Its names, with commas between them; undefined where none is known.
   */
  of(port: number): string | undefined {
    return this.#names.get(port);
  }

  /** Looks no longer. */
  [Symbol.dispose](): void {
    this.#isOpen = false;
    this.#watch[Symbol.dispose]();
  }

  async #follow(): Promise<void> {
    try {
      for await (const event of this.#watch) this.#take(event);
    } catch {
      // The peer has failed: whoever uses it learns that elsewhere. Names are but a help.
    } finally {
      this.#ready.resolve();
    }
  }

  #take(event: LifecycleEvent): void {
    switch (event.type) {
      case "peer-added":
        if (event.name !== undefined) this.#names.set(event.port, event.name);
        this.#listener?.added(event.port, event.uid);
        break;
      case "peer-removed":
        this.#names.delete(event.port);
        this.#listener?.removed(event.port);
        break;
      case "name-added":
      case "name-removed":
        // The port is that of the name: whose it is, only the peer itself says.
        this.#ask();
        break;
      case "restart":
        this.#names.clear();
        this.#listener?.restarted();
        break;
      case "ready":
        this.#ready.resolve();
    }
  }

  async #ask(): Promise<void> {
    this.#isAskedAgain = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      while (this.#isAskedAgain && this.#isOpen) {
        this.#isAskedAgain = false;
        for (const { port, names } of await this.#peer.list({ timeout: ANSWER_MILLISECONDS })) {
          if (names.length > 0) this.#names.set(port, names.join(", "));
          else this.#names.delete(port);
        }
      }
    } catch {
      // The peer is closed, and nobody asks for names any more.
    } finally {
      this.#isAsking = false;
    }
  }
}
