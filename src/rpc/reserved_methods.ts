/**
 * Methods that every peer has. Their names begin with `rpc.`, which JSON-RPC 2.0 keeps for such.
 *
 * @module
 */
import { JOIN_METHOD, LEAVE_METHOD, PUBLISH_METHOD } from "../groups/messages.ts";
import type { JSONRPCId } from "../jsonrpc/guards.ts";
import { currentCall } from "./current_call.ts";
import { DISCOVER_METHOD, Discovery } from "./discover.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { GroupParts } from "./group_parts.ts";
import { type Identity, IDENTITY_METHOD } from "./identity.ts";
import type { Methods } from "./methods.ts";

/** Tells that the caller of a request waits no longer: a notification with the request's id. */
export const CANCEL_METHOD = "rpc.cancel";
/** Returns "pong". */
const PING_METHOD = "rpc.ping";

/** What identifies a peer. */
export interface IdentityParts {
  /** Its port. */
  readonly port: number;
  /** Its names. */
  readonly names: () => readonly string[];
  /** Its groups. */
  readonly groups: () => GroupParts;
  /** Whether it describes its methods to those who may call them. */
  readonly discover: boolean;
}

/**
 * Adds the methods that every peer has.
 *
 * @param methods The methods of the peer.
 * @param dispatcher Carries them out.
 * @param parts What identifies the peer.
 */
export function reserveMethods(methods: Methods, dispatcher: Dispatcher, parts: IdentityParts): void {
  const { port, names, groups, discover } = parts;
  let incarnation: string | undefined;
  const identity = (): Identity => {
    const name = currentCall()!.request.calledName;
    incarnation ??= crypto.randomUUID();
    return { incarnation, port, ...(name !== undefined && { name }), names: names(), methods: methods.names };
  };
  // What is stated does not have to be read from the function: every peer that is opened would wait for that.
  methods.reserve(PING_METHOD, () => "pong", { params: [] });
  methods.reserve(IDENTITY_METHOD, identity, { params: [] });
  if (discover) {
    const discovery = new Discovery(methods);
    const describe = () => discovery.document(currentCall()!.request.calledName ?? names()[0]);
    methods.reserve(DISCOVER_METHOD, describe, { params: [] });
  }
  // It reaches the caller's own requests only, so whoever may call anything may cancel.
  const cancel = (id: JSONRPCId) => dispatcher.cancel(currentCall()!.caller, id);
  methods.reserve(CANCEL_METHOD, cancel, { params: ["id"], access: "anyone" });
  // Each group says who may join, and each member knows its owners.
  const join = (params: unknown) => groups().owned.join(currentCall()!.caller, params);
  methods.reserve(JOIN_METHOD, join, { params: "object", access: "anyone" });
  const leave = (params: unknown) => groups().owned.leave(currentCall()!.caller, params);
  methods.reserve(LEAVE_METHOD, leave, { params: "object", access: "anyone" });
  const published = (...params: unknown[]) => {
    const { caller, request } = currentCall()!;
    if (request.isNotification) groups().owned.acknowledge(caller, params);
    else return groups().streams.ask(caller, params);
  };
  methods.reserve(PUBLISH_METHOD, published, { params: ["...params"], access: "anyone" });
}
