/**
 * What is seen where something is sent and a system call fails.
 *
 * @module
 */
import { ANY_OTHER, type Fault, type FaultTable, NOTHING } from "../fault.ts";

const GONE = "PeerGoneError: No peer holds port 20";
const UNDELIVERED = "server trouble: undelivered: An answer could not be sent: ";

/** Where something that somebody awaits is sent, they learn at once what has become of it. */
function refused(told: (error: string) => string[], which: Partial<Fault> = {}): readonly Fault[] {
  const call = { call: "sendto", of: "client", ...which } as const;
  return [
    { ...call, errno: ["EAGAIN", "EINTR"], seen: NOTHING },
    { ...call, errno: "ECONNREFUSED", seen: told(GONE) },
    { ...call, errno: "EMSGSIZE", seen: told("{error}") },
    { ...call, errno: ANY_OTHER, seen: told("{error}") },
  ];
}

/** An answer that cannot be sent is trouble of the server. Whether its caller still lives does not matter to ECONNREFUSED. */
function unanswered(told: string[], which: Partial<Fault> = {}): readonly Fault[] {
  const call = { call: "sendto", of: "server", ...which } as const;
  const late = 'call: CallTimeoutError: Port 20 did not answer "ping" within 50 ms';
  return [
    { ...call, errno: ["EAGAIN", "EINTR"], seen: NOTHING },
    { ...call, errno: "ECONNREFUSED", seen: [`${UNDELIVERED}No peer holds port 10`, late] },
    { ...call, errno: "EMSGSIZE", seen: told },
    { ...call, errno: ANY_OTHER, seen: told },
  ];
}

/** What `{error}` is without the name of its class. */
const REASON = "An answer could not be sent: {reason}";
const TOLD = [`server trouble: undelivered: ${REASON}`, `call: InternalError: Internal error < ${REASON}`];

const CALL = refused((error) => [`call: ${error}`]);

export const SENDING = {
  "a call is sent": [
    ...CALL,
    ...refused((error) => [`call: ${error}`], { times: 3 }),
  ],
  "a notification is sent": refused((error) => [`notification: ${error}`]),
  "a batch is sent": refused((error) => [`batch: ${error}, done`]),

  // With its first, its second and its last fragment. What has left is taken back.
  "a large call is sent": [
    ...CALL,
    ...refused((error) => [`call: ${error}`], { after: 1 }),
    ...refused((error) => [`call: ${error}`], { after: 2 }),
    ...refused((error) => [`call: ${error}`], { after: 1, times: 2 }),
  ],

  "an answer is sent": unanswered(TOLD),
  "a large answer is sent": [
    { call: "sendto", of: "server", after: 1, errno: ["EAGAIN", "EINTR"], seen: NOTHING },
    {
      call: "sendto",
      of: "server",
      after: 1,
      errno: ["ENOBUFS", "ENOMEM", "EPERM"],
      // The error that was to take its place finds nobody who waits any more.
      seen: [
        TOLD[0]!,
        "call: DecodeError: The sender has taken a message back that was on its way",
        "client trouble: unexpected",
      ],
    },
  ],

  // The other side goes on with it. Its answer comes too late, and is no trouble.
  "a call is taken back": [
    { call: "sendto", of: "client", errno: ANY_OTHER, seen: NOTHING },
    { call: "sendto", of: "client", times: 3, errno: ANY_OTHER, seen: NOTHING },
  ],

  "a port without a lifeline is asked who holds it": [
    ...CALL,
    ...refused((error) => [`call: ${error}`], { after: 1 }),
  ],

  // Whatever else it is that the kernel says, somebody may hold the port.
  "it is looked whether a port without a lifeline is still held": [
    {
      call: "sendto",
      of: "client",
      errno: "ECONNREFUSED",
      seen: ["call: PeerGoneError: The peer at port 20 was gone before it answered", "client trouble: unexpected"],
    },
    { call: "sendto", of: "client", errno: ANY_OTHER, seen: NOTHING },
  ],

  "a call waits for room in a thread": [
    ...CALL,
    // Errno of a thread is not to be had: the same is tried here.
    { call: "sendtoInThread", of: "client", errno: ANY_OTHER, seen: NOTHING },
    { call: "sendtoInThread", of: "client", times: 3, errno: ANY_OTHER, seen: NOTHING },
    { call: "createSendSlot", errno: "ENOMEM", seen: ["call: {error}"] },
  ],
  "a thread has found no room, and the same call here says why": CALL,
  "a call waits for room without a thread": CALL,

  "a synchronous call is sent": CALL,
  "a synchronous call waits for room": [
    ...CALL,
    ...refused((error) => [`call: ${error}`], { of: "client waiting" }),
    // Signals that come again and again do not prolong it.
    {
      call: "sendto",
      of: "client waiting",
      times: Infinity,
      errno: ["EINTR", "EAGAIN"],
      seen: ['call: CallTimeoutError: Port 20 did not answer "ping" within 50 ms'],
    },
    { call: "setsockoptTime", of: "SO_SNDTIMEO", errno: ANY_OTHER, seen: ["call: {error}"] },
    // The request has left: its answer is nobody's.
    {
      call: "setsockoptTime",
      of: "SO_SNDTIMEO",
      after: 1,
      errno: ANY_OTHER,
      seen: ["call: {error}", "client trouble: unexpected"],
    },
  ],
} as const satisfies FaultTable;
