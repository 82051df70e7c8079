// The floor: datagrams of the size of ProcsLink's, without JSON, between two processes. Each looks for so many microseconds whether
// something has come before it blocks in the kernel: on two cores that is several times as fast, on one core 0 is.
//
//   floor server LOOK ANSWER_BYTES        prints its port, and answers every datagram
//   floor client LOOK PORT REQUEST_BYTES  prints "ready", then answers the commands of stdin, each with a line of JSON:
//                                           latency MILLISECONDS [MOST_CALLS] | rate IN_FLIGHT MILLISECONDS [MOST_CALLS]
#include <linux/netlink.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_CALLS 4000000
#define MOST_BYTES 4096
#define MOST_SECONDS 3600

static int64_t look;
static int64_t times[MOST_CALLS];
static char request[MOST_BYTES];
static char answer[MOST_BYTES];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int compare(const void *a, const void *b) {
  int64_t difference = *(const int64_t *)a - *(const int64_t *)b;
  return (difference > 0) - (difference < 0);
}

static int open_socket(uint32_t *port) {
  struct sockaddr_nl address = {.nl_family = AF_NETLINK};
  socklen_t length = sizeof address;
  int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
  if (fd < 0) fail("socket");
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) fail("getsockname");
  *port = address.nl_pid;
  return fd;
}

/* Receives a datagram, and who sent it where that is asked for. */
static void receive(int fd, char *buffer, struct sockaddr_nl *from) {
  socklen_t length = sizeof *from;
  socklen_t *length_if_asked = from == NULL ? NULL : &length;
  if (look > 0) {
    int64_t end = now() + 1000 * look;
    do {
      if (recvfrom(fd, buffer, MOST_BYTES, MSG_DONTWAIT, (struct sockaddr *)from, length_if_asked) >= 0) return;
    } while (now() < end);
  }
  if (recvfrom(fd, buffer, MOST_BYTES, 0, (struct sockaddr *)from, length_if_asked) < 0) fail("recvfrom");
}

static void serve(int fd, size_t bytes) {
  struct sockaddr_nl from;
  for (;;) {
    receive(fd, request, &from);
    if (sendto(fd, answer, bytes, 0, (struct sockaddr *)&from, sizeof from) < 0) fail("sendto");
  }
}

static void send_request(int fd, size_t bytes) {
  if (send(fd, request, bytes, 0) < 0) fail("send");
}

static void receive_answer(int fd) {
  receive(fd, answer, NULL);
}

static void measure_latency(int fd, size_t bytes, int64_t milliseconds, size_t most) {
  int64_t begun = now(), before = begun;
  size_t calls = 0;
  while (before < begun + 1000000 * milliseconds && calls < most) {
    send_request(fd, bytes);
    receive_answer(fd);
    int64_t after = now();
    times[calls++] = after - before;
    before = after;
  }
  qsort(times, calls, sizeof *times, compare);
  printf("{\"p50\":%g,\"p99\":%g,\"perSecond\":%g}\n", times[calls / 2] / 1e3, times[calls * 99 / 100] / 1e3,
         1e9 * calls / (before - begun));
}

static void measure_rate(int fd, size_t bytes, int in_flight, int64_t milliseconds, int64_t most) {
  int64_t begun = now(), time = begun;
  int64_t calls = 0;
  for (int i = 0; i < in_flight; i++) send_request(fd, bytes);
  for (; time < begun + 1000000 * milliseconds && calls < most; time = now()) {
    receive_answer(fd);
    send_request(fd, bytes);
    calls++;
  }
  for (int i = 0; i < in_flight; i++) receive_answer(fd);
  printf("{\"perSecond\":%g}\n", 1e9 * (calls + in_flight) / (now() - begun));
}

int main(int count, char **arguments) {
  uint32_t port;
  int fd = open_socket(&port);
  // It ends with the process that started it, and by itself at the latest after an hour.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(MOST_SECONDS);
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count < 4) return 2;
  look = strtol(arguments[2], NULL, 10);
  if (count == 4 && strcmp(arguments[1], "server") == 0) {
    size_t bytes = strtoul(arguments[3], NULL, 10);
    if (bytes > sizeof answer) return 2;
    printf("%u\n", port);
    serve(fd, bytes);
  }
  if (count != 5 || strcmp(arguments[1], "client") != 0) return 2;
  struct sockaddr_nl server = {.nl_family = AF_NETLINK, .nl_pid = strtoul(arguments[3], NULL, 10)};
  size_t bytes = strtoul(arguments[4], NULL, 10);
  if (bytes > sizeof request) return 2;
  if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0) fail("connect");
  puts("ready");
  char line[128];
  while (fgets(line, sizeof line, stdin) != NULL) {
    long long first, second, most = MOST_CALLS;
    if (sscanf(line, "latency %lld %lld", &first, &most) >= 1) {
      measure_latency(fd, bytes, first, most < MOST_CALLS ? most : MOST_CALLS);
    } else if (sscanf(line, "rate %lld %lld %lld", &first, &second, &most) >= 2) {
      measure_rate(fd, bytes, (int)first, second, most);
    }
    else return 2;
  }
  return 0;
}
