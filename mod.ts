/**
 * Remote procedure calls between Linux processes over netlink sockets: no broker, no socket file, no descriptor for each peer.
 *
 * @example The server
 * ```ts ignore
 * import { RPCPeer } from "@procslink/procslink";
 *
 * class MyAPI {
 *   hello(name: string): string {
 *     return `Hello, ${name}!`;
 *   }
 * }
 *
 * await using server = new RPCPeer();
 * console.log(`Server's nl_pid is ${server.nlPid}.`);
 * server.registerFunctionsInObject(new MyAPI());
 * await server.runServerForever();
 * ```
 *
 * @example The client
 * ```ts ignore
 * import { RPCPeer } from "@procslink/procslink";
 *
 * await using client = new RPCPeer();
 * console.log(await client.talkTo<MyAPI>(serverNlPid).hello("Rayson Zhu"));
 * ```
 *
 * Run both with `deno run --allow-ffi`; nothing else is needed. Every process of the same network namespace is reached,
 * whatever its pid, mount, user, ipc and uts namespaces.
 *
 * @module
 */
export { LibcUnavailableError } from "./ffi/libc.ts";
export {
  CallTimeoutError,
  DecodeError,
  DuplicateMethodError,
  MessageTooLargeError,
  PeerClosedError,
  PeerGoneError,
  ReceiverFullError,
  SyscallError,
} from "./src/errors.ts";
export type { CapturedDatagram, CaptureSink } from "./src/link/capture.ts";
export { PcapngWriter } from "./src/link/pcapng_writer.ts";
export { GroupClosedError, GroupNotFoundError } from "./src/groups/errors.ts";
export { Group, type PublishOptions } from "./src/groups/group.ts";
export { GroupGap } from "./src/groups/group_gap.ts";
export { Membership } from "./src/groups/membership.ts";
export {
  AccessDeniedError,
  InternalError,
  InvalidParamsError,
  InvalidRequestError,
  JSONRPCError,
  type JSONRPCErrorObject,
  type JSONRPCErrorOptions,
  MethodNotFoundError,
  ParseError,
  ServerError,
  TooManyRequestsError,
} from "./src/jsonrpc/errors.ts";
export type { JSONRPCId, JSONRPCParams, JSONRPCRequestObject, JSONRPCResponseObject } from "./src/jsonrpc/guards.ts";
export {
  JSONRPCRequest,
  type JSONRPCRequestInit,
  JSONRPCResponse,
  type JSONRPCResponseInit,
} from "./src/jsonrpc/messages.ts";
export type {
  BlockingLink,
  Caller,
  GroupEar,
  Lifeline,
  Link,
  LinkReceiver,
  ListedSocket,
  PatientSend,
  SoonOutcome,
  UnmappedIds,
} from "./src/link/link.ts";
export { TroubleEvent, type TroubleKind } from "./src/link/trouble.ts";
export type { AccessFunction, AccessList, AccessRule } from "./src/rpc/access.ts";
export type { CallEvent, CallFailure, CallOutcome } from "./src/rpc/call_event.ts";
export { NameNotFoundError, NameTakenError } from "./src/naming/errors.ts";
export type { CloseOptions } from "./src/rpc/closing.ts";
export { currentCall } from "./src/rpc/current_call.ts";
export { type GroupOptions, GroupPeer, type JoinOptions } from "./src/rpc/group_peer.ts";
export type { LookupOptions } from "./src/rpc/lookup.ts";
export type { JSONSchema } from "./src/rpc/json_schema.ts";
export type {
  ArgumentsOf,
  HandlerOf,
  MethodSchema,
  ParamsSchema,
  ParamsSchemaOf,
  ResultOf,
} from "./src/rpc/method_schema.ts";
export { OfferingPeer } from "./src/rpc/offering_peer.ts";
export type { Handler, MethodOptions, ObjectOptions, RegisterOptions } from "./src/rpc/register_options.ts";
export type {
  OpenRPCContent,
  OpenRPCDocument,
  OpenRPCInfo,
  OpenRPCMethod,
  OpenRPCParameter,
} from "./src/rpc/open_rpc.ts";
export type { BatchCall, CallOptions, RPCPeerOptions } from "./src/rpc/options.ts";
export type { ParametersOption } from "./src/rpc/parameters.ts";
export { NamedPeer } from "./src/rpc/named_peer.ts";
export { RPCPeer } from "./src/rpc/peer.ts";
export type { PeerInfo } from "./src/rpc/peer_list.ts";
export type { PeerQuotas } from "./src/rpc/quotas.ts";
export type {
  IsLossy,
  Jsonify,
  JsonifyObject,
  JSONValue,
  LocalName,
  Lossy,
  NotJSON,
  RealSignature,
  Remote,
  RemoteMethod,
  RemoteSignature,
  Sendable,
} from "./src/rpc/remote_types.ts";
export type { CurrentCall, RPCRequest } from "./src/rpc/request.ts";
export type {
  InputOf,
  OutputOf,
  StandardIssue,
  StandardJSONSchema,
  StandardJSONSchemaOptions,
  StandardResult,
  StandardSchemaProperties,
  StandardSchemaV1,
  StandardTypes,
} from "./src/rpc/standard_schema.ts";
export type { PeerStats } from "./src/rpc/stats.ts";
export type { Target } from "./src/rpc/target.ts";
export { Trace } from "./src/rpc/trace.ts";
export { TracingPeer } from "./src/rpc/tracing_peer.ts";
export { TroubleTarget } from "./src/rpc/trouble_target.ts";
export { WatchingPeer } from "./src/rpc/watching_peer.ts";
export type { Dialect } from "./src/wire/dialect.ts";
export type {
  GroupEvent,
  Holding,
  LifecycleEvent,
  MarkEvent,
  MemberEvent,
  NameEvent,
  PeerEvent,
  WatchOptions,
} from "./src/watch/events.ts";
export type { Watch } from "./src/watch/watch.ts";
export { NetlinkMessage, NetlinkMessageHeader } from "./src/wire/netlink_message.ts";
export type { NlmsghdrFields } from "./src/wire/nlmsghdr.ts";
export { ProcslinkMessage, ProcslinkMessageHeader } from "./src/wire/procslink_message.ts";
export type { ProcslinkhdrFields } from "./src/wire/procslinkhdr.ts";
