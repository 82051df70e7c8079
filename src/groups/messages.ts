/**
 * What owners and members of groups say to each other.
 *
 * A member asks for a group (`rpc.join`), is told its stream and the number of the next message, and then says from which number on it
 * wants them: so too when it has missed some. Messages come as notifications (`rpc.publish`), numbered one by one. Either side ends
 * a membership (`rpc.leave`).
 *
 * @module
 */

/** Asks for a group, or says from where on its messages are wanted. */
export const JOIN_METHOD = "rpc.join";
/** Ends a membership: the member leaves, or the owner has closed the group. */
export const LEAVE_METHOD = "rpc.leave";
/**
 * A message of a group; or without a value, that all before its number are not to be had any more. As a call: whether it was taken. From
 * a member: that it has all before a number.
 */
export const PUBLISH_METHOD = "rpc.publish";

/** Code of the error that answers who asks for a group that does not exist. */
export const GROUP_NOT_FOUND = -32003;

/** The number of the first message of a stream. */
export const FIRST_NUMBER = 1;

/** The longest text that stands for a stream. Members remember those that they have left. */
const LONGEST_STREAM = 64;

/** What a member is told of a group. */
export interface Welcome {
  /** The stream: another one when the group is opened anew. */
  readonly stream: string;
  /** The port that messages come from, and where to say from which number on they are wanted. */
  readonly port: number;
  /** Number of the next message. */
  readonly next: number;
  /** The multicast group that messages go to where several members hear it, from 1 to 32. */
  readonly multicast: number;
  /** What a member of the group needs to know first; left out where that is nothing. */
  readonly present?: unknown;
}

/** What a member asks for. */
export interface Asking {
  /** The group. */
  readonly group: string;
}

/** From where on a member wants messages. */
export interface Resuming extends Asking {
  /** The stream. */
  readonly stream: string;
  /** Which of the memberships of its peer it is. */
  readonly id: number;
  /** Number of the first message that it wants. */
  readonly next: number;
  /** How much may wait for it where it hears the multicast group, in bytes; 0 where it does not hear it. */
  readonly hears: number;
}

/** Ends a membership. */
export interface Leaving {
  /** The stream. */
  readonly stream: string;
  /** Which of the memberships of its peer it is, where the member says so. */
  readonly id?: number | undefined;
  /** Number behind the last message, where the owner says so. */
  readonly next?: number | undefined;
}

/** Says that a member has messages. */
export interface Acknowledging {
  /** The stream. */
  readonly stream: string;
  /** Number behind the last one that it has. */
  readonly next: number;
  /** Which of the memberships of its peer it is. */
  readonly id: number;
}

/** A message of a group. */
export interface Published {
  /** The stream. */
  readonly stream: string;
  /** Its number. */
  readonly number: number;
  /** Whether it has a value. */
  readonly hasValue: boolean;
  /** The value. */
  readonly value: unknown;
}

/**
 * Reads what a member is told of a group.
 *
 * @param value What was answered, which may be anything.
 * @returns It; undefined where it is not that.
 */
export function readWelcome(value: unknown): Welcome | undefined {
  const { stream, port, next, multicast } = membersOf(value);
  const isWelcome = isStream(stream) && isPort(port) && isNumber(next) && next >= FIRST_NUMBER;
  return isWelcome && isGroupNumber(multicast) ? value as Welcome : undefined;
}

/**
 * Reads what a member asks for.
 *
 * @param params The params of the request, which may be anything.
 * @returns It; undefined where it is not that.
 */
export function readAsking(params: unknown): Asking | Resuming | undefined {
  const { group, stream, id, next, hears } = membersOf(params);
  if (typeof group !== "string") return undefined;
  if (stream === undefined) return { group };
  const isResuming = typeof stream === "string" && isNumber(id) && isNumber(next) && isNumber(hears);
  return isResuming ? { group, stream, id, next, hears } : undefined;
}

/**
 * Reads who leaves.
 *
 * @param params The params of the request, which may be anything.
 * @returns It; undefined where it is not that.
 */
export function readLeaving(params: unknown): Leaving | undefined {
  const { stream, id, next } = membersOf(params);
  if (typeof stream !== "string" || !isNumberOrNone(id) || !isNumberOrNone(next)) return undefined;
  return { stream, id, next };
}

/**
 * Reads which messages a member has.
 *
 * @param params The params of the request, which may be anything.
 * @returns It; undefined where it is not that.
 */
export function readAcknowledging(params: unknown): Acknowledging | undefined {
  const [stream, next, id] = Array.isArray(params) ? params as unknown[] : [];
  return typeof stream === "string" && isNumber(next) && isNumber(id) ? { stream, next, id } : undefined;
}

/**
 * Reads a message of a group.
 *
 * @param params The params of the request, which may be anything.
 * @returns It; undefined where it is not that.
 */
export function readPublished(params: unknown): Published | undefined {
  if (!Array.isArray(params) || params.length < 2 || params.length > 3) return undefined;
  const [stream, number, value] = params as unknown[];
  if (typeof stream !== "string" || !isNumber(number)) return undefined;
  return { stream, number, hasValue: params.length === 3, value };
}

/**
 * Writes a message of a group.
 *
 * @param stream The stream: plain ASCII.
 * @param number Its number.
 * @param value The value as JSON text; left out to say that all before the number are not to be had any more.
 * @returns The JSON text of the notification.
 */
export function publishText(stream: string, number: number, value?: string): string {
  const params = `["${stream}",${number}${value === undefined ? "" : `,${value}`}]`;
  return `{"jsonrpc":"2.0","method":"${PUBLISH_METHOD}","params":${params}}`;
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isNumberOrNone(value: unknown): value is number | undefined {
  return value === undefined || isNumber(value);
}

function isStream(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST_STREAM;
}

/**
 * Tells whether a value is a port.
 *
 * @param value The value, which may be anything.
 * @returns Whether.
 */
export function isPort(value: unknown): value is number {
  return isNumber(value) && value >= 1 && value <= 0xffff_ffff;
}

function isGroupNumber(value: unknown): value is number {
  return isNumber(value) && value >= 1 && value <= 32;
}
