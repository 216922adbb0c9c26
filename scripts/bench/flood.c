// SYNs with data and wrong cookies, from many addresses, as fast as one core sends them.
//
//   flood INTERFACE TO-MAC SERVER PORT BASE-ADDRESS ADDRESSES SECONDS
//
// The cookies are random; to guess one that is right takes 2^64 of them. Nothing that comes back is looked at.
#define _GNU_SOURCE
#include "frame.h"

static struct outbox out;

// next_random is xorshift64: fast, and random enough to be wrong.
static uint64_t next_random(void)
{
	static uint64_t x = 88172645463325252;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr, "usage: flood INTERFACE TO-MAC SERVER PORT BASE-ADDRESS ADDRESSES SECONDS\n");
		return 2;
	}
	uint8_t from_mac[ETH_ALEN], to_mac[ETH_ALEN], options[24];
	mac_of(argv[1], from_mac);
	parse_mac(argv[2], to_mac);
	uint32_t base = parse_address(argv[5]);
	uint32_t addresses = (uint32_t)parse_number(argv[6], 1, 65536);
	int64_t began = now(), end = began + parse_seconds(argv[7]);
	struct segment s = {
		.from_mac = from_mac, .to_mac = to_mac,
		.to = parse_address(argv[3]), .to_port = (uint16_t)parse_number(argv[4], 1, 65535),
		.flags = SYN, .options = options,
		.data = (const uint8_t *)request, .data_len = REQUEST_LEN,
	};
	out.fd = open_packets(argv[1], 0);
	uint64_t sent = 0;
	while (now() < end) {
		for (int i = 0; i < BATCH; i++, sent++) {
			uint64_t cookie = next_random();
			s.from = base + (uint32_t)(sent % addresses);
			s.from_port = (uint16_t)(1024 + sent / addresses % 60000);
			s.seq = (uint32_t)(cookie >> 32);
			s.options_len = put_syn_options(options, (const uint8_t *)&cookie, sizeof cookie);
			outbox_add(&out, &s);
		}
		outbox_flush(&out);
	}
	double seconds = (double)(now() - began) / 1e9;
	printf("sent=%llu seconds=%.3f rate=%.0f\n", (unsigned long long)sent, seconds, (double)sent / seconds);
	return 0;
}
