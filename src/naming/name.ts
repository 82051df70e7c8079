/**
 * Names of peers, and the ports that they stand for.
 *
 * @module
 */

/** The first port that is a name's. Process ids end below it, so the kernel never gives it out by itself. */
export const FIRST_NAMED_PORT = 0x0040_0001;
/** The last one: from 0x80000000 on the kernel gives out random ports. */
export const LAST_NAMED_PORT = 0x7fff_ffff;

/** The longest name, in bytes of UTF-8. */
const LONGEST_NAME = 255;

// FNV-1a with 64 bits: draft-eastlake-fnv.
const FNV_OFFSET = 0xcbf2_9ce4_8422_2325n;
const FNV_PRIME = 0x0000_0100_0000_01b3n;
const COUNT = BigInt(LAST_NAMED_PORT - FIRST_NAMED_PORT + 1);

const ENCODER = new TextEncoder();

/**
 * Checks a name.
 *
 * @param name The name.
 * @returns The name.
 * @throws {TypeError} If it is not a string.
 * @throws {RangeError} If it is empty, too long, a number, or has control characters.
 */
export function checkName(name: unknown): string {
  if (typeof name !== "string") throw new TypeError(`The name of a peer must be a string, not ${typeof name}`);
  const problem = problemOf(name);
  if (problem === undefined) return name;
  throw new RangeError(`${JSON.stringify(name.slice(0, 64))} cannot be the name of a peer: ${problem}`);
}

/**
 * Tells whether a value can be a name.
 *
 * @param value The value, which may be anything.
 * @returns Whether.
 */
export function isName(value: unknown): value is string {
  // A text that somebody else has sent may be of any length: it is not even looked through.
  return typeof value === "string" && value.length <= LONGEST_NAME && problemOf(value) === undefined;
}

/**
 * Finds the port of a name: its 64-bit FNV-1a hash, spread over the ports that are kept for names. Two names have the same one by
 * chance in one of two thousand million cases.
 *
 * @param name The name.
 * @returns The port.
 */
export function portOfName(name: string): number {
  let hash = FNV_OFFSET;
  for (const byte of ENCODER.encode(name)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  return FIRST_NAMED_PORT + Number(hash % COUNT);
}

/**
 * Tells whether a port stands for a name.
 *
 * @param name What may be a name: it may be anything.
 * @param port The port.
 * @returns Whether.
 */
export function isNameOf(name: unknown, port: number): name is string {
  return typeof name === "string" && problemOf(name) === undefined && portOfName(name) === port;
}

function problemOf(name: string): string | undefined {
  // It would be taken for a port.
  return /^\d+$/.test(name) ? "it is a number" : problemOfText(name);
}

/**
 * Tells why a text cannot be the name of anything.
 *
 * @param name The text.
 * @returns Why; undefined where it can be.
 */
export function problemOfText(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (/\p{Cc}/u.test(name)) return "it has a control character";
  if (!name.isWellFormed()) return "it is not well-formed Unicode";
  const length = ENCODER.encode(name).length;
  return length > LONGEST_NAME ? `it has ${length} bytes, and at most ${LONGEST_NAME} may be` : undefined;
}
