import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { LibcUnavailableError, RPCPeer, SyscallError } from "../../mod.ts";
import type { Files, Reading } from "../../src/cli/doctor/files.ts";
import {
  findCapabilities,
  findContainer,
  findLimits,
  findNamespaces,
  findPlatform,
} from "../../src/cli/doctor/place.ts";
import { tryCalls, tryEntering, tryOpening } from "../../src/cli/doctor/trials.ts";
import { run } from "./asked.ts";

/** Files that are made up; all others are absent, or what is said. */
function filesOf(texts: Record<string, string>, others: "absent" | "forbidden" = "absent"): Files {
  const read = (path: string): Reading =>
    texts[path] === undefined ? { state: others } : { state: "read", text: texts[path] };
  return { read, link: read, variable: (name) => read(`$${name}`) };
}

Deno.test("doctor finds that calls work, and says what was looked at", async () => {
  const { code, lines, errors } = await run(["doctor"]);
  assertEquals([code, errors], [0, []]);
  const found = lines.filter((line) => !line.startsWith(" ")).map((line) => line.split(/ +/).slice(0, 2).join(" "));
  for (const finding of ["ok platform", "ok ffi", "ok socket", "ok call", "ok lifeline", "ok queue"]) {
    assert(found.includes(finding), `${finding} is not among:\n${lines.join("\n")}`);
  }
  // What is in files is shown by Deno with --allow-all only.
  assert(found.includes("note namespaces"));
  assertStringIncludes(lines.join("\n"), "Run it with --allow-all to have this looked at.");
});

Deno.test("doctor tells of namespaces and limits with --allow-all, as JSON", async () => {
  const { code, lines } = await run(["doctor", "--json"], { flags: ["--allow-all"] });
  assertEquals(code, 0);
  const findings = lines.map((line) => JSON.parse(line));
  for (const check of ["namespaces", "network", "limits", "capabilities", "container"]) {
    const { level, message } = findings.find((finding) => finding.check === check) ?? {};
    assert(["ok", "note", "warning"].includes(level), `${check} is ${level}`);
    assert(message.length > 0 && !message.includes("not looked at"));
  }
});

Deno.test("doctor finds that nothing works without --allow-ffi, and tries nothing more", async () => {
  const { code, lines, errors } = await run(["doctor"], { flags: [] });
  assertEquals(code, 7);
  assertEquals(lines.map((line) => line.split(/ +/).slice(0, 2).join(" ")), ["ok platform", "problem ffi"]);
  assertMatch(lines[1]!, /--allow-ffi/);
  assertMatch(errors.join(" "), /Calls do not work here/);
});

/** Forbids sockets of AF_NETLINK, as RestrictAddressFamilies= of systemd does, and runs a command. */
const WITHOUT_NETLINK = `
import ctypes, os, platform, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 41, "aarch64": 198}[platform.machine()]
code = [(0x20, 0, 0, 0), (0x15, 0, 3, number), (0x20, 0, 0, 16), (0x15, 0, 1, 16), (6, 0, 0, 0x50000 | 97), (6, 0, 0, 0x7fff0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
filter = Filter(len(code), ctypes.addressof(program))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(filter), 0, 0):
    sys.exit(99)
os.execvp(sys.argv[1], sys.argv[1:])
`;

async function reasonAgainst(command: readonly string[]): Promise<string | undefined> {
  try {
    const { success } = await new Deno.Command(command[0]!, { args: [...command.slice(1), "true"] }).output();
    return success ? undefined : `${command[0]} fails here`;
  } catch {
    return `there is no ${command[0]}`;
  }
}

const forbidding = ["python3", "-c", WITHOUT_NETLINK];
const noFilter = await reasonAgainst(forbidding);
Deno.test({
  name: `doctor says how to allow the address family where that is forbidden${noFilter ? ` (${noFilter})` : ""}`,
  ignore: noFilter !== undefined,
  async fn() {
    const { code, lines } = await run(["doctor", "--json"], { before: forbidding });
    assertEquals(code, 7);
    const [, ffi, socket, ...rest] = lines.map((line) => JSON.parse(line));
    assertEquals([ffi.level, socket.level, rest], ["ok", "problem", []]);
    assertMatch(socket.message, /EAFNOSUPPORT/);
    assertMatch(socket.fix, /RestrictAddressFamilies=/);
  },
});

const unmapping = ["unshare", "--user"];
const noUser = await reasonAgainst(unmapping);
Deno.test({
  name: `doctor says what to do for a user that is not mapped${noUser ? ` (${noUser})` : ""}`,
  ignore: noUser !== undefined,
  async fn() {
    const { code, lines } = await run(["doctor", "--json"], { before: unmapping });
    const findings = lines.map((line) => JSON.parse(line));
    assertEquals(code, 7);
    const [call, user, multicast] = ["call", "user", "multicast"].map((check) =>
      findings.find((finding) => finding.check === check)
    );
    assertEquals([call.level, call.fix], ["problem", 'With access and trust "anyone" it works']);
    assertEquals(user.level, "warning");
    // Its user namespace has no power over the network.
    assertEquals(multicast.level, "note");
  },
});

/** Opens no peer, but throws. */
function failing(error: Error): () => RPCPeer {
  return () => {
    throw error;
  };
}

Deno.test("each reason why no socket can be opened has its own advice", async () => {
  const fixes: [errno: number, fix: RegExp | undefined][] = [
    [97, /RestrictAddressFamilies=/],
    [1, /seccomp/],
    [13, /SELinux/],
    [93, /gVisor/],
    [24, /ulimit -n/],
    [22, undefined],
  ];
  for (const [errno, pattern] of fixes) {
    const findings = await tryOpening(failing(new SyscallError("socket", errno)));
    assertEquals(findings.map(({ level }) => level), ["ok", "problem"]);
    const { fix } = findings[1]!;
    assert(pattern === undefined ? fix === undefined : pattern.test(fix ?? ""), `${errno}: ${fix}`);
  }
  const [libc, ...rest] = await tryOpening(failing(new LibcUnavailableError("It is not there.")));
  assertEquals([libc, rest], [{ check: "ffi", level: "problem", message: "It is not there" }, []]);
});

Deno.test("a call that fails for another reason than access is a problem without advice", async () => {
  const { level, fix } = await tryCalls(failing(new Error("broken")));
  assertEquals([level, fix], ["problem", undefined]);
});

Deno.test("calls that only strangers may make are told as such", async () => {
  const strict = { access: { uids: [] }, trust: "anyone" } as const;
  const { level, fix } = await tryCalls((options) => new RPCPeer({ ...strict, ...options }));
  assertEquals([level, fix], ["problem", 'With access and trust "anyone" it works']);
});

Deno.test("what keeps a peer out of another network namespace is told where it is not the missing capability", async () => {
  assertEquals((await tryEntering(failing(new SyscallError("setns", 1)))).fix?.includes("CAP_SYS_ADMIN"), true);
  assertMatch((await tryEntering(failing(new SyscallError("open", 2)))).message, /ENOENT/);
});

Deno.test("each kind of container is told from the others, with what it reaches", () => {
  const kinds: [files: Record<string, string>, kind: RegExp, fix: RegExp][] = [
    [{ "/.dockerenv": "" }, /Docker/, /docker run --network host/],
    [{ "/proc/1/cgroup": "0::/docker/abc" }, /Docker/, /docker run/],
    [{ "/run/.containerenv": "" }, /Podman/, /podman run/],
    [{ $container: "podman" }, /Podman/, /podman run/],
    [{ $KUBERNETES_SERVICE_HOST: "10.0.0.1", "/.dockerenv": "" }, /Kubernetes, a container of Docker/, /hostNetwork/],
    [{ "/run/systemd/container": "systemd-nspawn\n" }, /systemd-nspawn/, /--private-network/],
    [{ $container: "lxc" }, /LXC/, /network namespace of the host/],
    [{ "/proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2" }, /Windows/, /Linux/],
  ];
  for (const [files, kind, fix] of kinds) {
    const found = findContainer(filesOf(files));
    assertEquals(found.level, "note");
    assertMatch(found.message, kind);
    assertMatch(found.fix!, fix);
  }
  assertEquals(findContainer(filesOf({})).level, "ok");
  assertMatch(findContainer(filesOf({}, "forbidden")).fix!, /--allow-all/);
});

Deno.test("namespaces are told, and whether the network is that of the host", () => {
  const own = {
    "/proc/self/ns/net": "net:[4026531840]",
    "/proc/self/ns/pid": "pid:[4026531836]",
    "/proc/self/ns/user": "user:[4026531837]",
    "/proc/self/ns/mnt": "mnt:[4026531841]",
  };
  const network = (more: Record<string, string>) =>
    findNamespaces(filesOf({ ...own, ...more })).find(({ check }) => check === "network")!;
  assertEquals(network({ "/proc/1/ns/net": "net:[4026531840]" }).level, "ok");
  assertMatch(network({ "/proc/1/ns/net": "net:[1]" }).message, /of its own, and does not reach the host/);
  assertMatch(network({}).message, /only root/);
  assertMatch(network({ "/proc/self/ns/pid": "pid:[1]" }).message, /pid namespace of its own/);
  const [all, none] = [{ "/proc/self/uid_map": " 0 0 4294967295\n" }, { "/proc/self/uid_map": " 0 1000 1\n" }].map((
    map,
  ) => findNamespaces(filesOf({ ...own, ...map })).find(({ check }) => check === "users"));
  assertEquals(all?.level, "ok");
  assertMatch(none!.message, /with 1 user: all others are seen as 65534/);
});

Deno.test("capabilities and limits are read from their files, and left out where they cannot be", () => {
  const status = (bits: string) => findCapabilities(filesOf({ "/proc/self/status": `Name:\tx\nCapEff:\t${bits}\n` }));
  assertMatch(status("000001ffffffffff")!.message, /has CAP_NET_ADMIN and CAP_SYS_ADMIN/);
  assertMatch(status("0000000000001000")!.message, /has CAP_NET_ADMIN and no CAP_SYS_ADMIN/);
  assertEquals(findCapabilities(filesOf({})), undefined);
  const limits = (bytes: string) => findLimits(filesOf({ "/proc/sys/net/core/rmem_max": bytes }));
  assertEquals(limits("212992\n")!.level, "ok");
  assertMatch(limits("4096\n")!.fix!, /sysctl -w net.core.rmem_max=212992/);
  assertEquals(findLimits(filesOf({})), undefined);
});

Deno.test("platforms other than Linux on two processors are a problem, and musl is worth a note", () => {
  assertEquals(findPlatform({ os: "linux", arch: "aarch64", env: "gnu" }).level, "ok");
  assertEquals(findPlatform({ os: "linux", arch: "x86_64", env: "musl" }).level, "note");
  assertEquals(findPlatform({ os: "darwin", arch: "aarch64" }).level, "problem");
  assertEquals(findPlatform({ os: "linux", arch: "riscv64" }).level, "problem");
});
