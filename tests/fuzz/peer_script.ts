/**
 * Scripts of what happens around a peer: friends who call, and strangers who send what they like.
 *
 * @module
 */
import fc from "fast-check";
import { MUTATION, type Mutation } from "./mutations.ts";
import { batchesOf, NAMES, nestings, requestsFor, RESPONSE, VALUE } from "./texts.ts";

/** The methods that a peer offers here. */
export const METHODS = ["echo", "later", "relay", "refuse", "reject", "crash", "grow", "sum", "who", "wait"] as const;

/** What a friend calls; `"missing"` is not there. */
export type FriendlyMethod = Exclude<typeof METHODS[number], "sum" | "wait"> | "missing";

/** A call of a friend. */
export interface FriendlyCall {
  readonly method: FriendlyMethod;
  /** What goes there and back. */
  readonly payload: unknown;
}

/** What friends do: the client of the peer's own user, and the peer itself. */
export type FriendlyStep =
  /** A call that says how long it waits tells the other side so. */
  | { readonly do: "call"; readonly call: FriendlyCall; readonly timed: boolean }
  /** The client calls what takes until it gives that up, in the end. */
  | { readonly do: "wait"; readonly timed: boolean }
  | { readonly do: "batch"; readonly calls: readonly FriendlyCall[] }
  | { readonly do: "notify"; readonly payload: unknown }
  /** The peer calls an honest server, which may be in no hurry. */
  | { readonly do: "call out"; readonly slow: boolean; readonly payload: unknown }
  /** The whole thread waits for the answer, which comes in parts of this size, or in one. */
  | { readonly do: "call synchronously"; readonly part: number; readonly payload: unknown }
  /** The peer trusts a stranger, until it gives that up. */
  | { readonly do: "call a stranger"; readonly to: number; readonly payload: unknown }
  | { readonly do: "call a stranger synchronously"; readonly to: number; readonly how: Forgery; readonly off: number }
  | { readonly do: "give up" }
  /** A loop takes the requests that arrive, so many of them, and has them carried out. */
  | { readonly do: "loop"; readonly count: number };

/** How a request that was sent to somebody is answered by a stranger. */
export type Forgery = "result" | "error" | "error of all" | "batch" | "text as id" | "rubbish";

/** What strangers do. Strangers and ports are counted from 0, and begin again at the end. */
export type HostileStep =
  | { readonly do: "noise"; readonly from: number; readonly to: number; readonly hex: string }
  /** It calls what is no method, or in the name of another port. */
  | { readonly do: "reach"; readonly from: number; readonly to: number; readonly method: string }
  | { readonly do: "spoof"; readonly from: number; readonly to: number; readonly as: number }
  | {
    readonly do: "send";
    readonly from: number;
    readonly to: number;
    readonly body: string;
    readonly payloadType: number;
    readonly nlmsgSeq: number;
    readonly seq: number;
    /** Size of its fragments, 0 for none. */
    readonly part: number;
    /** Which of them leave, one after the other; all where it is empty. */
    readonly order: readonly number[];
    /** Whether they leave in one datagram. */
    readonly joined: boolean;
    /** Whether it is one message in the legacy dialect instead. */
    readonly legacy?: boolean;
    readonly mutations: readonly Mutation[];
  }
  | {
    readonly do: "forge";
    readonly from: number;
    /** Which request of others it answers, counted from the newest. */
    readonly about: number;
    readonly how: Forgery;
    /** How far its number is off. */
    readonly off: number;
    /** Whether it says that it comes from where the request went. */
    readonly spoofed: boolean;
    readonly part: number;
    readonly order: readonly number[];
  }
  /** It says that a call of others is not wanted any more. */
  | {
    readonly do: "cancel";
    readonly from: number;
    readonly about: number;
    readonly byName: boolean;
    readonly spoofed: boolean;
  }
  /** A stranger reads no more, reads again, leaves its port, or somebody else takes it. */
  | { readonly do: "stop reading" | "read" | "leave" | "return"; readonly who: number };

/** Who may do what, and what is known. */
export interface Settings {
  /** Whether strangers may call; or a function says so, which takes its time: all but one method. */
  readonly access: "anyone" | "same-user" | "asked";
  /** Whether calls trust everybody, or all but one of the strangers; or a function says so. */
  readonly trust: "anyone" | "most" | "asked";
  /** Whether it can be found out who holds a port before something is sent there. */
  readonly lifelines: boolean;
  /** Whether the peer answers what is in hand before it closes. */
  readonly drained: boolean;
}

/** A script. */
export interface PeerScript {
  readonly settings: Settings;
  readonly steps: readonly PeerStep[];
}

/** One step of a script. `"release"` has the honest server answer, and `"tick"` lets a second pass. */
export type PeerStep = FriendlyStep | HostileStep | { readonly do: "release" | "turn" | "tick" };

const payload = fc.oneof(
  { arbitrary: fc.jsonValue({ maxDepth: 2 }), weight: 4 },
  // Some fit a datagram, and some do not.
  { arbitrary: fc.nat(150).map((length) => "aé€😀".repeat(length)), weight: 1 },
);
const how = fc.constantFrom<Forgery[]>("result", "error", "error of all", "batch", "text as id", "rubbish");
const off = fc.constantFrom(0, 0, 0, 1, -1, -2);
const call: fc.Arbitrary<FriendlyCall> = fc.record({
  method: fc.constantFrom<FriendlyMethod[]>(
    ...["echo", "echo", "later", "relay", "refuse", "reject", "crash", "grow", "who", "missing"] as const,
  ),
  payload,
});
const friendly: fc.Arbitrary<PeerStep> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant("call" as const), call, timed: fc.boolean() }), weight: 6 },
  fc.record({ do: fc.constant("wait" as const), timed: fc.boolean() }),
  { arbitrary: fc.record({ do: fc.constant("call out" as const), slow: fc.boolean(), payload }), weight: 4 },
  fc.record({
    do: fc.constant("batch" as const),
    // The members of a batch share one answer, which one of them must not make too large.
    calls: fc.array(call.filter(({ method }) => method !== "grow"), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ do: fc.constant("notify" as const), payload }),
  fc.record({ do: fc.constant("call synchronously" as const), part: fc.constantFrom(0, 100), payload }),
  fc.record({ do: fc.constant("call a stranger" as const), to: fc.nat(2), payload }),
  fc.record({ do: fc.constant("call a stranger synchronously" as const), to: fc.nat(2), how, off }),
  fc.constant({ do: "give up" as const }),
  fc.record({ do: fc.constant("loop" as const), count: fc.integer({ min: 1, max: 3 }) }),
);

const from = fc.nat(2);
/** The peer, mostly; else the client, or the honest server. */
const to = fc.constantFrom(0, 0, 0, 0, 1, 2);
const request = requestsFor([
  ...METHODS,
  "rpc.ping",
  "rpc.identity",
  "rpc.discover",
  "rpc.cancel",
  "_secret",
  "hidden",
  "trap",
]);
const number = fc.oneof(fc.nat(4), fc.constantFrom(-1, 0.5, Number.MAX_SAFE_INTEGER), fc.constantFrom("1", null));
const stream = fc.constantFrom("", "stream");
/** What members and owners of groups say to each other, more or less. */
const groupRequest = fc.record({
  id: fc.nat(4),
  method: fc.constantFrom("rpc.join", "rpc.leave", "rpc.publish"),
  params: fc.oneof(
    fc.record(
      { group: fc.constantFrom("rpc.groups", "news"), stream, id: number, next: number, hears: number },
      { requiredKeys: [] },
    ),
    fc.tuple(stream, number),
    fc.tuple(stream, number, number),
  ),
}, { requiredKeys: ["method", "params"] }).map((members) => JSON.stringify({ jsonrpc: "2.0", ...members }));
const body = fc.oneof(
  { arbitrary: request, weight: 6 },
  { arbitrary: groupRequest, weight: 2 },
  { arbitrary: RESPONSE, weight: 3 },
  { arbitrary: batchesOf(fc.oneof(request, RESPONSE, VALUE)), weight: 2 },
  { arbitrary: VALUE, weight: 1 },
  {
    arbitrary: nestings(3_000).map((text) => `{"jsonrpc":"2.0","id":1,"method":"echo","params":["t",${text}]}`),
    weight: 1,
  },
  { arbitrary: fc.nat(600).map((count) => `[${Array(count).fill("1").join(",")}]`), weight: 1 },
);
const order = fc.oneof(
  { arbitrary: fc.constant([]), weight: 2 },
  { arbitrary: fc.array(fc.nat(20), { maxLength: 8 }), weight: 3 },
);
const small = fc.oneof(fc.nat(4), fc.nat(0xffff_ffff));
const send: fc.Arbitrary<PeerStep> = fc.record({
  do: fc.constant("send" as const),
  from,
  to,
  body,
  payloadType: fc.constantFrom(1, 1, 1, 2, 2, 3),
  nlmsgSeq: small,
  seq: small,
  part: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
  order,
  joined: fc.boolean(),
  legacy: fc.constantFrom(false, false, false, true),
  mutations: fc.oneof({ arbitrary: fc.constant([]), weight: 2 }, {
    arbitrary: fc.array(MUTATION, { maxLength: 3 }),
    weight: 1,
  }),
});
const forge: fc.Arbitrary<PeerStep> = fc.record({
  do: fc.constant("forge" as const),
  from,
  about: fc.nat(4),
  how,
  off,
  spoofed: fc.boolean(),
  part: fc.constantFrom(0, 0, 20),
  order,
});
const hostile: fc.Arbitrary<PeerStep> = fc.oneof(
  { arbitrary: send, weight: 10 },
  { arbitrary: forge, weight: 4 },
  {
    arbitrary: fc.record({
      do: fc.constant("reach" as const),
      from,
      to,
      method: fc.constantFrom(...NAMES, "valueOf", "hidden", "trap", "_serve"),
    }),
    weight: 1,
  },
  { arbitrary: fc.record({ do: fc.constant("spoof" as const), from, to, as: fc.nat(4) }), weight: 1 },
  {
    arbitrary: fc.record({
      do: fc.constant("cancel" as const),
      from,
      about: fc.nat(4),
      byName: fc.boolean(),
      spoofed: fc.boolean(),
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      do: fc.constant("noise" as const),
      from,
      to,
      hex: fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.toHex()),
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      do: fc.constantFrom("stop reading" as const, "read" as const, "leave" as const, "return" as const),
      who: from,
    }),
    weight: 2,
  },
);

const steps = fc.array(
  fc.oneof(
    { arbitrary: hostile, weight: 6 },
    { arbitrary: friendly, weight: 3 },
    {
      arbitrary: fc.record({
        do: fc.constantFrom("turn" as const, "turn" as const, "release" as const, "tick" as const),
      }),
      weight: 3,
    },
  ),
  { maxLength: 30, size: "max" },
);

/** Scripts of all kinds. */
export const PEER_SCRIPTS: fc.Arbitrary<PeerScript> = fc.record({
  settings: fc.record({
    access: fc.constantFrom("anyone", "anyone", "same-user", "asked"),
    trust: fc.constantFrom("anyone", "most", "asked"),
    lifelines: fc.boolean(),
    drained: fc.boolean(),
  }),
  steps,
});
