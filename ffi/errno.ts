/**
 * Error numbers of the kernel, by name: `<asm-generic/errno-base.h>` and `<asm-generic/errno.h>`.
 *
 * Those that a netlink socket, an epoll set or an eventfd can meet are here; another one is shown by its number.
 *
 * @module
 */

const DESCRIPTIONS = {
  EPERM: [1, "operation not permitted"],
  ENOENT: [2, "no such file or directory"],
  ESRCH: [3, "no such process"],
  EINTR: [4, "interrupted by a signal"],
  EIO: [5, "input/output error"],
  ENXIO: [6, "no such device or address"],
  EBADF: [9, "bad file descriptor"],
  EAGAIN: [11, "resource temporarily unavailable"],
  ENOMEM: [12, "out of memory"],
  EACCES: [13, "permission denied"],
  EFAULT: [14, "bad address"],
  EBUSY: [16, "device or resource busy"],
  EEXIST: [17, "exists already"],
  ENODEV: [19, "no such device"],
  ENOTDIR: [20, "not a directory"],
  EINVAL: [22, "invalid argument"],
  ENFILE: [23, "too many open files in the system"],
  EMFILE: [24, "too many open files in this process"],
  ENOSPC: [28, "no space left"],
  EPIPE: [32, "broken pipe"],
  ENAMETOOLONG: [36, "name too long"],
  ENOSYS: [38, "not offered by this kernel"],
  ELOOP: [40, "too many symbolic links"],
  ENODATA: [61, "no data to send"],
  EOVERFLOW: [75, "value too large"],
  ENOTSOCK: [88, "not a socket"],
  EDESTADDRREQ: [89, "destination address required"],
  EMSGSIZE: [90, "message too long"],
  ENOPROTOOPT: [92, "no such option of the protocol"],
  EPROTONOSUPPORT: [93, "protocol not supported"],
  ESOCKTNOSUPPORT: [94, "socket type not supported"],
  EOPNOTSUPP: [95, "operation not supported"],
  EAFNOSUPPORT: [97, "address family not supported"],
  EADDRINUSE: [98, "address already in use"],
  EADDRNOTAVAIL: [99, "address not available"],
  ENETUNREACH: [101, "network is unreachable"],
  ENOBUFS: [105, "no buffer space available"],
  EISCONN: [106, "socket is connected"],
  ENOTCONN: [107, "socket is not connected"],
  ETIMEDOUT: [110, "timed out"],
  ECONNREFUSED: [111, "connection refused"],
} as const satisfies Record<string, readonly [number: number, description: string]>;

/** Name of an error number that this project knows, such as `"ECONNREFUSED"`. */
export type ErrnoName = keyof typeof DESCRIPTIONS;

/** Number of each error, by its name: `ERRNO.EAGAIN` is 11. */
export const ERRNO: Readonly<Record<ErrnoName, number>> = Object.fromEntries(
  Object.entries(DESCRIPTIONS).map(([name, [number]]) => [name, number]),
) as Record<ErrnoName, number>;

const NAMES = new Map<number, ErrnoName>(
  Object.entries(ERRNO).map(([name, number]) => [number, name as ErrnoName]),
);

/**
 * Names an error number.
 *
 * @param errno The number, as `errno(3)` has it.
 * @returns The kernel's name for it, or `"errno 12345"` for one that is not listed here.
 */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

/**
 * Describes an error number in a few words.
 *
 * @param errno The number, as `errno(3)` has it.
 * @returns A few words in lower case, or `"unknown error"`.
 */
export function errnoDescription(errno: number): string {
  const name = NAMES.get(errno);
  return name === undefined ? "unknown error" : DESCRIPTIONS[name][1];
}
