// What the sticks that make their own frames share: TCP over IPv4 over Ethernet, built and read, and packet sockets
// that move them in batches.
//
// They are made for two network namespaces joined by veth, and for nothing else.
#ifndef FRAME_H
#define FRAME_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTION_FAST_OPEN = 34 };

enum { ETHERNET_LEN = 14, IP_LEN = 20, TCP_LEN = 20, MAX_COOKIE = 16 };

// What we send is far shorter than this; what we receive may be as long as a segment that was not cut.
enum { MAX_SENT = 256, MAX_RECEIVED = 2048 };

enum { BATCH = 64 };

static const char request[] = "Hello, Server";
static const char response[] = "Hello, Client";

enum { REQUEST_LEN = sizeof request - 1, RESPONSE_LEN = sizeof response - 1 };

__attribute__((noreturn)) static inline void fail(const char *what)
{
	perror(what);
	exit(1);
}

// now is the monotonic clock in nanoseconds.
static inline int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static inline void put16(uint8_t *p, uint16_t v)
{
	v = htons(v);
	memcpy(p, &v, sizeof v);
}

static inline void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, sizeof v);
}

static inline uint16_t get16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return ntohs(v);
}

static inline uint32_t get32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return ntohl(v);
}

// sum16 adds up bytes as 16-bit words, as for the Internet checksum (RFC 1071), onto sum.
static inline uint64_t sum16(const uint8_t *p, size_t n, uint64_t sum)
{
	for (; n >= 4; p += 4, n -= 4)
		sum += get32(p);
	if (n >= 2) {
		sum += get16(p);
		p += 2;
		n -= 2;
	}
	if (n)
		sum += (uint64_t)*p << 8;
	return sum;
}

static inline uint16_t checksum(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

// A segment is what a frame says. Numbers are in the order of the host. Options are a multiple of four bytes.
struct segment {
	const uint8_t *from_mac, *to_mac;
	uint32_t from, to;
	uint16_t from_port, to_port;
	uint32_t seq, ack;
	uint8_t flags;
	const uint8_t *options;
	size_t options_len;
	const uint8_t *data;
	size_t data_len;
};

// build_frame writes a segment as a frame with right lengths and checksums, and returns the length of the frame.
static inline size_t build_frame(uint8_t *frame, const struct segment *s)
{
	size_t tcp_len = TCP_LEN + s->options_len + s->data_len;
	uint8_t *ip = frame + ETHERNET_LEN, *tcp = ip + IP_LEN;

	memcpy(frame, s->to_mac, ETH_ALEN);
	memcpy(frame + ETH_ALEN, s->from_mac, ETH_ALEN);
	put16(frame + 2 * ETH_ALEN, ETH_P_IP);

	memset(ip, 0, IP_LEN);
	ip[0] = 0x45;              // version 4, header of five words
	put16(ip + 2, IP_LEN + tcp_len);
	ip[6] = 0x40;              // do not fragment
	ip[8] = 64;                // time to live
	ip[9] = IPPROTO_TCP;
	put32(ip + 12, s->from);
	put32(ip + 16, s->to);
	put16(ip + 10, checksum(sum16(ip, IP_LEN, 0)));

	put16(tcp, s->from_port);
	put16(tcp + 2, s->to_port);
	put32(tcp + 4, s->seq);
	put32(tcp + 8, s->ack);
	tcp[12] = (uint8_t)((TCP_LEN + s->options_len) / 4 << 4);
	tcp[13] = s->flags;
	put16(tcp + 14, 65535);    // window
	put32(tcp + 16, 0);        // checksum, urgent pointer
	if (s->options_len)
		memcpy(tcp + TCP_LEN, s->options, s->options_len);
	if (s->data_len)
		memcpy(tcp + TCP_LEN + s->options_len, s->data, s->data_len);
	// The pseudo-header: addresses, protocol and length.
	uint64_t sum = sum16(ip + 12, 8, IPPROTO_TCP + tcp_len);
	put16(tcp + 16, checksum(sum16(tcp, tcp_len, sum)));
	return ETHERNET_LEN + IP_LEN + tcp_len;
}

// parse_frame reads a frame, and returns whether it is TCP over IPv4. What it finds points into the frame. Checksums
// are not looked at: a kernel on the same machine leaves them unfinished.
static inline int parse_frame(const uint8_t *frame, size_t len, struct segment *s)
{
	const uint8_t *ip = frame + ETHERNET_LEN;
	if (len < ETHERNET_LEN + IP_LEN + TCP_LEN || get16(frame + 2 * ETH_ALEN) != ETH_P_IP || ip[0] >> 4 != 4 ||
	    ip[9] != IPPROTO_TCP)
		return 0;
	size_t ip_len = (ip[0] & 15) * 4, total = get16(ip + 2);
	const uint8_t *tcp = ip + ip_len;
	if (total > len - ETHERNET_LEN || total < ip_len + TCP_LEN)
		return 0;
	size_t tcp_len = (tcp[12] >> 4) * 4;
	if (tcp_len < TCP_LEN || ip_len + tcp_len > total)
		return 0;
	*s = (struct segment){
		.from_mac = frame + ETH_ALEN,
		.to_mac = frame,
		.from = get32(ip + 12),
		.to = get32(ip + 16),
		.from_port = get16(tcp),
		.to_port = get16(tcp + 2),
		.seq = get32(tcp + 4),
		.ack = get32(tcp + 8),
		.flags = tcp[13],
		.options = tcp + TCP_LEN,
		.options_len = tcp_len - TCP_LEN,
		.data = tcp + tcp_len,
		.data_len = total - ip_len - tcp_len,
	};
	return 1;
}

// put_syn_options writes MSS and Fast Open (RFC 7413, Section 4.1.1) with a cookie, or without one the request for it,
// and returns their length. There is room for 24 bytes.
static inline size_t put_syn_options(uint8_t *p, const uint8_t *cookie, size_t cookie_len)
{
	static const uint8_t mss[] = {OPTION_MSS, 4, 1460 >> 8, 1460 & 255};
	memcpy(p, mss, sizeof mss);
	size_t n = sizeof mss;
	p[n++] = OPTION_FAST_OPEN;
	p[n++] = (uint8_t)(2 + cookie_len);
	if (cookie_len)
		memcpy(p + n, cookie, cookie_len);
	for (n += cookie_len; n % 4; n++)
		p[n] = OPTION_NOP;
	return n;
}

// find_cookie copies the cookie of a SYN-ACK, of up to MAX_COOKIE bytes, and returns its length: 0 without one.
static inline size_t find_cookie(const struct segment *s, uint8_t *cookie)
{
	for (size_t i = 0; i < s->options_len;) {
		const uint8_t *o = s->options + i;
		if (o[0] == OPTION_END)
			return 0;
		if (o[0] == OPTION_NOP) {
			i++;
			continue;
		}
		if (s->options_len - i < 2 || o[1] < 2 || o[1] > s->options_len - i)
			return 0;
		size_t len = o[1] - 2u;
		if (o[0] == OPTION_FAST_OPEN && len > 0 && len <= MAX_COOKIE) {
			memcpy(cookie, o + 2, len);
			return len;
		}
		i += o[1];
	}
	return 0;
}

static inline void parse_mac(const char *text, uint8_t *mac)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != ETH_ALEN) {
		fprintf(stderr, "%s is not a hardware address\n", text);
		exit(2);
	}
}

static inline uint32_t parse_address(const char *text)
{
	struct in_addr a;
	if (inet_pton(AF_INET, text, &a) != 1) {
		fprintf(stderr, "%s is not an IPv4 address\n", text);
		exit(2);
	}
	return ntohl(a.s_addr);
}

// parse_number takes a whole number in a range, or ends the program.
static inline long parse_number(const char *text, long least, long most)
{
	char *end;
	errno = 0;
	long v = strtol(text, &end, 10);
	if (errno || end == text || *end || v < least || v > most) {
		fprintf(stderr, "%s is not a number from %ld to %ld\n", text, least, most);
		exit(2);
	}
	return v;
}

// parse_seconds takes a duration in seconds, which may be a fraction, and returns nanoseconds.
static inline int64_t parse_seconds(const char *text)
{
	char *end;
	double v = strtod(text, &end);
	if (end == text || *end || !(v > 0) || v > 3600) {
		fprintf(stderr, "%s is not a number of seconds up to 3600\n", text);
		exit(2);
	}
	return (int64_t)(v * 1e9);
}

static inline void set_option(int fd, int level, int option, int value, const char *name)
{
	if (setsockopt(fd, level, option, &value, sizeof value))
		fail(name);
}

// mac_of finds the hardware address of an interface.
static inline void mac_of(const char *ifname, uint8_t *mac)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(ifname)};
	socklen_t len = sizeof a;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0)
		fail("packet socket");
	if (!a.sll_ifindex || bind(fd, (struct sockaddr *)&a, sizeof a) || getsockname(fd, (struct sockaddr *)&a, &len))
		fail(ifname);
	memcpy(mac, a.sll_addr, ETH_ALEN);
	close(fd);
}

// open_packets opens a socket that sends past the queueing discipline, and receives what comes for us if asked to.
static inline int open_packets(const char *ifname, int receive)
{
	const int buffer = 64 << 20;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0)
		fail("packet socket");
	set_option(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS");
	set_option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
	set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, buffer, "SO_RCVBUFFORCE");
	set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, buffer, "SO_SNDBUFFORCE");
	struct sockaddr_ll a = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(ifname),
		.sll_protocol = receive ? htons(ETH_P_IP) : 0,
	};
	if (!a.sll_ifindex || bind(fd, (struct sockaddr *)&a, sizeof a))
		fail(ifname);
	return fd;
}

// An outbox collects frames, and sends them together.
struct outbox {
	int fd;
	unsigned n;
	uint8_t frames[BATCH][MAX_SENT];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
};

static inline void outbox_flush(struct outbox *o)
{
	for (unsigned done = 0; done < o->n;) {
		int r = sendmmsg(o->fd, o->messages + done, o->n - done, 0);
		if (r > 0)
			done += (unsigned)r;
		else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			fail("sendmmsg"); // and else the queue of the other end's core is full: again
	}
	o->n = 0;
}

static inline void outbox_add(struct outbox *o, const struct segment *s)
{
	if (o->n == BATCH)
		outbox_flush(o);
	unsigned i = o->n++;
	o->parts[i] = (struct iovec){o->frames[i], build_frame(o->frames[i], s)};
	o->messages[i].msg_hdr = (struct msghdr){.msg_iov = &o->parts[i], .msg_iovlen = 1};
}

// An inbox is what came in one call.
struct inbox {
	int fd;
	uint8_t frames[BATCH][MAX_RECEIVED];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
};

// inbox_read returns how many frames came; their lengths are in messages. With MSG_DONTWAIT for flags it does not wait,
// with MSG_WAITFORONE for the first one only.
static inline int inbox_read(struct inbox *in, int flags)
{
	for (unsigned i = 0; i < BATCH; i++) {
		in->parts[i] = (struct iovec){in->frames[i], MAX_RECEIVED};
		in->messages[i].msg_hdr = (struct msghdr){.msg_iov = &in->parts[i], .msg_iovlen = 1};
	}
	int r = recvmmsg(in->fd, in->messages, BATCH, flags, NULL);
	if (r < 0 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
		fail("recvmmsg");
	return r < 0 ? 0 : r;
}

// say_ready tells whoever started us that we listen.
static inline void say_ready(void)
{
	puts("ready");
	fflush(stdout);
}

static inline int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

// print_latencies sorts nanoseconds, and prints what the driver reads.
static inline void print_latencies(int64_t *times, size_t n)
{
	if (n == 0)
		return;
	qsort(times, n, sizeof *times, compare_times);
	printf(" p50_us=%.1f p90_us=%.1f p99_us=%.1f max_us=%.1f", times[n / 2] / 1e3, times[n * 9 / 10] / 1e3,
	       times[n * 99 / 100] / 1e3, times[n - 1] / 1e3);
}

#endif
