/**
 * A peer and its neighbours on one network in memory: a client of its own user, an honest server, one that is called
 * synchronously, and strangers of two other users.
 *
 * @module
 */
import { assert } from "@std/assert";
import { type AccessRule, RPCPeer, type TroubleEvent } from "../../mod.ts";
import type { Caller } from "../../src/link/link.ts";
import { type MemoryLink, MemoryNetwork } from "../fakes/memory_network.ts";
import { fragments, frame, Stranger } from "../fakes/stranger.ts";
import type { Settings } from "./peer_script.ts";
import { soon } from "./turns.ts";
import { API, type Echo, MAX_DEPTH, MAX_MESSAGE_SIZE } from "./api.ts";

/** Ports of those that are no strangers. */
export const PORTS = { peer: 100, client: 200, honest: 300, synchronous: 400 } as const;

/** User of the peer, and of the client. */
const OWN_UID = 10;

/** The strangers: two of one user, and one of another. */
const STRANGERS = [[666, 66], [667, 67], [668, 66]] as const;

/** All users but one of the strangers. */
const TRUSTED = [OWN_UID, 30, 40, 66];

/** Tells whether calls trust a user. */
export function isTrusted({ trust }: Settings, uid: number): boolean {
  return trust === "anyone" || TRUSTED.includes(uid);
}

/** Requests that a stranger may have in hand, and bytes of answers that it may leave unread. */
export const REQUESTS = 60;
export const ANSWER_BYTES = 12_000;

/** All peers take and send the same. So little room is left that most of it is used. */
const OPTIONS = { maxMessageSize: MAX_MESSAGE_SIZE, maxQueuedBytes: 200_000 };
/** Two users cannot use up what is left for others. */
const REASSEMBLY = { reassemblyBytes: 4 * MAX_MESSAGE_SIZE, reassemblyBytesPerUser: 1.5 * MAX_MESSAGE_SIZE };
/** The peer's own; for the honest server the peer is another user, and has much in hand there. */
const QUOTAS = {
  ...REASSEMBLY,
  requestsPerUser: REQUESTS,
  answerBytesPerUser: ANSWER_BYTES,
  batchMembers: 500,
  depth: MAX_DEPTH,
};
const MAX_DATAGRAM = 600;
/** Datagrams that a queue holds, and that of a stranger who does not read. */
const QUEUE = 12;
const STRANGERS_QUEUE = 3;

/** Kinds of trouble that friends cause: their methods fail because they are to. */
const FRIENDLY_TROUBLE = ["handler", "notification"];

/** Tells who may call what, where it is not anyone. */
function mayCallHere({ access }: Settings, { uid }: Caller, method: string): boolean {
  return access === "anyone" || uid === OWN_UID || (access === "asked" && method !== "echo");
}

/** Whom calls trust; those that do not wait with the event loop can ask no function that takes its time. */
export function trustOf({ trust }: Settings, isSynchronous = false): AccessRule {
  if (trust === "anyone") return trust;
  if (trust === "most" || isSynchronous) return { uids: TRUSTED };
  return ({ uid }) => Promise.resolve(TRUSTED.includes(uid));
}

/** A stranger, who comes and goes. */
export interface Neighbour {
  readonly port: number;
  stranger: Stranger;
  present: boolean;
  reading: boolean;
  /** How many have held the port. */
  holders: number;
}

/** All of them. */
export class Neighbourhood {
  readonly network = new MemoryNetwork();
  readonly links: Readonly<Record<"peer" | "client" | "honest" | "synchronous", MemoryLink>>;
  readonly peer: RPCPeer;
  readonly client: RPCPeer;
  readonly honest: RPCPeer;
  readonly api: API;
  readonly honestAPI: API;
  readonly neighbours: readonly Neighbour[];
  /** All strangers there ever were. */
  readonly strangers: Stranger[] = [];
  /** Each lets the honest server answer one call. */
  readonly gates: (() => void)[] = [];
  /** Trouble that should not be. */
  readonly #badTrouble: string[] = [];
  readonly #holders = new Map<number, Caller[]>();
  readonly #served: Promise<void>[];
  readonly settings: Settings;
  /** What a stranger does while the peer's thread stands still. */
  whileWaiting: () => void = () => {};

  /**
   * @param settings Who may do what, and what is known.
   */
  constructor(settings: Settings) {
    this.settings = settings;
    const own = { uid: OWN_UID, gid: 10 };
    this.links = {
      peer: this.#open(PORTS.peer, own),
      client: this.#open(PORTS.client, own),
      honest: this.#open(PORTS.honest, { uid: 30, gid: 30 }),
      synchronous: this.#open(PORTS.synchronous, { uid: 40, gid: 40 }),
    };
    this.peer = this.#openPeer(this.links.peer);
    this.client = this.#openPeer(this.links.client);
    this.honest = this.#openPeer(this.links.honest, { uids: [OWN_UID] });
    const whoHolds = (port: number) => this.#holders.get(port) ?? [];
    const relay = (...params: Echo) => this.peer.call<Echo>(PORTS.honest, "echo", params);
    const mayCall = (caller: Caller, method: string) => mayCallHere(settings, caller, method);
    this.api = new API({ whoHolds, mayCall, relay });
    this.honestAPI = new API({ whoHolds, mayCall, relay });
    this.peer.registerFunctionsInObject(this.api);
    this.honest.registerFunctionsInObject(this.honestAPI);
    this.honest.registerFunction(async (token: unknown, payload: unknown) => {
      await new Promise<void>((resolve) => this.gates.push(resolve));
      return this.honestAPI.echo(token, payload);
    }, "slow");
    this.#served = [this.peer, this.honest].map((peer) => peer.runServerForever());
    // What becomes of it is asked for in the end.
    for (const served of this.#served) served.catch(() => {});
    this.neighbours = STRANGERS.map(([port, uid]) => ({
      port,
      stranger: this.#openStranger(port, { uid, gid: uid }),
      present: true,
      reading: true,
      holders: 1,
    }));
    this.#serveSynchronously();
  }

  /** Has a stranger read no more: soon there is no room for what it is sent. */
  stopReading(neighbour: Neighbour): void {
    if (!neighbour.present || !neighbour.reading) return;
    neighbour.reading = false;
    neighbour.stranger.link.queueLimit = STRANGERS_QUEUE;
    neighbour.stranger.link.release();
  }

  /** Has a stranger read again. */
  read(neighbour: Neighbour): void {
    if (!neighbour.present || neighbour.reading) return;
    neighbour.reading = true;
    neighbour.stranger.link.queueLimit = Infinity;
    neighbour.stranger.link.hold();
  }

  /** Has a stranger leave its port. */
  leave(neighbour: Neighbour): void {
    if (neighbour.present) neighbour.stranger.link.kill();
    neighbour.present = false;
  }

  /** Has another user take the port of a stranger that has left. */
  return(neighbour: Neighbour): void {
    if (neighbour.present) return;
    const uid = neighbour.stranger.link.uid === 66 ? 67 : 66;
    const gid = uid;
    neighbour.holders++;
    neighbour.stranger = this.#openStranger(neighbour.port, { uid, gid, pidHint: neighbour.holders });
    neighbour.present = neighbour.reading = true;
  }

  /** Fails where something was reached that must not be, or friends are said to have made trouble. */
  assertSafe(): void {
    this.api._assertSecret();
    this.honestAPI._assertSecret();
    assert(this.#badTrouble.length === 0, `Trouble that should not be: ${this.#badTrouble.join("; ")}`);
  }

  /** Closes all. */
  async close(): Promise<void> {
    for (const neighbour of this.neighbours) this.leave(neighbour);
    const { drained } = this.settings;
    await soon(this.peer.close({ drain: drained }), "the peer closes");
    await soon(Promise.all([this.client, this.honest].map((peer) => peer.close())), "the others close");
    await soon(Promise.all(this.#served), "the peers serve");
    this.links.synchronous.close();
  }

  #open(port: number, credentials: Partial<Caller>): MemoryLink {
    const link = this.network.open(port, credentials);
    link.maxDatagram = MAX_DATAGRAM;
    link.hasLifeline = this.settings.lifelines;
    const { uid, gid, pidHint } = link.self;
    this.#holders.set(port, [...this.#holders.get(port) ?? [], { port, uid, gid, pidHint }]);
    return link;
  }

  #openStranger(port: number, credentials: Partial<Caller>): Stranger {
    const stranger = new Stranger(this.#open(port, credentials));
    this.strangers.push(stranger);
    return stranger;
  }

  #openPeer(link: MemoryLink, few: AccessRule = "same-user"): RPCPeer {
    link.queueLimit = QUEUE;
    const { settings } = this;
    const asked = async (caller: Caller, method: string) => {
      await Promise.resolve();
      return mayCallHere(settings, caller, method);
    };
    const access = ({ "anyone": "anyone", "same-user": few, asked } as const)[settings.access];
    const trust = trustOf(settings);
    const quotas = link.port === PORTS.peer ? QUOTAS : REASSEMBLY;
    const peer = new RPCPeer({ ...OPTIONS, quotas, access, trust, link });
    peer.addEventListener("trouble", ({ kind, reason, port }: TroubleEvent) => {
      const isStrange = STRANGERS.some(([strange]) => strange === port);
      if (isStrange || FRIENDLY_TROUBLE.includes(kind)) return;
      this.#badTrouble.push(`${kind} from ${port}: ${reason}`);
    });
    return peer;
  }

  /** Somebody who answers while the thread stands still, as far as there is room. */
  #serveSynchronously(): void {
    const { peer, synchronous } = this.links;
    const stranger = new Stranger(synchronous);
    const answers: Uint8Array<ArrayBuffer>[] = [];
    peer.blocking!.whileSending = () => this.whileWaiting();
    peer.blocking!.whileReceiving = () => {
      this.whileWaiting();
      for (const { nlmsgSeq, body } of stranger.readNow()) {
        // Who asks for the identity passes nothing. A notification is a stranger's.
        const { id, params = ["", null, 0] } = body as { id?: number; params?: [string, unknown, number] };
        if (id === undefined) continue;
        const [token, payload, part] = params;
        const answer = { jsonrpc: "2.0", id, result: [token, payload] };
        const message = { body: answer, netlink: { nlmsgSeq }, procslink: { payloadType: 2, seq: nlmsgSeq } };
        answers.push(...part > 0 ? fragments(PORTS.synchronous, message, part) : [frame(PORTS.synchronous, message)]);
      }
      while (answers.length > 0 && synchronous.send(PORTS.peer, answers[0]!, answers[0]!.length)) answers.shift();
    };
  }
}
