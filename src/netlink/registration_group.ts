/**
 * Sockets that are wanted in the same way.
 *
 * @module
 */
import type { Registration } from "./registration.ts";

/**
 * A group of sockets, in no order; each is in one at most. They change groups with every call: of a set that would leave a table
 * behind each time, and memory would grow until all of it is searched.
 */
export class RegistrationGroup implements Iterable<Registration> {
  readonly #members: Registration[] = [];

  /** How many there are. */
  get size(): number {
    return this.#members.length;
  }

  /** One of them, where there is any. */
  get first(): Registration | undefined {
    return this.#members[0];
  }

  [Symbol.iterator](): Iterator<Registration> {
    return this.#members.values();
  }

  /**
   * Adds a socket, which is in no other group.
   *
   * @param registration The socket.
   */
  add(registration: Registration): void {
    if (registration.group === this) return;
    registration.group = this;
    registration.groupIndex = this.#members.length;
    this.#members.push(registration);
  }

  /**
   * Deletes a socket.
   *
   * @param registration The socket.
   * @returns Whether it was here.
   */
  delete(registration: Registration): boolean {
    if (registration.group !== this) return false;
    registration.group = undefined;
    const last = this.#members.pop()!;
    if (last === registration) return true;
    this.#members[registration.groupIndex] = last;
    last.groupIndex = registration.groupIndex;
    return true;
  }

  /** Deletes all. */
  clear(): void {
    for (const registration of this.#members) registration.group = undefined;
    this.#members.length = 0;
  }
}
