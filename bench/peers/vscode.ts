/**
 * The package vscode-jsonrpc on a unix socket.
 *
 * @module
 */
import { connect, createServer } from "node:net";
import { createMessageConnection, RequestType, SocketMessageReader, SocketMessageWriter } from "vscode-jsonrpc/node";
import { runProgram } from "../programs/program.ts";
import { echo, type Peer, type PeerClient, type PeerSettings } from "./peer.ts";

const echoRequest = new RequestType<unknown, unknown, void>("echo");

/** The peer. */
const vscode: Peer = {
  async serve({ folder }: PeerSettings): Promise<string> {
    const path = `${folder}/vscode-${crypto.randomUUID()}`;
    const server = createServer((socket) => {
      const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
      connection.onRequest(echoRequest, echo);
      connection.listen();
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return path;
  },

  async connect(path: string): Promise<PeerClient> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    connection.listen();
    return { call: ([value]) => connection.sendRequest(echoRequest, value) };
  },
};

if (import.meta.main) await runProgram(vscode);
