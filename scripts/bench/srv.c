// The kernel's server with Fast Open: accept, receive, respond, close; the peer for a server in userspace.
//
//   srv PORT
#define _GNU_SOURCE
#include "frame.h"

#include <netinet/tcp.h>

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: srv PORT\n");
		return 2;
	}
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)parse_number(argv[1], 1, 65535)),
	};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0)
		fail("socket");
	set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
	set_option(listener, IPPROTO_TCP, TCP_FASTOPEN, 65535, "TCP_FASTOPEN"); // how many may be pending
	if (bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 65535))
		fail("listen");
	say_ready();
	for (;;) {
		char data[2048];
		int fd = accept(listener, NULL, NULL);
		if (fd < 0) {
			if (errno == EMFILE || errno == EBADF || errno == EINVAL)
				fail("accept");
			continue; // the client has gone meanwhile
		}
		if (recv(fd, data, sizeof data, 0) > 0)
			send(fd, response, RESPONSE_LEN, MSG_NOSIGNAL);
		close(fd);
	}
}
