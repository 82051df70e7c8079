/**
 * A group without a peer.
 *
 * @module
 */
import { Publisher } from "../../src/groups/publisher.ts";
import { settle } from "../fakes/stranger.ts";
import { callerAt, FakeOwner } from "./members.ts";

/** A group with members at ports from 200 on, each with the id 1. */
export function openGroup(
  { members = 1, maxQueuedBytes = 1_000_000, hears = 0, datagram = 10_000, isPrivate = false } = {},
) {
  const owner = new FakeOwner();
  owner.bounds.datagram = datagram;
  const changes: string[] = [];
  const publisher = new Publisher(owner, {
    name: "news",
    maxQueuedBytes,
    isPrivate,
    changed: (type, { port }) => void changes.push(`${type} ${port}`),
  });
  const admit = (port: number, next = 1, id = 1, uid = 10) =>
    publisher.admit(callerAt(port, uid), { group: "news", stream: publisher.stream, id, next, hears });
  for (let index = 0; index < members; index++) admit(200 + index);
  return { owner, publisher, changes, admit };
}

/** Publishes, and lets it leave. */
export async function publish(publisher: Publisher, ...values: string[]): Promise<{ count?: number }> {
  const told: { count?: number } = {};
  for (const value of values) publisher.publish(value).then((count) => told.count = count);
  await settle();
  return told;
}
