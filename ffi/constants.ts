/**
 * Numbers of the Linux kernel that this project uses, under the kernel's own names. They are the same on x86-64 and arm64.
 *
 * @module
 */

// <linux/netlink.h>, <bits/socket.h>
export const AF_UNIX = 1;
export const AF_NETLINK = 16;
/** The one netlink protocol that the kernel leaves to programs. */
export const NETLINK_USERSOCK = 2;
export const NETLINK_SOCK_DIAG = 4;
export const SOCK_STREAM = 1;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
/** What `listen(2)` cuts down to `net.core.somaxconn`. */
export const SOMAXCONN = 0x7fff_ffff;

// <asm-generic/socket.h>
export const SOL_SOCKET = 1;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_PASSCRED = 16;
export const SO_PEERCRED = 17;
export const SO_RCVLOWAT = 18;
export const SO_RCVTIMEO = 20;
export const SO_SNDTIMEO = 21;
export const SO_PROTOCOL = 38;
export const SO_DOMAIN = 39;
export const SO_NETNS_COOKIE = 71;
/** Since Linux 6.5. */
export const SO_PEERPIDFD = 77;
/** Type of the control message that carries a `struct ucred`. */
export const SCM_CREDENTIALS = 2;

// <linux/socket.h>
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;

// <linux/eventpoll.h>, <linux/eventfd.h>
export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLLIN = 0x1;
export const EFD_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;

// <asm-generic/poll.h>
export const POLLIN = 0x1;

// <linux/fcntl.h>
export const F_SETFD = 2;
export const FD_CLOEXEC = 1;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;

// <linux/netlink.h>
export const SOL_NETLINK = 270;
export const NETLINK_ADD_MEMBERSHIP = 1;
/** Has the kernel cut short the messages that it acknowledges: it sends none to a socket of programs. */
export const NETLINK_CAP_ACK = 10;

// <linux/netlink_diag.h>
export const NDIAG_SHOW_MEMINFO = 0x1;
export const NDIAG_SHOW_FLAGS = 0x8;
/** Type of the attribute that holds how much memory a socket takes: a u32 for each of the SK_MEMINFO numbers below. */
export const NETLINK_DIAG_MEMINFO = 0;
/** Type of the attribute that holds the flags of a socket. */
export const NETLINK_DIAG_FLAGS = 4;
export const NDIAG_FLAG_CAP_ACK = 0x20;

// <linux/sock_diag.h>
export const SK_MEMINFO_RMEM_ALLOC = 0;
export const SK_MEMINFO_DROPS = 8;
export const SOCK_DIAG_BY_FAMILY = 20;

// <linux/sched.h>
export const CLONE_NEWNET = 0x40000000;
