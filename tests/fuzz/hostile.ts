/**
 * What strangers send, as bytes.
 *
 * @module
 */
import { PeerGoneError } from "../../mod.ts";
import { legacyFrame } from "../fakes/legacy_stranger.ts";
import type { MemoryLink } from "../fakes/memory_network.ts";
import { fragments, type Frame, frame, joined } from "../fakes/stranger.ts";
import { SPOOFED } from "./api.ts";
import { mutate } from "./mutations.ts";
import type { Neighbour, Neighbourhood } from "./neighbourhood.ts";
import { PORTS } from "./neighbourhood.ts";
import type { Forgery, HostileStep } from "./peer_script.ts";

/** Those that are attacked. */
const VICTIMS = [PORTS.peer, PORTS.client, PORTS.honest];

/** The id of requests that must not be carried out. */
export const UNREACHABLE = "unreachable";
/** What a call must not be answered with, since its id is a number. */
export const TO_A_TEXT = "the answer to a text";

/** A request that one port has sent to another. */
interface SentRequest {
  readonly from: number;
  readonly to: number;
  readonly nlmsgSeq: number;
}

/** Has a stranger do something. */
export function attack(neighbourhood: Neighbourhood, step: HostileStep): void {
  const { neighbours } = neighbourhood;
  switch (step.do) {
    case "stop reading":
      return neighbourhood.stopReading(pick(neighbours, step.who));
    case "read":
      return neighbourhood.read(pick(neighbours, step.who));
    case "leave":
      return neighbourhood.leave(pick(neighbours, step.who));
    case "return":
      return neighbourhood.return(pick(neighbours, step.who));
    case "noise":
      return sendAll(pick(neighbours, step.from), pick(VICTIMS, step.to), [Uint8Array.fromHex(step.hex)]);
    case "reach":
      return request(pick(neighbours, step.from), pick(VICTIMS, step.to), step.method, null);
    case "spoof": {
      const claimed = pick([PORTS.client, PORTS.peer, PORTS.honest, 0, 1], step.as);
      return request(pick(neighbours, step.from), pick(VICTIMS, step.to), "echo", SPOOFED, claimed);
    }
    case "send": {
      const neighbour = pick(neighbours, step.from);
      const { body, nlmsgSeq, payloadType, seq } = step;
      const message = { body, netlink: { nlmsgSeq }, procslink: { payloadType, seq } };
      const datagrams = step.legacy === true
        ? mutated([legacyFrame(neighbour.port, { body, payloadType })], step.mutations)
        : datagramsOf(neighbour.port, message, step);
      return sendAll(neighbour, pick(VICTIMS, step.to), datagrams);
    }
    case "forge":
      return forge(neighbourhood, step);
    case "cancel":
      return cancel(neighbourhood, step);
  }
}

/** Sends a request that must not be carried out. */
function request(neighbour: Neighbour, to: number, method: string, token: unknown, claimed = neighbour.port): void {
  const body = { jsonrpc: "2.0", id: UNREACHABLE, method, params: [token, null] };
  sendAll(neighbour, to, [frame(neighbour.port, { body, netlink: { nlmsgPid: claimed } })]);
}

function cancel(neighbourhood: Neighbourhood, { from, about, byName, spoofed }: HostileStep & { do: "cancel" }): void {
  const request = requestOf(neighbourhood, about);
  if (request === undefined) return;
  const neighbour = pick(neighbourhood.neighbours, from);
  const { from: caller, to, nlmsgSeq: id } = request;
  const body = { jsonrpc: "2.0", method: "rpc.cancel", params: byName ? { id } : [id] };
  sendAll(neighbour, to, [frame(neighbour.port, { body, netlink: spoofed ? { nlmsgPid: caller } : {} })]);
}

function forge(neighbourhood: Neighbourhood, step: HostileStep & { do: "forge" }): void {
  const { neighbours } = neighbourhood;
  const request = requestOf(neighbourhood, step.about);
  if (request === undefined) return;
  const { from, to, nlmsgSeq } = request;
  const neighbour = pick(neighbours, step.from);
  const number = (nlmsgSeq + step.off) >>> 0;
  const message = {
    body: FORGERIES[step.how](number, neighbour.stranger.link.uid),
    netlink: { nlmsgSeq: number, ...(step.spoofed && { nlmsgPid: to }) },
    procslink: { payloadType: 2, seq: number },
  };
  sendAll(neighbour, from, datagramsOf(neighbour.port, message, { ...step, joined: false, mutations: [] }));
}

/** Has a stranger answer the newest request that it was sent: with a forgery, and then with a result. */
export function answerForged({ stranger, port }: Neighbour, how: Forgery, off: number): void {
  const request = stranger.readNow().findLast(({ payloadType }) => payloadType === 1);
  if (request === undefined) return;
  for (const [kind, number] of [[how, (request.nlmsgSeq + off) >>> 0], ["result", request.nlmsgSeq]] as const) {
    const body = FORGERIES[kind](number, stranger.link.uid);
    const bytes = frame(port, { body, netlink: { nlmsgSeq: number }, procslink: { payloadType: 2 } });
    stranger.sendBytes(PORTS.peer, bytes);
  }
}

const FORGERIES: Readonly<Record<Forgery, (id: number, forgedBy: number) => unknown>> = {
  "result": (id, forgedBy) => ({ jsonrpc: "2.0", id, result: { forgedBy } }),
  "error": (id) => ({ jsonrpc: "2.0", id, error: { code: 1, message: "forged" } }),
  "error of all": () => ({ jsonrpc: "2.0", id: null, error: { code: -32603, message: "forged" } }),
  "batch": (id, forgedBy) => [id - 1, id, id + 1].map((id) => ({ jsonrpc: "2.0", id, result: { forgedBy } })),
  "text as id": (id) => ({ jsonrpc: "2.0", id: String(id), result: TO_A_TEXT }),
  "rubbish": () => "forged",
};

/** A request that the client or the peer has sent, counted from the newest. */
function requestOf({ links }: Neighbourhood, about: number): SentRequest | undefined {
  const requests = [...requestsOf(links.client), ...requestsOf(links.peer)].reverse();
  return requests.length === 0 ? undefined : pick(requests, about);
}

/** All requests that a side has sent, the oldest first. */
function requestsOf(link: MemoryLink): SentRequest[] {
  return link.sent.flatMap(({ to, bytes }) => {
    const view = new DataView(bytes.buffer);
    const isRequest = bytes.length >= 40 && (view.getUint16(6, true) & 1) !== 0;
    return isRequest ? [{ from: link.port, to, nlmsgSeq: view.getUint32(8, true) }] : [];
  });
}

/** How a message leaves. */
interface Shipping {
  readonly part: number;
  readonly order: readonly number[];
  readonly joined: boolean;
  readonly mutations: (HostileStep & { do: "send" })["mutations"];
}

function datagramsOf(port: number, message: Frame, shipping: Shipping): Uint8Array<ArrayBuffer>[] {
  const { part, order } = shipping;
  const all = part === 0 ? [frame(port, message)] : fragments(port, message, part);
  const some = order.length === 0 ? all : order.map((index) => pick(all, index));
  return mutated(shipping.joined ? [joined(...some)] : [...some], shipping.mutations);
}

function mutated(
  datagrams: Uint8Array<ArrayBuffer>[],
  mutations: Shipping["mutations"],
): Uint8Array<ArrayBuffer>[] {
  for (const [index, mutation] of mutations.entries()) {
    const at = index % datagrams.length;
    datagrams[at] = mutate(datagrams[at]!, mutation);
  }
  return datagrams;
}

function sendAll({ stranger, present }: Neighbour, to: number, datagrams: readonly Uint8Array<ArrayBuffer>[]): void {
  if (!present) return;
  try {
    for (const datagram of datagrams) stranger.sendBytes(to, datagram);
  } catch (error) {
    // Another stranger may have left.
    if (!(error instanceof PeerGoneError)) throw error;
  }
}

/** One of several: beyond the end it begins again. */
export function pick<Value>(values: readonly Value[], index: number): Value {
  return values[index % values.length]!;
}
