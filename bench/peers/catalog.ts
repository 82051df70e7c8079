/**
 * The peers of the benchmark, and how their programs are started.
 *
 * @module
 */
import settings from "../../deno.json" with { type: "json" };

/** Names of the peers. */
export type PeerName = "procslink" | "lines" | "lines_hand_tuned" | "framed" | "vscode" | "zeromq" | "http";

/** Names of what is measured: the peers, ProcsLink's other call, and the floor. */
export type ContenderName = PeerName | "callSync" | "floor";

/** A peer. */
export interface PeerInfo {
  /** What it is called in tables. */
  readonly title: string;
  /** What it is. */
  readonly text: string;
  /** Permissions of its programs. */
  readonly flags: readonly string[];
  /** Whether it is shown without being one of those that "the fastest peer" is chosen from. */
  readonly aside?: boolean;
  /** Why it is left out somewhere, by the place. */
  readonly notOn?: Readonly<Record<string, string>>;
}

const UNIX_FLAGS = ["--allow-read", "--allow-write", "--allow-net"] as const;

/** All peers, by name. */
export const PEERS: Readonly<Record<PeerName, PeerInfo>> = {
  procslink: { title: "ProcsLink", text: "ProcsLink's call()", flags: ["--allow-ffi"] },
  lines: { title: "lines", text: "newline-delimited JSON on a unix socket of Deno, by streams", flags: UNIX_FLAGS },
  lines_hand_tuned: {
    title: "lines, hand-tuned",
    text: "the same, tuned by hand and without any check; not among those the fastest is chosen from",
    flags: UNIX_FLAGS,
    aside: true,
  },
  framed: {
    title: "framed",
    text: "length-prefixed JSON on a unix socket of Deno: what the echoes are compared with",
    flags: UNIX_FLAGS,
    aside: true,
  },
  vscode: {
    title: "vscode",
    text: `${packageOf("vscode-jsonrpc")} on a unix socket`,
    flags: [...UNIX_FLAGS, "--allow-env"],
  },
  zeromq: {
    title: "ZeroMQ",
    text: `${packageOf("zeromq")} over ipc, in Deno`,
    flags: ["--allow-all"],
    notOn: { "one core": "in Deno its two processes spin on one core, and no answer comes for a minute" },
  },
  http: { title: "HTTP", text: "Deno.serve and fetch on the loopback interface", flags: ["--allow-net=127.0.0.1"] },
};

/** What each contender is called in tables. */
export const TITLES: Readonly<Record<ContenderName, string>> = {
  procslink: PEERS.procslink.title,
  callSync: "callSync",
  floor: "C floor",
  lines: PEERS.lines.title,
  lines_hand_tuned: PEERS.lines_hand_tuned.title,
  framed: PEERS.framed.title,
  vscode: PEERS.vscode.title,
  zeromq: PEERS.zeromq.title,
  http: PEERS.http.title,
};

/** What ProcsLink is compared with. */
export const OTHERS: readonly PeerName[] = ["lines", "framed", "vscode", "zeromq", "http", "lines_hand_tuned"];

/** Those of them that "the fastest peer" is chosen from. */
export const RIVALS: readonly PeerName[] = OTHERS.filter((name) => PEERS[name].aside !== true);

/** The packages among them, with their versions. */
export const PACKAGES: readonly string[] = [packageOf("vscode-jsonrpc"), packageOf("zeromq")];

function packageOf(name: keyof typeof settings.imports): string {
  return settings.imports[name].replace(/^npm:/, "");
}
