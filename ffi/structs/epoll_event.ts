/**
 * `struct epoll_event`, from `<linux/eventpoll.h>`: packed on x86-64, with natural alignment everywhere else.
 *
 * ```text
 * x86-64 (12 bytes)                 arm64 (16 bytes)
 *  0 u32 events                      0 u32 events  (4 bytes of padding)
 *  4 u64 data: the fd, and 0         8 u64 data: the fd, and 0
 * ```
 *
 * @module
 */

/** Layout of the struct on one processor. */
export interface EpollEventLayout {
  /** Size of the struct in bytes. */
  readonly size: number;
  /** Offset of its data. */
  readonly data: number;
}

/**
 * Tells the layout for a processor.
 *
 * @param arch The processor, as `Deno.build.arch` names it.
 * @returns The layout.
 */
export function epollEventLayout(arch: string): EpollEventLayout {
  return arch === "x86_64" ? { size: 12, data: 4 } : { size: 16, data: 8 };
}

/**
 * Writes one struct whose data is a file descriptor.
 *
 * @param view Where to write.
 * @param offset First byte of the struct in the view.
 * @param layout Layout of the struct.
 * @param events Events to wait for, such as `EPOLLIN`.
 * @param fd The file descriptor.
 */
export function writeEpollEvent(
  view: DataView,
  offset: number,
  layout: EpollEventLayout,
  events: number,
  fd: number,
): void {
  view.setUint32(offset, events, true);
  view.setUint32(offset + layout.data, fd, true);
  view.setUint32(offset + layout.data + 4, 0, true);
}

/**
 * Reads the file descriptor of one struct.
 *
 * @param view Where the struct is.
 * @param offset First byte of the struct in the view.
 * @param layout Layout of the struct.
 * @returns The file descriptor.
 */
export function readEpollEventFd(view: DataView, offset: number, layout: EpollEventLayout): number {
  return view.getUint32(offset + layout.data, true);
}
