// Bytes to message objects, and back; no socket is opened. Run: deno run --allow-ffi examples/codec.ts
import {
  JSONRPCRequest,
  JSONRPCResponse,
  NetlinkMessage,
  NetlinkMessageHeader,
  ProcslinkMessage,
  ProcslinkMessageHeader,
} from "@procslink/procslink";

// A request as it came from a socket.
const data = Uint8Array.fromHex(
  "690000001000010007000000921000000100000059000000010000000700000015cd853dfe9c9717" +
    "7b226a736f6e727063223a22322e30222c226964223a312c226d6574686f64223a2268656c6c6f222c22706172616d73223a5b22526179736f6e205a6875225d7d",
);

const netlinkMessage = NetlinkMessage.fromBytes(data);
const procslinkMessage = ProcslinkMessage.fromBytes(netlinkMessage.payload);
const request = JSONRPCRequest.fromBytes(procslinkMessage.payload);
console.log(netlinkMessage.header);
console.log(procslinkMessage.header);
console.log(request.method, request.params);

// The response to it.
const response = new JSONRPCResponse({ id: 123, result: true });
const procslinkHeader = new ProcslinkMessageHeader({
  payloadType: ProcslinkMessageHeader.PAYLOAD_TYPE_JSONRPC2_RESPONSE,
});
const procslink = new ProcslinkMessage(procslinkHeader, response.toBytes());
const netlinkHeader = new NetlinkMessageHeader({ nlmsgPid: 4242 });
const netlink = new NetlinkMessage(netlinkHeader, procslink.toBytes());
console.log(netlink.toBytes().toHex());
