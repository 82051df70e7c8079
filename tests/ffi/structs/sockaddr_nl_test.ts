import { assertEquals } from "@std/assert";
import {
  readSockaddrNlPort,
  SOCKADDR_NL_SIZE,
  writeSockaddrNl,
  writeSockaddrNlPort,
} from "../../../ffi/structs/sockaddr_nl.ts";

Deno.test("writeSockaddrNl writes 12 bytes and leaves its neighbours alone", () => {
  const bytes = new Uint8Array(SOCKADDR_NL_SIZE + 4).fill(0xaa);
  const view = new DataView(bytes.buffer);
  writeSockaddrNl(view, 2, 0x84838281);
  assertEquals(bytes.toHex(), "aaaa" + "1000" + "0000" + "81828384" + "00000000" + "aaaa");
  assertEquals(readSockaddrNlPort(view, 2), 0x84838281);
});

Deno.test("writeSockaddrNlPort changes the port only", () => {
  const bytes = new Uint8Array(SOCKADDR_NL_SIZE).fill(0xaa);
  const view = new DataView(bytes.buffer);
  for (const port of [0, 1, 0xffff_ffff]) {
    writeSockaddrNlPort(view, 0, port);
    assertEquals(readSockaddrNlPort(view, 0), port);
  }
  assertEquals(bytes.toHex(), "aaaaaaaa" + "ffffffff" + "aaaaaaaa");
});
