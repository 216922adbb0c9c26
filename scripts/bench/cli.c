// The kernel's client, one connection after the other: the time from connecting to the first byte of the response.
//
//   cli SERVER PORT COUNT fastopen|plain
//
// A first connection, which is not counted, fetches the cookie. Connections end with a reset, so that no port is kept.
#define _GNU_SOURCE
#include "frame.h"

#include <netinet/tcp.h>

static struct sockaddr_in server = {.sin_family = AF_INET};

// ask makes one connection. It returns whether the response was right, and says how long it took and whether the
// request went in the SYN and was taken from it.
static int ask(int fast_open, int64_t *took, int *in_syn)
{
	const struct linger abortive = {.l_onoff = 1, .l_linger = 0};
	char data[128];

	int64_t began = now();
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		fail("socket");
	ssize_t sent;
	if (fast_open)
		sent = sendto(fd, request, REQUEST_LEN, MSG_FASTOPEN, (struct sockaddr *)&server, sizeof server);
	else if ((sent = connect(fd, (struct sockaddr *)&server, sizeof server)) == 0)
		sent = send(fd, request, REQUEST_LEN, 0);
	ssize_t received = sent == REQUEST_LEN ? recv(fd, data, sizeof data, 0) : -1;
	*took = now() - began;

	struct tcp_info info;
	socklen_t len = sizeof info;
	*in_syn = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_options & TCPI_OPT_SYN_DATA;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abortive, sizeof abortive);
	close(fd);
	return received == RESPONSE_LEN && !memcmp(data, response, RESPONSE_LEN);
}

int main(int argc, char **argv)
{
	int fast_open = argc == 5 && !strcmp(argv[4], "fastopen");
	if (argc != 5 || (!fast_open && strcmp(argv[4], "plain"))) {
		fprintf(stderr, "usage: cli SERVER PORT COUNT fastopen|plain\n");
		return 2;
	}
	server.sin_addr.s_addr = htonl(parse_address(argv[1]));
	server.sin_port = htons((uint16_t)parse_number(argv[2], 1, 65535));
	long count = parse_number(argv[3], 1, 10000000);
	int64_t *times = calloc((size_t)count, sizeof *times), first;
	if (!times)
		fail("calloc");
	int in_syn;
	ask(fast_open, &first, &in_syn);

	long done = 0, accepted = 0;
	int64_t began = now();
	for (long i = 0; i < count; i++) {
		done += ask(fast_open, &times[i], &in_syn);
		accepted += in_syn;
	}
	double seconds = (double)(now() - began) / 1e9;
	printf("started=%ld done=%ld accepted=%ld seconds=%.3f rate=%.0f", count, done, accepted, seconds, (double)done / seconds);
	print_latencies(times, (size_t)count);
	putchar('\n');
	return 0;
}
