// A responder without state: what a userspace server costs if it does nothing but answer.
//
//   resp INTERFACE PORT
//
// A SYN gets a SYN-ACK with a cookie, a SYN with data at once the response and the FIN in its SYN-ACK, a FIN its ACK.
// Nothing is remembered and no cookie is checked. The kernel must be kept from answering the port itself.
#define _GNU_SOURCE
#include "frame.h"

// Every connection has the same sequence numbers.
enum { ISS = 7777 };

static struct inbox in;
static struct outbox out;

// answer turns a segment round.
static void answer(const struct segment *s, uint8_t flags, uint32_t seq, uint32_t ack, const uint8_t *options,
                   size_t options_len, const char *data, size_t data_len)
{
	struct segment reply = {
		.from_mac = s->to_mac, .to_mac = s->from_mac,
		.from = s->to, .to = s->from,
		.from_port = s->to_port, .to_port = s->from_port,
		.seq = seq, .ack = ack, .flags = flags,
		.options = options, .options_len = options_len,
		.data = (const uint8_t *)data, .data_len = data_len,
	};
	outbox_add(&out, &reply);
}

static void respond(const struct segment *s)
{
	static const uint8_t mss[] = {OPTION_MSS, 4, 1460 >> 8, 1460 & 255};
	static const uint8_t cookie[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	uint8_t options[24];

	if (s->flags & RST)
		return;
	uint32_t received = s->seq + (uint32_t)s->data_len + 1; // with its SYN or FIN
	if (s->flags & SYN && s->data_len)
		answer(s, SYN | ACK | FIN, ISS, received, mss, sizeof mss, response, RESPONSE_LEN);
	else if (s->flags & SYN)
		answer(s, SYN | ACK, ISS, received, options, put_syn_options(options, cookie, sizeof cookie), NULL, 0);
	else if (s->flags & FIN)
		answer(s, ACK, ISS + 1 + RESPONSE_LEN + 1, received, NULL, 0, NULL, 0);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: resp INTERFACE PORT\n");
		return 2;
	}
	uint16_t port = (uint16_t)parse_number(argv[2], 1, 65535);
	in.fd = out.fd = open_packets(argv[1], 1);
	say_ready();
	for (;;) {
		int n = inbox_read(&in, MSG_WAITFORONE);
		for (int i = 0; i < n; i++) {
			struct segment s;
			if (parse_frame(in.frames[i], in.messages[i].msg_len, &s) && s.to_port == port)
				respond(&s);
		}
		outbox_flush(&out);
	}
}
