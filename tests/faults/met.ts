/**
 * The errors that each system call's man page lists and that this library can meet.
 *
 * @module
 */
import type { Call, Errno } from "./fault.ts";

/** What is wrong with a descriptor: somebody else in this process has closed it, or opened something else under its number. */
const DESCRIPTOR = ["EBADF", "ENOTSOCK"] as const;
const FILES = ["EMFILE", "ENFILE"] as const;
/** A sandbox, such as seccomp(2) or a security module, may answer any call with these. */
const SANDBOX = ["EPERM", "EACCES", "ENOSYS"] as const;

/** Errors by call. */
export const MET: Readonly<Record<Call, readonly Errno[]>> = {
  // socket(2), netlink(7)
  socket: [
    ...["EAFNOSUPPORT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "EINVAL", "ENOBUFS", "ENOMEM"] as const,
    ...FILES,
    ...SANDBOX,
  ],
  // fcntl(2) of F_SETFD
  adopt: ["EBADF", ...SANDBOX],
  // bind(2), unix(7)
  bind: [...["EADDRINUSE", "EADDRNOTAVAIL", "EINVAL", "EFAULT", "ENOMEM"] as const, ...DESCRIPTOR, ...SANDBOX],
  // listen(2)
  listen: ["EADDRINUSE", "EOPNOTSUPP", "EINVAL", ...DESCRIPTOR, ...SANDBOX],
  // connect(2), unix(7)
  connect: [
    ...["ECONNREFUSED", "EAGAIN", "EINTR", "EINPROGRESS", "EPROTOTYPE", "EADDRNOTAVAIL", "EAFNOSUPPORT"] as const,
    ...["ETIMEDOUT", "ENETUNREACH", "EISCONN", "EFAULT", "EINVAL", "ENOMEM"] as const,
    ...DESCRIPTOR,
    ...SANDBOX,
  ],
  // accept(2)
  accept: [
    ...["EAGAIN", "EINTR", "ECONNABORTED", "EINVAL", "EOPNOTSUPP", "ENOBUFS", "ENOMEM", "EPROTO", "EFAULT"] as const,
    ...FILES,
    ...DESCRIPTOR,
    ...SANDBOX,
  ],
  // getsockopt(2); SO_PEERPIDFD opens a descriptor
  peerPidfd: ["ENOPROTOOPT", "ENODATA", "ESRCH", "EINVAL", "EFAULT", "ENOMEM", ...FILES, ...DESCRIPTOR, ...SANDBOX],
  // getsockname(2)
  getsockname: ["EFAULT", "EINVAL", "ENOBUFS", ...DESCRIPTOR, ...SANDBOX],
  // setsockopt(2), socket(7)
  setsockopt: ["ENOPROTOOPT", "EFAULT", "EINVAL", "EDOM", "ENOMEM", ...DESCRIPTOR, ...SANDBOX],
  setsockoptTime: ["ENOPROTOOPT", "EFAULT", "EINVAL", "EDOM", "ENOMEM", ...DESCRIPTOR, ...SANDBOX],
  // getsockopt(2), socket(7)
  getsockopt: ["ENOPROTOOPT", "EFAULT", "EINVAL", "ENODATA", ...DESCRIPTOR, ...SANDBOX],
  // sendto(2), and netlink_sendmsg() in net/netlink/af_netlink.c
  sendto: [
    ...["ECONNREFUSED", "EAGAIN", "EINTR", "EMSGSIZE", "ENOBUFS", "ENOMEM", "EFAULT", "EINVAL", "ENODATA"] as const,
    ...["EDESTADDRREQ", "EISCONN", "ENOTCONN", "EOPNOTSUPP", "EPIPE"] as const,
    ...DESCRIPTOR,
    ...SANDBOX,
  ],
  sendtoInThread: [
    ...["ECONNREFUSED", "EAGAIN", "EINTR", "EMSGSIZE", "ENOBUFS", "ENOMEM", "EFAULT", "EINVAL", "ENODATA"] as const,
    ...["EDESTADDRREQ", "EISCONN", "ENOTCONN", "EOPNOTSUPP", "EPIPE"] as const,
    ...DESCRIPTOR,
    ...SANDBOX,
  ],
  // recvmsg(2); netlink(7): ENOBUFS where messages were dropped
  recvmsg: [
    ...["EAGAIN", "EINTR", "ENOBUFS", "ECONNREFUSED", "EFAULT", "EINVAL", "ENOMEM", "ENOTCONN"] as const,
    ...DESCRIPTOR,
    ...SANDBOX,
  ],
  // close(2)
  close: ["EBADF", "EINTR", "EIO", "ENOSPC"],
  // open(2), of /proc and of whatever path is passed as netns
  open: [
    ...["ENOENT", "EINTR", "EINVAL", "ELOOP", "ENAMETOOLONG", "ENODEV", "ENXIO", "ENOTDIR", "ENOMEM", "ESRCH"] as const,
    ...["EOVERFLOW", "EBUSY", "EFAULT"] as const,
    ...FILES,
    ...SANDBOX,
  ],
  // read(2)
  read: ["EAGAIN", "EINTR", "EIO", "EBADF", "EFAULT", "EINVAL"],
  // poll(2)
  poll: ["EINTR", "ENOMEM", "EFAULT", "EINVAL", ...SANDBOX],
  // setns(2)
  setns: ["EBADF", "EINVAL", "ENOMEM", "ESRCH", ...SANDBOX],
  // eventfd(2)
  eventfd: ["EINVAL", "ENODEV", "ENOMEM", ...FILES, ...SANDBOX],
  // eventfd(2): of write(2) and read(2)
  eventfdWrite: ["EINTR", "EINVAL", "EBADF"],
  eventfdRead: ["EAGAIN", "EINTR", "EINVAL", "EBADF"],
  // epoll_create(2)
  epollCreate: ["EINVAL", "ENOMEM", ...FILES, ...SANDBOX],
  // epoll_ctl(2)
  epollAdd: ["EEXIST", "ENOSPC", "ENOMEM", "ELOOP", "EINVAL", "EBADF", ...SANDBOX],
  epollDelete: ["ENOENT", "EBADF"],
  // epoll_wait(2)
  epollWait: ["EINTR", "EFAULT", "EINVAL", "EBADF", ...SANDBOX],
  epollPoll: ["EINTR", "EFAULT", "EINVAL", "EBADF", ...SANDBOX],
  // calloc(3)
  createReceiveSlot: ["ENOMEM"],
  createSendSlot: ["ENOMEM"],
  createEventList: ["ENOMEM"],
};
