/**
 * Calls that share an AbortSignal share one listener: adding and removing one for each call takes longer the more there are.
 *
 * @module
 */

/** Something that ends when a signal aborts. */
export interface Abortable {
  /**
   * Ends it.
   *
   * @param reason The reason of the signal.
   */
  abort(reason: unknown): void;
}

/** The calls of one signal, as its listener. */
class AbortGroup implements EventListenerObject {
  readonly members = new Set<Abortable>();

  handleEvent({ target }: Event): void {
    for (const member of [...this.members]) member.abort((target as AbortSignal).reason);
  }
}

const groups = new WeakMap<AbortSignal, AbortGroup>();

/**
 * Has something ended when a signal aborts.
 *
 * @param signal The signal.
 * @param member What is ended.
 */
export function endOnAbort(signal: AbortSignal, member: Abortable): void {
  let group = groups.get(signal);
  if (group === undefined) {
    group = new AbortGroup();
    groups.set(signal, group);
    signal.addEventListener("abort", group);
  }
  group.members.add(member);
}

/**
 * Takes that back.
 *
 * @param signal The signal.
 * @param member What is no longer ended.
 */
export function forget(signal: AbortSignal, member: Abortable): void {
  const group = groups.get(signal);
  if (group === undefined || !group.members.delete(member) || group.members.size > 0) return;
  groups.delete(signal);
  signal.removeEventListener("abort", group);
}
