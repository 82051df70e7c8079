/**
 * Changes of a file.
 *
 * @module
 */
import { pause } from "./interrupt.ts";
import { assertReadable } from "./module_methods.ts";

/** A file that is written changes several times, one soon after the other; in milliseconds. */
const SETTLE_MILLISECONDS = 50;

/** Changes of a file. */
export class FileChanges implements Disposable {
  readonly #watcher: Deno.FsWatcher;
  readonly #events: AsyncIterator<Deno.FsEvent>;
  readonly #signal: AbortSignal;
  readonly #path: string;
  #seen: string | undefined;

  /**
   * @param address Where the file is.
   * @param signal Aborts when nobody wants to know any longer.
   */
  constructor(address: URL, signal: AbortSignal) {
    this.#path = decodeURIComponent(address.pathname);
    this.#signal = signal;
    // An editor may put another file in its place, so the folder is watched.
    const folder = new URL(".", address);
    assertReadable(folder, "Watching the module needs a permission for its folder");
    this.#watcher = Deno.watchFs(decodeURIComponent(folder.pathname), { recursive: false });
    this.#events = this.#watcher[Symbol.asyncIterator]();
    this.#seen = this.#look();
  }

  /**
   * Waits for a change.
   *
   * @returns Whether there was one: false where nobody wants to know any longer.
   */
  async next(): Promise<boolean> {
    for (;;) {
      const event = await Promise.race([this.#events.next(), pause(Infinity, this.#signal)]);
      if (event === undefined || event.done === true) return false;
      if (event.value.kind === "access" || !event.value.paths.includes(this.#path)) continue;
      await pause(SETTLE_MILLISECONDS, this.#signal);
      if (this.#signal.aborted) return false;
      // One change is told of several times.
      const seen = this.#look();
      if (seen === undefined || seen === this.#seen) continue;
      this.#seen = seen;
      return true;
    }
  }

  /** What tells one state of the file from another; undefined where it is not there just now. */
  #look(): string | undefined {
    try {
      const { ino, size, mtime } = Deno.statSync(this.#path);
      return [ino, size, mtime?.getTime()].join();
    } catch {
      return undefined;
    }
  }

  /** Ends the watching. */
  [Symbol.dispose](): void {
    this.#watcher.close();
  }
}
