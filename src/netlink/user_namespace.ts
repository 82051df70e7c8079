/**
 * What this process's user namespace makes of user and group ids (user_namespaces(7)).
 *
 * An id that it does not map arrives as the overflow id, whoever it is; and a process without a mapping has that id itself. So
 * where not every id is mapped, the overflow id names nobody.
 *
 * @module
 */
import { ERRNO } from "../../ffi/errno.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";

/** What an id becomes that is not mapped, unless `/proc/sys/kernel/overflowuid` or `overflowgid` says otherwise. */
export const OVERFLOW_ID = 65_534;

/** Ids that a namespace can map: all of 32 bits but the last, which means none. */
const ALL_IDS = 0xffff_ffff;
/** A map has at most 340 lines of up to 33 characters. */
const MAP_SIZE = 16_384;

const unmapped = new WeakMap<Syscalls, { uid: number | undefined; gid: number | undefined }>();

/**
 * Tells which ids stand for whoever is not mapped.
 *
 * @param syscalls The way to the kernel.
 * @returns The ids; undefined where every id is mapped. Where `/proc` cannot be read, none counts as mapped.
 */
export function unmappedIds(
  syscalls: Syscalls,
): { readonly uid: number | undefined; readonly gid: number | undefined } {
  const known = unmapped.get(syscalls);
  if (known !== undefined) return known;
  let isKnown = true;
  const read = (path: string) => readText(syscalls, path, () => isKnown = false);
  const ids = { uid: overflowId(read, "uid"), gid: overflowId(read, "gid") };
  if (isKnown) unmapped.set(syscalls, ids);
  return ids;
}

function overflowId(read: (path: string) => string, kind: "uid" | "gid"): number | undefined {
  if (mapsAll(read(`/proc/self/${kind}_map`))) return undefined;
  const id = Number.parseInt(read(`/proc/sys/kernel/overflow${kind}`), 10);
  return Number.isNaN(id) ? OVERFLOW_ID : id;
}

/** Lines of a map are "first-id-inside first-id-outside count"; what they map does not overlap. */
function mapsAll(map: string): boolean {
  const counts = map.trim().split("\n").map((line) => Number(line.trim().split(/\s+/)[2]));
  return counts.reduce((sum, count) => sum + count, 0) === ALL_IDS;
}

function readText(syscalls: Syscalls, path: string, later: () => void): string {
  const fd = syscalls.open(path);
  if (fd < 0) {
    if ([ERRNO.EMFILE, ERRNO.ENFILE, ERRNO.ENOMEM, ERRNO.EINTR].includes(syscalls.errno())) later();
    return "";
  }
  const buffer = new Uint8Array(new ArrayBuffer(MAP_SIZE));
  const length = syscalls.read(fd, buffer);
  syscalls.close(fd);
  return new TextDecoder().decode(buffer.subarray(0, Math.max(length, 0)));
}
