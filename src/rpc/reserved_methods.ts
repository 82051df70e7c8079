/**
 * Methods that every peer has. Their names begin with `rpc.`, which JSON-RPC 2.0 keeps for such.
 *
 * @module
 */
import type { JSONRPCId } from "../jsonrpc/guards.ts";
import { currentCall } from "./current_call.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Methods } from "./methods.ts";

/** Tells that the caller of a request waits no longer: a notification with the request's id. */
export const CANCEL_METHOD = "rpc.cancel";
/** Tells who holds the port: by what it returns, and by whom the answer comes from. */
export const IDENTITY_METHOD = "rpc.identity";
/** Returns "pong". */
const PING_METHOD = "rpc.ping";

/** What `rpc.identity` returns. */
export interface Identity {
  /** A text that no other peer has, nor this one after it was opened anew. */
  readonly incarnation: string;
  /** Names of the methods. */
  readonly methods: readonly string[];
}

/**
 * Adds the methods that every peer has.
 *
 * @param methods The methods of the peer.
 * @param dispatcher Carries them out.
 */
export function reserveMethods(methods: Methods, dispatcher: Dispatcher): void {
  let incarnation: string | undefined;
  const identity = (): Identity => ({ incarnation: incarnation ??= crypto.randomUUID(), methods: methods.names });
  // What is stated does not have to be read from the function: every peer that is opened would wait for that.
  methods.reserve(PING_METHOD, () => "pong", { params: [] });
  methods.reserve(IDENTITY_METHOD, identity, { params: [] });
  // It reaches the caller's own requests only, so whoever may call anything may cancel.
  const cancel = (id: JSONRPCId) => dispatcher.cancel(currentCall()!.caller, id);
  methods.reserve(CANCEL_METHOD, cancel, { params: ["id"], access: "anyone" });
}
