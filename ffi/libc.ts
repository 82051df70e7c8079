/**
 * The symbols of libc that this project calls. Nothing else in it says `Deno.dlopen`.
 *
 * @module
 */

/**
 * libc cannot be called here: another operating system or processor, or a run without `--allow-ffi`. The message says what to do.
 *
 * @example
 * ```ts ignore
 * import { LibcUnavailableError, RPCPeer } from "@procslink/procslink";
 *
 * try {
 *   using peer = new RPCPeer();
 * } catch (error) {
 *   if (error instanceof LibcUnavailableError) console.error(error.message);
 * }
 * ```
 */
export class LibcUnavailableError extends Error {
  /**
   * Makes the error.
   *
   * @param message What is missing, and what to do.
   * @param options `cause`, where another error led to this one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LibcUnavailableError";
  }
}

// `ssize_t` and `int` results are read as i32: no call here moves 2 GiB, and a 64-bit result would arrive as a bigint.
const SYMBOLS = {
  socket: { parameters: ["i32", /* int domain */ "i32", /* int type */ "i32" /* int protocol */], result: "i32" },
  bind: { parameters: ["i32", /* int fd */ "buffer", /* struct sockaddr * */ "u32" /* socklen_t */], result: "i32" },
  listen: { parameters: ["i32", /* int fd */ "i32" /* int backlog */], result: "i32" },
  connect: { parameters: ["i32", /* int fd */ "buffer", /* struct sockaddr * */ "u32" /* socklen_t */], result: "i32" },
  getsockname: {
    parameters: ["i32", /* int fd */ "buffer", /* struct sockaddr * */ "buffer" /* socklen_t * */],
    result: "i32",
  },
  getsockopt: {
    parameters: [
      "i32", /* int fd */
      "i32", /* int level */
      "i32", /* int optname */
      "buffer", /* void *optval */
      "buffer", /* socklen_t *optlen */
    ],
    result: "i32",
  },
  setsockopt: {
    parameters: [
      "i32", /* int fd */
      "i32", /* int level */
      "i32", /* int optname */
      "buffer", /* const void *optval */
      "u32", /* socklen_t optlen */
    ],
    result: "i32",
  },
  sendto: {
    parameters: [
      "i32", /* int fd */
      "buffer", /* const void *buf */
      "usize", /* size_t len */
      "i32", /* int flags */
      "buffer", /* const struct sockaddr *dest_addr */
      "u32", /* socklen_t addrlen */
    ],
    result: "i32",
  },
  recvmsg: { parameters: ["i32", /* int fd */ "buffer", /* struct msghdr * */ "i32" /* int flags */], result: "i32" },
  close: { parameters: ["i32" /* int fd */], result: "i32" },
  // Variadic in C; on Linux, x86-64 and arm64 pass an int there as everywhere.
  open: { parameters: ["buffer", /* const char *pathname */ "i32" /* int flags */], result: "i32" },
  read: { parameters: ["i32", /* int fd */ "buffer", /* void *buf */ "usize" /* size_t count */], result: "i32" },
  eventfd: { parameters: ["u32", /* unsigned int initval */ "i32" /* int flags */], result: "i32" },
  epoll_create1: { parameters: ["i32" /* int flags */], result: "i32" },
  epoll_ctl: {
    parameters: ["i32", /* int epfd */ "i32", /* int op */ "i32", /* int fd */ "buffer" /* struct epoll_event * */],
    result: "i32",
  },
  epoll_wait: {
    parameters: [
      "i32", /* int epfd */
      "pointer", /* struct epoll_event *events */
      "i32", /* int maxevents */
      "i32", /* int timeout, ms */
    ],
    result: "i32",
  },
  epoll_wait_in_thread: {
    name: "epoll_wait",
    parameters: ["i32", "pointer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  poll: {
    parameters: ["buffer", /* struct pollfd *fds */ "u64", /* nfds_t nfds */ "i32" /* int timeout, ms */],
    result: "i32",
  },
  calloc: { parameters: ["usize", /* size_t n */ "usize" /* size_t size */], result: "pointer" },
  free: { parameters: ["pointer" /* void * */], result: "void" },
  getuid: { parameters: [], result: "u32" },
  gettid: { parameters: [], result: "i32" },
  sched_yield: { parameters: [], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

// Each symbol costs up to 0.15 ms when it is opened, buffers the most: what a call can do without has a table of its own.
const SELDOM_SYMBOLS = {
  accept4: {
    parameters: [
      "i32", /* int fd */
      "pointer", /* struct sockaddr * */
      "pointer", /* socklen_t * */
      "i32", /* int flags */
    ],
    result: "i32",
  },
  // What arrives is read by recvmsg, which tells who sent it; this is for who does not want to know.
  recvfrom: {
    parameters: [
      "i32", /* int fd */
      "buffer", /* void *buf */
      "usize", /* size_t len */
      "i32", /* int flags */
      "buffer", /* struct sockaddr *src_addr */
      "buffer", /* socklen_t *addrlen */
    ],
    result: "i32",
  },
  // Variadic in C, as open.
  fcntl: { parameters: ["i32", /* int fd */ "i32", /* int op */ "i32" /* int arg */], result: "i32" },
  eventfd_write: { parameters: ["i32", /* int fd */ "u64" /* eventfd_t value */], result: "i32" },
  eventfd_read: { parameters: ["i32", /* int fd */ "buffer" /* eventfd_t *value */], result: "i32" },
  getgid: { parameters: [], result: "u32" },
  // Its memory is outside of V8's heap: the thread may outlive the isolate.
  sendto_in_thread: {
    name: "sendto",
    parameters: [
      "i32", /* int fd */
      "pointer", /* const void *buf */
      "usize", /* size_t len */
      "i32", /* int flags */
      "pointer", /* const struct sockaddr *dest_addr */
      "u32", /* socklen_t addrlen */
    ],
    result: "i32",
    nonblocking: true,
  },
  setns: { parameters: ["i32", /* int fd */ "i32" /* int nstype */], result: "i32" },
  dlsym: { parameters: ["pointer", /* void *handle */ "buffer" /* const char *symbol */], result: "pointer" },
  dup3: { parameters: ["i32", /* int oldfd */ "i32", /* int newfd */ "i32" /* int flags */], result: "i32" },
  // Of the C++ ABI, in glibc since 2.18.
  __cxa_thread_atexit_impl: {
    parameters: [
      "pointer", /* void (*destructor)(void *) */
      "pointer", /* void *object */
      "pointer", /* void *dso_symbol */
    ],
    result: "i32",
    optional: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** The symbols of libc, as functions. */
export type LibcSymbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
/** Symbols of libc that a call can do without, as functions. */
export type SeldomLibcSymbols = Deno.DynamicLibrary<typeof SELDOM_SYMBOLS>["symbols"];

/** File names of libc: glibc's, then musl's for each processor. */
const LIBRARY_NAMES = ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`];

let symbols: LibcSymbols | undefined;
let seldomSymbols: SeldomLibcSymbols | undefined;

/**
 * Opens libc at its first call, and returns its symbols.
 *
 * @returns The symbols.
 * @throws {LibcUnavailableError} If this is not Linux on x86-64 or arm64, or the run has no bare `--allow-ffi`.
 */
export function libc(): LibcSymbols {
  symbols ??= open(Deno.build.os, Deno.build.arch, Deno.permissions.querySync({ name: "ffi" }).state);
  return symbols;
}

/**
 * Opens the symbols of libc that a call can do without, at its first call.
 *
 * @returns The symbols.
 * @throws {LibcUnavailableError} As {@linkcode libc}.
 */
export function seldomLibc(): SeldomLibcSymbols {
  seldomSymbols ??= openLibrary(LIBRARY_NAMES, SELDOM_SYMBOLS);
  return seldomSymbols;
}

/**
 * Opens libc for a stated machine and permission: {@linkcode libc} without its cache.
 *
 * @param os The operating system, as `Deno.build.os` names it.
 * @param arch The processor, as `Deno.build.arch` names it.
 * @param permission The state of the bare ffi permission.
 * @param libraries File names to try, one after the other.
 * @returns The symbols.
 * @throws {LibcUnavailableError} As {@linkcode libc}.
 */
export function open(
  os: string,
  arch: string,
  permission: Deno.PermissionState,
  libraries: readonly string[] = LIBRARY_NAMES,
): LibcSymbols {
  if (os !== "linux") {
    throw new LibcUnavailableError(
      `ProcsLink needs Linux: netlink sockets are part of its kernel, and this is ${os}. Run it in a Linux machine or container`,
    );
  }
  if (arch !== "x86_64" && arch !== "aarch64") {
    throw new LibcUnavailableError(
      `ProcsLink needs x86_64 or aarch64, whose struct layouts it knows, and this is ${arch}. Run it on one of them`,
    );
  }
  // A path after the flag, or an accepted prompt, opens the library but gives no pointers: only the bare flag does.
  if (permission !== "granted") {
    throw new LibcUnavailableError(
      "ProcsLink calls libc and needs the flag --allow-ffi, without a path: deno run --allow-ffi main.ts",
    );
  }
  return openLibrary(libraries, SYMBOLS);
}

function openLibrary<Interface extends Deno.ForeignLibraryInterface>(
  libraries: readonly string[],
  definitions: Interface,
): Deno.DynamicLibrary<Interface>["symbols"] {
  let cause: unknown;
  for (const library of libraries) {
    try {
      return Deno.dlopen(library, definitions).symbols;
    } catch (error) {
      cause ??= error;
    }
  }
  throw new LibcUnavailableError(
    `Cannot open libc as ${
      libraries.join(" or ")
    }: install one, or run Deno where it finds the one that it was built with`,
    { cause },
  );
}
