/**
 * Calls by their ids.
 *
 * @module
 */

/** What has an id. */
interface Identified {
  /** The id. */
  readonly id: number;
}

/** Places at the beginning. A power of two, as ever after. */
const LEAST_PLACES = 128;
/** Places that are kept when nobody waits any more. */
const KEPT_PLACES = 1_024;
/** Places at most; beyond these a map takes what finds its place taken. */
const MOST_PLACES = 65_536;

/**
 * Ids are given out one after the other. So each has its own place in a short array, most often: that costs a tenth of a map, and
 * leaves nothing for the garbage collector, which a map does with every few calls that come and go.
 */
export class CallTable<Call extends Identified> {
  #places: (Call | undefined)[] = emptyPlaces(LEAST_PLACES);
  /** Those that have found their place taken. */
  #others: Map<number, Call> | undefined;
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Finds a call.
   *
   * @param id Its id: any number at all.
   * @returns The call, or undefined.
   */
  get(id: number): Call | undefined {
    const call = this.#places[id & (this.#places.length - 1)];
    if (call !== undefined && call.id === id) return call;
    const others = this.#others;
    return others === undefined || others.size === 0 ? undefined : others.get(id);
  }

  /**
   * Adds a call.
   *
   * @param call The call, whose id no other one has.
   */
  add(call: Call): void {
    // With half of its places taken it grows, so that calls which take long do not drive all others into the map.
    if (++this.#size > this.#places.length / 2) this.#grow();
    this.#put(call);
  }

  /**
   * Deletes a call.
   *
   * @param call The call.
   * @returns Whether it was here.
   */
  delete(call: Call): boolean {
    const place = call.id & (this.#places.length - 1);
    if (this.#places[place] === call) this.#places[place] = undefined;
    else if (this.#others?.get(call.id) !== call) return false;
    else this.#others.delete(call.id);
    // What many calls at once have taken is given back when the last one has gone.
    if (--this.#size === 0 && this.#places.length > KEPT_PLACES) this.#places = emptyPlaces(LEAST_PLACES);
    return true;
  }

  /**
   * Lists all calls.
   *
   * @returns The calls, in the order of their ids.
   */
  all(): Call[] {
    const calls = this.#places.filter((call) => call !== undefined);
    return [...calls, ...this.#others?.values() ?? []].sort((a, b) => a.id - b.id);
  }

  #put(call: Call): void {
    const place = call.id & (this.#places.length - 1);
    if (this.#places[place] === undefined) this.#places[place] = call;
    else (this.#others ??= new Map()).set(call.id, call);
  }

  #grow(): void {
    if (this.#places.length >= MOST_PLACES) return;
    const calls = this.all();
    this.#places = emptyPlaces(4 * this.#places.length);
    this.#others = undefined;
    for (const call of calls) this.#put(call);
  }
}

function emptyPlaces(count: number): undefined[] {
  return new Array(count).fill(undefined);
}
