/**
 * What goes wrong, as one sentence, a hint, and an exit code.
 *
 * @module
 */
import {
  AccessDeniedError,
  CallTimeoutError,
  GroupNotFoundError,
  JSONRPCError,
  LibcUnavailableError,
  MessageTooLargeError,
  MethodNotFoundError,
  NameNotFoundError,
  NameTakenError,
  PeerGoneError,
  ReceiverFullError,
  SyscallError,
} from "../../mod.ts";

/** Exit codes of the command. */
export const EXIT = {
  /** It is done. */
  done: 0,
  /** The other side has answered with an error. */
  answeredError: 1,
  /** The command was not given what it takes. */
  usage: 2,
  /** There is no such peer, name or group, or it has ended before it answered. */
  nobody: 3,
  /** The other side does not let this user, or is not trusted. */
  denied: 4,
  /** It has taken too long. */
  timeout: 5,
  /** Somebody has the name already. */
  taken: 6,
  /** This process may not, or cannot: a flag of Deno is missing, or the kernel refuses. */
  cannot: 7,
  /** Anything else. */
  failed: 8,
  /** It was interrupted before it was done. */
  interrupted: 130,
  /** Nobody reads its output any longer. */
  outputClosed: 141,
} as const;

/** One of {@linkcode EXIT}. */
export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** Why a verb has failed, in the words that its user reads. */
export class Failure extends Error {
  /** The exit code. */
  readonly exit: ExitCode;
  /** What can be done about it, where there is something to say: it begins with a small letter. */
  readonly hint: string | undefined;

  /**
   * @param exit The exit code.
   * @param message One sentence, without a full stop.
   * @param hint What can be done about it, likewise.
   * @param options `cause`, where another error led to this one.
   */
  constructor(exit: ExitCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Failure";
    this.exit = exit;
    this.hint = hint;
  }
}

/** The reason of the signal when the user wants the command to end. */
export class Interrupted extends Failure {
  /** Makes the reason. */
  constructor() {
    super(EXIT.interrupted, "Interrupted");
    this.name = "Interrupted";
  }
}

/** Nobody reads the output any longer: there is nobody to say anything to. */
export class OutputClosed extends Failure {
  /** Makes the error. */
  constructor() {
    super(EXIT.outputClosed, "Nobody reads the output");
    this.name = "OutputClosed";
  }
}

/**
 * Makes the failure of arguments that do not do.
 *
 * @param message One sentence, without a full stop.
 * @param hint What can be done about it.
 * @returns The failure.
 */
export function usage(message: string, hint?: string): Failure {
  return new Failure(EXIT.usage, message, hint);
}

/** What to say of an error: an exit code, a hint, and where its own message does not do, another. */
type Explanation = readonly [exit: ExitCode, hint?: string | undefined, message?: string];

/**
 * Makes a failure of whatever was thrown.
 *
 * @param error What was thrown.
 * @returns The failure.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof Error)) return new Failure(EXIT.failed, String(error));
  const [exit, hint, message = error.message] = explain(error);
  return new Failure(exit, message, hint, { cause: error });
}

function explain(error: Error): Explanation {
  if (error instanceof AccessDeniedError) return explainDenied(error);
  if (error instanceof JSONRPCError) return explainAnswer(error);
  if (error instanceof NameNotFoundError) return [EXIT.nobody, "see who is there with: procslink list"];
  if (error instanceof GroupNotFoundError) {
    const message = `Peer ${JSON.stringify(error.owner)} has no group ${JSON.stringify(error.group)}`;
    return [EXIT.nobody, "wait for it with --wait, or see which groups there are with: procslink watch", message];
  }
  if (error instanceof PeerGoneError) {
    return error.mayHaveRun
      ? [EXIT.nobody, "it may have carried out what it was asked"]
      : [EXIT.nobody, "see who is there with: procslink list"];
  }
  if (error instanceof CallTimeoutError) return explainTimeout(error);
  if (error instanceof NameTakenError) return [EXIT.taken, "choose another name, or end the process that has it"];
  if (error instanceof ReceiverFullError) return [EXIT.failed, undefined, `Port ${error.port} does not keep up`];
  if (error instanceof MessageTooLargeError) return [EXIT.failed];
  if (error instanceof LibcUnavailableError || error instanceof SyscallError) return [EXIT.cannot];
  if (error instanceof Deno.errors.NotCapable) return [EXIT.cannot];
  // What the library says of a name or a number that cannot be.
  if (error instanceof RangeError) return [EXIT.usage];
  return [EXIT.failed, "run it with --debug to see where this comes from"];
}

function explainTimeout({ port, method, timeout, message }: CallTimeoutError): Explanation {
  // The library says in its own words what to do about it.
  const hint = /Python/.test(message)
    ? "wait for longer with --timeout; if it uses the Python package, call it with --dialect procslink-0.1"
    : "wait for longer with --timeout, and see whether it answers with: procslink ping";
  return [EXIT.timeout, hint, `Port ${port} did not answer ${JSON.stringify(method)} within ${timeout} ms`];
}

function explainDenied({ uid, message }: AccessDeniedError): Explanation {
  return uid === undefined
    ? [EXIT.denied, "run this as the user whom its access names, such as the one that it runs as"]
    : [EXIT.denied, `if this user is the right one, say so: --trust ${uid}`, message.split(": ")[0]!];
}

function explainAnswer(error: JSONRPCError): Explanation {
  const data = error.data === undefined || error.data === null ? undefined : error.data;
  const details = data === undefined ? "" : `: ${typeof data === "string" ? data : JSON.stringify(data)}`;
  const hint = error instanceof MethodNotFoundError ? "see its methods with: procslink introspect" : undefined;
  return [EXIT.answeredError, hint, `${error.message} (${error.code})${details}`];
}
