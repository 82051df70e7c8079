// A Worker that owns a group, or is a member of one. Is posted the port of the owner, or 0 where it is that. Posts its own port, or that
// it has joined; and then what comes.
import { RPCPeer } from "../../../mod.ts";

const scope = self as unknown as {
  postMessage(message: unknown): void;
  onmessage: (event: MessageEvent<number>) => void;
};

async function own(): Promise<void> {
  const peer = new RPCPeer();
  const group = peer.group("numbers");
  peer.registerFunction(async (values: number[]) => {
    const reached = await Promise.all(values.map((value) => group.publish(value)));
    return [...reached, await group.publish("the last", { sync: true })];
  }, "publish");
  peer.registerFunction(() => group.close(), "end");
  scope.postMessage(peer.nlPid);
  await peer.runServerForever();
}

async function join(owner: number): Promise<void> {
  await using peer = new RPCPeer();
  const messages = peer.join(owner, "numbers");
  await messages.joined;
  scope.postMessage("joined");
  const all: unknown[] = [];
  for await (const message of messages) all.push(message);
  scope.postMessage(all);
}

scope.onmessage = ({ data: owner }) => void (owner === 0 ? own() : join(owner));
