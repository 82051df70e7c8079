/*
 * A hostile neighbour: sends to a peer as fast as C can, and never reads what comes back.
 *
 *   flood PORT MODE SECONDS [BYTES]
 *
 * Sends one message a datagram, or joins as many as fit in BYTES. Prints "on" when the flood is on: when the receiver's queue is
 * full for the first time, or after a thousand tries. Ends after SECONDS, or at SIGTERM, and then prints what became of its
 * tries as JSON.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The largest datagram that is made. */
#define MAX_DATAGRAM (8u << 20)
/* What a datagram of one message has at most where its mode does not say how much. */
#define MAX_PART 65000u
#define MESSAGE 0x10
/* As large as a batch may be, and as deep as JSON should not be; joined ones are of a size that a peer sends and takes too. */
#define BATCH_MEMBERS (joined > 0 ? 1000 : 4096)
#define DEPTH (joined > 0 ? 50000 : 100000)
/* Messages of one port that a peer puts together at once, and fragments of each before others are begun. */
#define TOGETHER 16
#define PARTS 256
#define MAX_CONNECTIONS 5000
#define TRIES_UNTIL_ON 1000

/* struct procslinkhdr; it follows struct nlmsghdr. */
struct procslinkhdr {
	uint16_t version, flag;
	uint32_t length;
	uint16_t payload_type, reserved;
	uint32_t seq;
	uint64_t timestamp;
};

#define HEADERS (sizeof(struct nlmsghdr) + sizeof(struct procslinkhdr))
#define ECHO(id) "{\"jsonrpc\":\"2.0\"," id "\"method\":\"echo\",\"params\":[\"hostile\"]}"

enum payload_type { REQUEST = 1, RESPONSE = 2 };

static volatile sig_atomic_t ended;
/* Up to how many bytes messages are joined, or 0. */
static size_t joined;
static uint32_t own_port;
/* Goes up by one with each message. */
static uint32_t number;
static uint32_t random_state = 2463534242u;
static uint8_t datagram[MAX_DATAGRAM];
static uint8_t part[MAX_DATAGRAM];
/* The largest datagram that the socket sends, and the length of the one to be sent. */
static size_t room, length;
static unsigned long sent, full, refused, others;
static int last_errno;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static uint32_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	return random_state ^= random_state << 5;
}

/* Adds a message, or a fragment of one that has `whole` bytes in its body; tells whether there was room. */
static int add(enum payload_type type, const void *body, size_t size, size_t whole)
{
	size_t start = NLMSG_ALIGN(length);
	struct nlmsghdr *outer = (struct nlmsghdr *)(datagram + start);
	struct procslinkhdr *inner = (struct procslinkhdr *)(outer + 1);

	if (start + HEADERS + size > (start > 0 && joined < room ? joined : room))
		return 0;
	*outer = (struct nlmsghdr){ HEADERS + size, MESSAGE, type == REQUEST, number++, own_port };
	*inner = (struct procslinkhdr){ .version = 1, .payload_type = type };
	inner->length = sizeof(*inner) + whole;
	if (whole != size) {
		/* Of sixteen messages in turns; joined ones are each of another, so that all before them are given up. */
		outer->nlmsg_flags |= NLM_F_MULTI;
		inner->seq = joined > 0 ? number : number / (TOGETHER * PARTS) * TOGETHER + number % TOGETHER;
		outer->nlmsg_seq = inner->seq;
	}
	memcpy(inner + 1, body, size);
	length = start + HEADERS + size;
	return 1;
}

/* Makes a datagram of one message, or of as many as there is room for. */
static void fill(enum payload_type type, const void *body, size_t size, size_t whole)
{
	length = 0;
	while (add(type, body, size, whole) && joined > 0)
		;
}

/* Rubbish of three kinds: all of it, behind a header that is right, and behind both. */
static void make_noise(void)
{
	struct nlmsghdr *outer = (struct nlmsghdr *)datagram;
	size_t size = 1 + next_random() % (1u << (1 + next_random() % 16));
	uint32_t kind = next_random() % 3;

	if (size > MAX_PART)
		size = MAX_PART;
	if (kind == 2) {
		fill(1 + next_random() % 2, part + next_random() % MAX_PART, size, size);
		return;
	}
	length = sizeof(*outer) + size;
	memcpy(datagram, part + next_random() % MAX_PART, length);
	if (kind == 1)
		*outer = (struct nlmsghdr){ length, MESSAGE, 0, number++, own_port };
}

static void make_fragment(void)
{
	size_t size = joined > 0 ? 16 : MAX_PART;

	fill(REQUEST, part, size, 60u << 20);
}

/* With an id that might be one: whoever calls begins at a random number. */
static void make_response(void)
{
	char body[128];
	int size = snprintf(body, sizeof(body), "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":\"hostile\"}", next_random());

	fill(RESPONSE, body, size, size);
}

static void prepare_noise(void)
{
	for (size_t index = 0; index < sizeof(part); index++)
		part[index] = next_random();
}

static void prepare_request(void)
{
	fill(REQUEST, ECHO("\"id\":1,"), strlen(ECHO("\"id\":1,")), strlen(ECHO("\"id\":1,")));
}

static void prepare_notification(void)
{
	fill(REQUEST, ECHO(""), strlen(ECHO("")), strlen(ECHO("")));
}

static void prepare_batch(void)
{
	static const char member[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}";
	char *end = (char *)part;

	for (int index = 0; index < BATCH_MEMBERS; index++)
		end += sprintf(end, "%c%s", index == 0 ? '[' : ',', member);
	*end++ = ']';
	fill(REQUEST, part, end - (char *)part, end - (char *)part);
}

static void prepare_depth(void)
{
	char *end = (char *)part + sprintf((char *)part, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":");

	memset(end, '[', DEPTH);
	memset(end + DEPTH, ']', DEPTH);
	end[2 * DEPTH] = '}';
	end += 2 * DEPTH + 1;
	fill(REQUEST, part, end - (char *)part, end - (char *)part);
}

static const struct mode {
	const char *name;
	/* Makes the first datagram, or what it is made of; and the next one where all are not the same. */
	void (*prepare)(void), (*make)(void);
} modes[] = {
	{ "noise", prepare_noise, make_noise },
	{ "requests", prepare_request, NULL },
	{ "fragments", NULL, make_fragment },
	{ "batches", prepare_batch, NULL },
	{ "notifications", prepare_notification, NULL },
	{ "responses", NULL, make_response },
	{ "deep", prepare_depth, NULL },
	{ "connect", NULL, NULL },
};

/* Counts a try, and says once that the flood is on. */
static void count(int failed)
{
	static unsigned long tries;
	static int on;

	if (!failed)
		sent++;
	else if (errno == EAGAIN)
		full++;
	else if (errno == ECONNREFUSED)
		refused++;
	else {
		others++;
		last_errno = errno;
	}
	if (!on && (full > 0 || ++tries == TRIES_UNTIL_ON)) {
		on = 1;
		puts("on");
		fflush(stdout);
	}
}

static void send_all(uint32_t port, const struct mode *mode)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	socklen_t size = sizeof(address);
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
	/* It sends as much at once as it may, and takes as little as it may: what is sent back has to wait at the peer. */
	int most = MAX_DATAGRAM, least = 0;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &most, sizeof(most));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &most, &(socklen_t){ sizeof(most) }) != 0 ||
	    bind(fd, (struct sockaddr *)&address, size) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
		perror("flood");
		exit(1);
	}
	own_port = address.nl_pid;
	address.nl_pid = port;
	/* 32 bytes of its buffer are the kernel's. */
	room = most - 32 < (int)MAX_DATAGRAM ? (size_t)most - 32 : MAX_DATAGRAM;
	if (mode->prepare != NULL)
		mode->prepare();
	while (!ended) {
		if (mode->make != NULL)
			mode->make();
		count(sendto(fd, datagram, length, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof(address)) < 0);
	}
}

/* Connects to the abstract unix socket of a port, and keeps as many connections as it may: the newest ones. */
static void connect_all(uint32_t port)
{
	static int fds[MAX_CONNECTIONS];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + 1;
	struct rlimit limit;
	size_t connections, index = 0;

	size += sprintf(address.sun_path + 1, "procslink/%u", port);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	connections = limit.rlim_cur < MAX_CONNECTIONS + 16 ? limit.rlim_cur - 16 : MAX_CONNECTIONS;
	while (!ended) {
		if (fds[index] > 0)
			close(fds[index]);
		fds[index] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		count(connect(fds[index], (struct sockaddr *)&address, size) != 0);
		index = (index + 1) % connections;
	}
}

int main(int argc, char **argv)
{
	const struct mode *mode = modes, *none = modes + sizeof(modes) / sizeof(modes[0]);

	while (argc >= 4 && mode < none && strcmp(mode->name, argv[2]) != 0)
		mode++;
	if (argc < 4 || mode == none) {
		fputs("usage: flood PORT MODE SECONDS [BYTES]\n", stderr);
		return 2;
	}
	joined = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	signal(SIGTERM, end);
	signal(SIGALRM, end);
	alarm(atoi(argv[3]));
	if (strcmp(mode->name, "connect") == 0)
		connect_all(strtoul(argv[1], NULL, 10));
	else
		send_all(strtoul(argv[1], NULL, 10), mode);
	printf("{\"sent\":%lu,\"full\":%lu,\"refused\":%lu,\"others\":%lu,\"errno\":%d}\n", sent, full, refused, others,
	       last_errno);
	return 0;
}
