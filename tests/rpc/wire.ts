/**
 * What tests write on the wire themselves, and read from it.
 *
 * @module
 */
import { NetlinkMessage, ProcslinkMessage } from "../../mod.ts";
import type { MemoryLink } from "../fakes/memory_network.ts";
import type { Frame, Received } from "../fakes/stranger.ts";

/** What tests look at in a JSON-RPC message. */
export interface Body {
  id?: unknown;
  method?: string;
  params?: unknown;
  deadline?: number;
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

/** A request. */
export function request(id: unknown, method: string, params?: unknown, more: Record<string, unknown> = {}): Frame {
  return { body: { jsonrpc: "2.0", id, method, params, ...more } };
}

/** A notification. */
export function notification(method: string, params?: unknown): Frame {
  return request(undefined, method, params);
}

/** The body of a message that a stranger has received. */
export function bodyOf({ body }: Received): Body {
  return body as Body;
}

/** What an answer says: the error's code, or the result. */
export function outcomeOf(received: Received): unknown {
  const { error, result } = bodyOf(received);
  return error?.code ?? result;
}

/** The bodies of all that a link has sent in whole messages; a batch counts for each of its members. NOOPs are passed over. */
export function sentBy(link: MemoryLink, to?: number): Body[] {
  return link.sent.filter((datagram) => to === undefined || datagram.to === to).flatMap(({ bytes }) =>
    [...NetlinkMessage.iterate(bytes)]
      .filter(({ header }) => header.nlmsgType !== 1 && (header.nlmsgFlags & 2) === 0)
      .flatMap(({ payload }) => JSON.parse(new TextDecoder().decode(ProcslinkMessage.fromBytes(payload).payload)))
  );
}

/** The methods of all requests and notifications that a link has sent, in order. */
export function methodsSentBy(link: MemoryLink, to?: number): (string | undefined)[] {
  return sentBy(link, to).map(({ method }) => method);
}
