/*
 * Takes a port at once when its holder has ended, and shows what it is sent there.
 *
 *   squatter PORT SECONDS MODE...
 *
 * Modes: "lifeline" listens beside the port too, "answer" answers every request. Prints "on" when it tries, "bound" when it has the
 * port, and then the body of each message, as a line. A NOOP has none. Ends after SECONDS, or at SIGTERM.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_DATAGRAM (1u << 20)
#define MAX_SHOWN 2000
#define MESSAGE 0x10

/* struct procslinkhdr; it follows struct nlmsghdr. */
struct procslinkhdr {
	uint16_t version, flag;
	uint32_t length;
	uint16_t payload_type, reserved;
	uint32_t seq;
	uint64_t timestamp;
};

#define HEADERS (sizeof(struct nlmsghdr) + sizeof(struct procslinkhdr))

static uint8_t datagram[MAX_DATAGRAM];
static int listens, answers;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Whether the name beside the port is ours, or not wanted. */
static int has_lifeline(uint32_t port)
{
	static int fd = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "procslink/%u", port);

	if (!listens)
		return 1;
	if (fd == -1)
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1)
		fail("socket");
	if (bind(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + length) == -1)
		return 0;
	if (listen(fd, 4096) == -1)
		fail("listen");
	listens = 0;
	return 1;
}

/* Tries until it has the port, and the name where that is wanted. */
static int take(uint32_t port)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_pid = port };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);

	if (fd == -1)
		fail("socket");
	printf("on\n");
	while (bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1) {
		if (errno != EADDRINUSE)
			fail("bind");
	}
	while (!has_lifeline(port))
		;
	printf("bound\n");
	return fd;
}

static void answer(int fd, const struct sockaddr_nl *to, const struct nlmsghdr *request, const char *body)
{
	uint8_t bytes[256] = { 0 };
	struct nlmsghdr *outer = (struct nlmsghdr *)bytes;
	struct procslinkhdr *inner = (struct procslinkhdr *)(outer + 1);
	const char *id = strstr(body, "\"id\":");
	int size;

	if (id == NULL)
		return;
	size = snprintf((char *)(inner + 1), sizeof(bytes) - HEADERS,
			"{\"jsonrpc\":\"2.0\",\"id\":%lu,\"result\":\"a squatter's\"}", strtoul(id + 5, NULL, 10));
	*outer = (struct nlmsghdr){ HEADERS + size, MESSAGE, 0, request->nlmsg_seq, 0 };
	*inner = (struct procslinkhdr){ .version = 1, .length = sizeof(*inner) + size, .payload_type = 2 };
	sendto(fd, bytes, HEADERS + size, 0, (const struct sockaddr *)to, sizeof(*to));
}

/* Shows the messages of a datagram, and answers them. */
static void show(int fd, const struct sockaddr_nl *from, size_t length)
{
	for (size_t start = 0; start + sizeof(struct nlmsghdr) <= length;) {
		struct nlmsghdr *outer = (struct nlmsghdr *)(datagram + start);
		static char body[MAX_SHOWN + 1];
		size_t size;

		if (outer->nlmsg_len < sizeof(*outer) || outer->nlmsg_len > length - start)
			return;
		start += NLMSG_ALIGN(outer->nlmsg_len);
		if (outer->nlmsg_type == NLMSG_NOOP || outer->nlmsg_len < HEADERS)
			continue;
		size = outer->nlmsg_len - HEADERS;
		if (size > MAX_SHOWN)
			size = MAX_SHOWN;
		memcpy(body, (uint8_t *)outer + HEADERS, size);
		body[size] = 0;
		printf("%s\n", body);
		if (answers)
			answer(fd, from, outer, body);
	}
}

int main(int argc, char **argv)
{
	int fd;

	if (argc < 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int index = 3; index < argc; index++) {
		listens |= strcmp(argv[index], "lifeline") == 0;
		answers |= strcmp(argv[index], "answer") == 0;
	}
	alarm(atoi(argv[2]));
	fd = take(strtoul(argv[1], NULL, 10));
	for (;;) {
		struct sockaddr_nl from;
		socklen_t from_size = sizeof(from);
		ssize_t length = recvfrom(fd, datagram, sizeof(datagram), 0, (struct sockaddr *)&from, &from_size);

		if (length > 0)
			show(fd, &from, length);
	}
}
