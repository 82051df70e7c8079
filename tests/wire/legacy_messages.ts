/**
 * Messages in the legacy dialect, with lies where they are wanted.
 *
 * @module
 */
import { NetlinkMessage, NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import type { NlmsghdrFields } from "../../src/wire/nlmsghdr.ts";
import { ProcslinkMessage, ProcslinkMessageHeader } from "../../src/wire/procslink_message.ts";
import type { ProcslinkhdrFields } from "../../src/wire/procslinkhdr.ts";
import { viewOf } from "../../src/wire/view.ts";

/** Makes a datagram. Lengths and the type that are given stand, true or not. */
export function legacyMessage(
  fields: Partial<NlmsghdrFields & ProcslinkhdrFields>,
  body: string | Uint8Array,
): Uint8Array<ArrayBuffer> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const inner = new ProcslinkMessage(new ProcslinkMessageHeader(fields), bytes).toBytes("procslink-0.1");
  const outer = new NetlinkMessage(new NetlinkMessageHeader(fields), inner).toBytes("procslink-0.1");
  const view = viewOf(outer);
  if (fields.nlmsgLen !== undefined) view.setUint32(0, fields.nlmsgLen, false);
  if (fields.nlmsgType !== undefined) view.setUint16(4, fields.nlmsgType, false);
  if (fields.length !== undefined) view.setUint32(16 + 4, fields.length, false);
  return outer;
}
