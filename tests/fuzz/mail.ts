/**
 * What peers have sent: each datagram is well-formed, and strangers have nothing that they must not have.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { NetlinkMessage } from "../../mod.ts";
import { nlmsgAlign } from "../../src/wire/align.ts";
import { isLegacyFrame } from "../fakes/legacy_stranger.ts";
import type { Received } from "../fakes/stranger.ts";
import { UNREACHABLE } from "./hostile.ts";
import { isTrusted, type Neighbourhood } from "./neighbourhood.ts";

/** Fails where a peer has sent what it must not. */
export function checkMail({ links, strangers, settings }: Neighbourhood): void {
  for (const { sent } of [links.peer, links.client, links.honest]) {
    for (const { bytes } of sent) checkDatagram(bytes);
  }
  for (const { unread, link } of strangers) {
    for (const received of unread) {
      if (received.payloadType === 2) checkResponse(received);
      else if (settings.lifelines && !isTrusted(settings, link.uid)) {
        // Without a lifeline who holds a port is known for a second, and somebody else may have it meanwhile.
        assert(!asksForHelp(received), "Whom nobody trusts was sent a call");
      }
    }
  }
}

/** What is between messages is zero: nobody learns there what another one was sent. A legacy message is alone. */
function checkDatagram(bytes: Uint8Array): void {
  if (isLegacyFrame(bytes)) return;
  let offset = 0;
  for (const { header } of NetlinkMessage.iterate(bytes)) {
    const end = offset + header.nlmsgLen;
    offset = nlmsgAlign(end);
    assert(bytes.subarray(end, offset).every((byte) => byte === 0), "Something is in the padding");
  }
}

/** What the peer calls strangers for. */
function asksForHelp({ body }: Received): boolean {
  return (body as { method?: unknown }).method === "help";
}

function checkResponse({ body }: Received): void {
  for (const response of Array.isArray(body) ? body : [body]) {
    const { jsonrpc, id, result, error } = response as Record<string, unknown>;
    assertEquals(jsonrpc, "2.0");
    assert(id === null || typeof id === "string" || typeof id === "number", `The id is ${JSON.stringify(id)}`);
    assert((result === undefined) !== (error === undefined), "A response has a result or an error");
    assert(id !== UNREACHABLE || result === undefined, "What is no method was carried out");
  }
}
