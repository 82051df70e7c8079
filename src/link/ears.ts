/**
 * What hears the multicast groups of the kernel in this isolate: one socket for each group of a network namespace.
 *
 * @module
 */
import { namespaceOf } from "../netlink/namespaces.ts";
import type { Reactor } from "../netlink/reactor.ts";
import type { SocketPlace } from "../netlink/socket_place.ts";
import type { GroupEar, LinkReceiver } from "./link.ts";
import { NetlinkEar } from "./netlink_ear.ts";

/** By reactor; then by namespace and group. */
const ears = new WeakMap<Reactor, Map<string, NetlinkEar>>();

/**
 * Hears a group in the network namespace of a socket.
 *
 * @param reactor What waits for sockets.
 * @param place The socket.
 * @param group Number of the group.
 * @param from The only port that counts.
 * @param receiver Told of what comes from there, and of what is lost.
 * @returns What is held while something is to be heard; undefined where this process may not.
 */
export function hear(
  reactor: Reactor,
  place: SocketPlace,
  group: number,
  from: number,
  receiver: LinkReceiver,
): GroupEar | undefined {
  const { syscalls } = reactor;
  let all = ears.get(reactor);
  if (all === undefined) ears.set(reactor, all = new Map());
  const namespace = namespaceOf(syscalls, place.fd);
  const key = `${namespace} ${group}`;
  let ear = all.get(key);
  if (ear === undefined) {
    try {
      ear = new NetlinkEar(reactor, group, place.netns, () => all.delete(key));
    } catch {
      return undefined; // Whatever the kernel refuses: there is another way.
    }
    if (namespaceOf(syscalls, ear.fd) !== namespace) {
      ear.close();
      return undefined;
    }
    all.set(key, ear);
  }
  return ear.listen(from, receiver);
}
