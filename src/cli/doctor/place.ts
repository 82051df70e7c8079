/**
 * What kind of place this is, as files tell it: the container, the namespaces, capabilities, limits.
 *
 * @module
 */
import type { Files, Reading } from "./files.ts";
import type { Finding } from "./finding.ts";

/** The namespaces of the computer itself: their numbers are fixed in the kernel. That of the network is not. */
const INITIAL = { user: "user:[4026531837]", pid: "pid:[4026531836]" } as const;

/** Capabilities that matter here, by their bits. */
const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const;

/** The buffers that are asked for, in bytes. */
const WANTED_BUFFER = 212_992;

/** All user ids there are, as a map of all of them has it. */
const ALL_IDS = 4_294_967_295;

/** What a container of one kind has to do to reach others. */
const REACH = {
  docker: "To reach the host, start it with: docker run --network host",
  podman: "To reach the host, start it with: podman run --network host",
  kubernetes: "The containers of its pod are reached; for others set hostNetwork: true",
  nspawn: "To reach the host, start it without --private-network, --network-veth and the like",
  other: "To reach the host, let it share the network namespace of the host",
} as const;

/**
 * Finds out in what kind of container this is.
 *
 * @param files Reads files.
 * @returns What was found.
 */
export function findContainer(files: Files): Finding {
  const kinds = kindsOf(files);
  if (kinds.length > 0) {
    const [, fix] = kinds[0]!;
    return finding("container", "note", `This runs in ${kinds.map(([kind]) => kind).join(", ")}`, fix);
  }
  const looked = [files.read("/.dockerenv"), files.read("/proc/1/cgroup"), files.variable("container")];
  if (looked.some(({ state }) => state === "forbidden")) {
    return finding("container", "note", "Whether this is a container was not looked at", LOOK);
  }
  return finding("container", "ok", "This does not seem to be a container");
}

/** What to do where something could not be looked at: Deno wants that flag for /proc. */
const LOOK = "Run it with --allow-all to have this looked at";

function kindsOf(files: Files): (readonly [kind: string, fix: string])[] {
  const cgroup = textOf(files.read("/proc/1/cgroup"));
  const variable = textOf(files.variable("container"));
  const manager = textOf(files.read("/run/systemd/container")).trim();
  const version = textOf(files.read("/proc/sys/kernel/osrelease"));
  const isThere = (path: string) => files.read(path).state === "read";
  const kinds: (readonly [string, string])[] = [];
  if (textOf(files.variable("KUBERNETES_SERVICE_HOST")) !== "" || cgroup.includes("kubepods")) {
    kinds.push(["a pod of Kubernetes", REACH.kubernetes]);
  }
  if (isThere("/.dockerenv") || cgroup.includes("docker")) kinds.push(["a container of Docker", REACH.docker]);
  if (isThere("/run/.containerenv") || variable === "podman") kinds.push(["a container of Podman", REACH.podman]);
  if (variable === "systemd-nspawn" || manager === "systemd-nspawn") kinds.push(["systemd-nspawn", REACH.nspawn]);
  if (variable === "lxc" || manager === "lxc" || cgroup.includes("/lxc/")) kinds.push(["LXC", REACH.other]);
  if (/microsoft/i.test(version)) {
    kinds.push(["the Windows Subsystem for Linux", "Only processes of Linux are reached"]);
  }
  return kinds;
}

/**
 * Finds out in which namespaces this is.
 *
 * @param files Reads files.
 * @returns What was found.
 */
export function findNamespaces(files: Files): Finding[] {
  const own = Object.fromEntries(
    (["net", "pid", "user", "mnt"] as const).map((kind) => [kind, files.link(`/proc/self/ns/${kind}`)] as const),
  );
  if (own.net!.state === "forbidden") {
    return [finding("namespaces", "note", "In which namespaces this is was not looked at", LOOK)];
  }
  const names = Object.values(own).map(textOf).filter((text) => text !== "");
  const found = [finding("namespaces", "ok", `This is in ${names.join(", ")}`), findNetwork(files, own.net!, own.pid!)];
  const users = findUsers(files);
  return users === undefined ? found : [...found, users];
}

function findNetwork(files: Files, net: Reading, pid: Reading): Finding {
  const reach = "Processes of the same network namespace are reached, whatever their other namespaces";
  if (textOf(pid) !== INITIAL.pid) {
    return finding(
      "network",
      "note",
      "This is in a pid namespace of its own: whether its network is that of the host cannot be told here",
      `${reach}; compare with: readlink /proc/1/ns/net, on the host`,
    );
  }
  const first = files.link("/proc/1/ns/net");
  if (first.state !== "read" || net.state !== "read") {
    return finding("network", "note", "Whether the network is that of the host may only root find out", reach);
  }
  if (first.text === net.text) return finding("network", "ok", "This is in the network namespace of the host");
  return finding("network", "note", "This is in a network namespace of its own, and does not reach the host", reach);
}

/** Tells who is seen as nobody in particular. */
function findUsers(files: Files): Finding | undefined {
  const map = files.read("/proc/self/uid_map");
  if (map.state !== "read") return undefined;
  const mapped = map.text.trim().split("\n").reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2] ?? 0), 0);
  if (mapped >= ALL_IDS) return finding("users", "ok", "All users are mapped");
  return finding(
    "users",
    "note",
    `This is in a user namespace with ${mapped} ${
      mapped === 1 ? "user" : "users"
    }: all others are seen as 65534, and not trusted`,
    'To let them in, or trust them, say "anyone", in both directions; or map more users',
  );
}

/**
 * Finds out which capabilities this process has.
 *
 * @param files Reads files.
 * @returns What was found; undefined where that could not be looked at: it is found out by trying, too.
 */
export function findCapabilities(files: Files): Finding | undefined {
  const bits = textOf(files.read("/proc/self/status")).match(/^CapEff:\s*([0-9a-f]+)$/m)?.[1];
  if (bits === undefined) return undefined;
  const mask = BigInt(`0x${bits}`);
  const held = Object.entries(CAPABILITIES).map(([name, bit]) => `${(mask >> bit) & 1n ? "" : "no "}${name}`);
  return finding("capabilities", "ok", `This process has ${held.join(" and ")}; calls need neither`);
}

/**
 * Finds out how large buffers may be.
 *
 * @param files Reads files.
 * @returns What was found; undefined where that could not be looked at: it is found out by trying, too.
 */
export function findLimits(files: Files): Finding | undefined {
  const limits = ["rmem_max", "wmem_max"].map((name) => {
    const limit = files.read(`/proc/sys/net/core/${name}`);
    return limit.state === "read" ? [name, Number(limit.text)] as const : undefined;
  }).filter((limit) => limit !== undefined);
  if (limits.length === 0) return undefined;
  const message = limits.map(([name, bytes]) => `net.core.${name} is ${bytes}`).join(", ");
  const small = limits.filter(([, bytes]) => bytes < WANTED_BUFFER).map(([name]) =>
    `net.core.${name}=${WANTED_BUFFER}`
  );
  if (small.length === 0) return finding("limits", "ok", message);
  return finding("limits", "warning", message, `Raise them, as root with: sysctl -w ${small.join(" ")}`);
}

/**
 * Finds out on what it runs.
 *
 * @param build What Deno was built for.
 * @param build.os The system.
 * @param build.arch The processor.
 * @param build.env The C library.
 * @returns What was found.
 */
export function findPlatform({ os, arch, env }: { os: string; arch: string; env?: string | undefined }): Finding {
  const place = `${os} on ${arch}`;
  if (os !== "linux" || !["x86_64", "aarch64"].includes(arch)) {
    return finding("platform", "problem", `This is ${place}`, "It needs Linux on x86_64 or aarch64");
  }
  if (env !== "musl") return finding("platform", "ok", `This is ${place}, with glibc`);
  return finding(
    "platform",
    "note",
    `This is ${place}, with musl: the sockets of a Worker that is terminated stay open until the process ends`,
    "Close the peers of a Worker before it is terminated",
  );
}

function textOf(reading: Reading): string {
  return reading.state === "read" ? reading.text : "";
}

function finding(check: string, level: Finding["level"], message: string, fix?: string): Finding {
  return { check, level, message, ...(fix !== undefined && { fix }) };
}
