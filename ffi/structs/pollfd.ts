/**
 * `struct pollfd`, from `<asm-generic/poll.h>`: what `poll(2)` waits for.
 *
 * ```text
 *  0 i32 fd
 *  4 u16 events    what is waited for
 *  6 u16 revents   what has happened, written by the kernel
 * ```
 *
 * @module
 */

/** Size of `struct pollfd` in bytes. */
export const POLLFD_SIZE = 8;

/**
 * Writes a pollfd of which nothing has happened.
 *
 * @param view Where to write, in host byte order (little-endian on every processor that Deno runs on).
 * @param offset First byte of the struct in the view.
 * @param fd File descriptor.
 * @param events What is waited for.
 */
export function writePollfd(view: DataView, offset: number, fd: number, events: number): void {
  view.setInt32(offset, fd, true);
  view.setUint16(offset + 4, events, true);
  view.setUint16(offset + 6, 0, true);
}
