// Any bytes become a value or a DecodeError, and valid messages come back as they went.
import { BODY_DECODERS } from "./body_decoders.ts";
import { DATAGRAM_READER } from "./datagram_reader.ts";
import { VALID_MESSAGES } from "./valid_messages.ts";
import { WIRE_DECODERS } from "./wire_decoders.ts";

for (const target of [...WIRE_DECODERS, DATAGRAM_READER, ...BODY_DECODERS]) {
  Deno.test(`any bytes: ${target.name}`, () => target.check(2_000));
}

for (const target of VALID_MESSAGES) {
  Deno.test(`what is valid comes back as it went: ${target.name}`, () => target.check(500));
}
