// Many clients with Fast Open, without a socket for any: each has an address, and the cookie that it has learnt.
//
//   load -i INTERFACE -m TO-MAC -s SERVER -p PORT -b BASE-ADDRESS [FLAGS]
//
//   -k N      clients, each with an address of its own from BASE-ADDRESS on (256); a multiple of 4
//   -t SECS   how long (1)
//   -n N      how many exchanges at most (no bound)
//   -w N      so many at a time (128)
//   -r N      or so many a second, whatever becomes of them; latency counts from the time that was planned
//   -R MS     after which a SYN is sent again (200; 1000 with -r, as Linux does), twice as long after each
//   -o        only open connections, by plain handshakes, and leave them so
//   -l        leave them open after the response
//   -g        say "ready" with all cookies learnt, and go on with a line of standard input
//   -f        go before everything else on the core (SCHED_FIFO), so that latency is not the wait for it; it is for -r
//
// An exchange is SYN with cookie and request, response, and close by both sides, the server first. Frames may be lost:
// what goes unanswered is sent again three times. Prints:
//
//   started    exchanges that were begun              resets     of them ended by one
//   accepted   SYN-ACKs that acknowledged the data    failed     given up
//   rejected   SYN-ACKs that did not; the data        resent     SYNs and requests that were sent again
//              follows                                wrong      responses with other bytes than they should have
//   responses  that came                              unfinished when time was up
//   done       exchanges closed by both sides         rate       done a second
//
// and with -r or -w 1 percentiles of the time to the response. The status is 1 without a server that gives cookies.
#define _GNU_SOURCE
#include "frame.h"

#include <poll.h>
#include <sched.h>

enum { MAX_CLIENTS = 65536, FIRST_PORT = 16384, PORTS = 65536 - FIRST_PORT };

// Exchanges that are going on are in a table by their number, of which address and port are made. PORTS times a number
// of clients that is a multiple of four is a multiple of SLOTS, so that the slot follows from address and port alone.
enum { SLOTS = 65536 };

enum { LEARNING_PORT = 1000, LEARNING_ROUNDS = 200 }; // of 50 ms: a busy machine may be slow

enum { TRIES = 4 };

// What a client waits for.
enum { FREE = 0, WAITS_SYN_ACK, WAITS_RESPONSE, WAITS_FIN };

struct client {
	uint8_t cookie[MAX_COOKIE];
	size_t cookie_len;
};

struct exchange {
	uint8_t state, tries;
	uint16_t port;
	uint32_t client;      // its index
	uint32_t iss, next;   // our first sequence number, and the one that we expect
	uint32_t generation;  // of the slot, for timers that outlive their exchange
	int64_t planned;
};

// A timer looks at an exchange when it is due. The timers of the same try wait equally long, so that a queue has them
// in order.
struct timer {
	int64_t due;
	uint32_t slot, generation;
};

enum { TIMERS = 1 << 20 };

struct timers {
	uint64_t first, last;
	struct timer ring[TIMERS];
};

static struct {
	const char *ifname;
	uint8_t from_mac[ETH_ALEN], to_mac[ETH_ALEN];
	uint32_t server, base;
	uint16_t port;
	uint32_t clients;
	int64_t duration, resend;
	uint64_t count;
	long window, rate;
	int only_open, leave_open, wait_to_go, first_on_core;
} config = {
	.clients = 256, .duration = 1000000000, .window = 128, .count = UINT64_MAX,
};

static struct {
	uint64_t started, accepted, rejected, responses, done, resets, failed, resent, wrong;
} count;

static struct client clients[MAX_CLIENTS];
static struct exchange exchanges[SLOTS];
static struct timers timers[TRIES];
static struct inbox in;
static struct outbox out;
static long going_on;
static uint64_t next_number;
static uint16_t first_port; // of this run
static int64_t *latencies;
static size_t measured, room;

static uint32_t slot_of(uint32_t client, uint16_t port)
{
	uint64_t turn = (uint32_t)(port - first_port + PORTS) % PORTS;
	return (uint32_t)((turn * config.clients + client) % SLOTS);
}

// transmit sends a segment of a client.
static void transmit(uint32_t client, uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack, const uint8_t *options,
                     size_t options_len, int with_request)
{
	struct segment s = {
		.from_mac = config.from_mac, .to_mac = config.to_mac,
		.from = config.base + client, .to = config.server,
		.from_port = port, .to_port = config.port,
		.seq = seq, .ack = ack, .flags = flags,
		.options = options, .options_len = options_len,
		.data = (const uint8_t *)request, .data_len = with_request ? REQUEST_LEN : 0,
	};
	outbox_add(&out, &s);
}

static void send_ack(const struct exchange *e, uint8_t more_flags, uint32_t seq, int with_request)
{
	transmit(e->client, e->port, ACK | more_flags, seq, e->next, NULL, 0, with_request);
}

static void send_syn(const struct exchange *e)
{
	static const uint8_t mss[] = {OPTION_MSS, 4, 1460 >> 8, 1460 & 255};
	const struct client *c = &clients[e->client];
	uint8_t options[24];
	if (config.only_open)
		transmit(e->client, e->port, SYN, e->iss, 0, mss, sizeof mss, 0);
	else
		transmit(e->client, e->port, SYN, e->iss, 0, options, put_syn_options(options, c->cookie, c->cookie_len), 1);
}

static void set_timer(int64_t at, struct exchange *e)
{
	struct timers *q = &timers[e->tries - 1];
	if (q->last - q->first == TIMERS) {
		fprintf(stderr, "load: more than %d SYNs in one retransmission timeout\n", TIMERS);
		exit(1);
	}
	q->ring[q->last++ % TIMERS] = (struct timer){
		.due = at + (config.resend << (e->tries - 1)),
		.slot = (uint32_t)(e - exchanges),
		.generation = e->generation,
	};
}

// start begins the next exchange. It returns 0 if so many go on that there is no room for another.
static int start(int64_t at, int64_t planned)
{
	for (int skipped = 0; skipped < 64; skipped++, next_number++) {
		struct exchange *e = &exchanges[next_number % SLOTS];
		if (e->state != FREE)
			continue; // an earlier one that is still waiting keeps its slot
		uint64_t turn = next_number / config.clients;
		e->state = WAITS_SYN_ACK;
		e->tries = 1;
		e->client = (uint32_t)(next_number % config.clients);
		e->port = (uint16_t)(FIRST_PORT + (first_port - FIRST_PORT + turn) % PORTS);
		e->iss = (uint32_t)(next_number * 64021);
		e->planned = planned;
		send_syn(e);
		set_timer(at, e);
		count.started++;
		going_on++;
		next_number++;
		return 1;
	}
	return 0;
}

static void end(struct exchange *e)
{
	e->state = FREE;
	e->generation++;
	going_on--;
}

// resend_due sends again what has waited too long, or gives it up.
static void resend_due(int64_t at)
{
	for (int i = 0; i < TRIES; i++) {
		struct timers *q = &timers[i];
		for (; q->first != q->last; q->first++) {
			struct timer *t = &q->ring[q->first % TIMERS];
			struct exchange *e = &exchanges[t->slot];
			if (t->generation != e->generation)
				continue;
			if (t->due > at)
				break;
			if (e->tries == TRIES) {
				count.failed++;
				end(e);
				continue;
			}
			e->tries++;
			count.resent++;
			if (e->state == WAITS_SYN_ACK)
				send_syn(e);
			else if (e->state == WAITS_RESPONSE)
				send_ack(e, PSH, e->iss + 1, 1);
			// A missing FIN is for the server to send again.
			set_timer(at, e);
		}
	}
}

// next_due returns when the first timer may be due.
static int64_t next_due(void)
{
	int64_t due = INT64_MAX;
	for (int i = 0; i < TRIES; i++)
		if (timers[i].first != timers[i].last && timers[i].ring[timers[i].first % TIMERS].due < due)
			due = timers[i].ring[timers[i].first % TIMERS].due;
	return due;
}

// got_syn_ack takes a SYN-ACK, and returns whether the request has to follow.
static int got_syn_ack(struct exchange *e, const struct segment *s)
{
	e->next = s->seq + 1;
	e->state = WAITS_RESPONSE;
	if (config.only_open)
		return 0;
	if (s->ack != e->iss + 1) {
		count.accepted++;
		return 0;
	}
	count.rejected++;
	struct client *c = &clients[e->client];
	uint8_t cookie[MAX_COOKIE];
	size_t len = find_cookie(s, cookie);
	if (len) {
		memcpy(c->cookie, cookie, len);
		c->cookie_len = len;
	}
	return 1;
}

static void got_response(int64_t at, struct exchange *e, const struct segment *s)
{
	count.responses++;
	if (s->data_len != RESPONSE_LEN || memcmp(s->data, response, RESPONSE_LEN))
		count.wrong++;
	if (measured < room)
		latencies[measured++] = at - e->planned;
	e->state = WAITS_FIN;
}

// got_segment takes what came for an exchange a step further.
static void got_segment(int64_t at, struct exchange *e, const struct segment *s)
{
	if (s->flags & RST) {
		count.resets++;
		end(e);
		return;
	}
	uint32_t begins = s->seq, sent = e->iss + 1 + (config.only_open ? 0 : REQUEST_LEN);
	int request_follows = 0;
	if (s->flags & SYN) {
		if (!(s->flags & ACK) || (s->ack != sent && s->ack != e->iss + 1))
			return;
		begins++;
		if (e->state == WAITS_SYN_ACK)
			request_follows = got_syn_ack(e, s);
	}
	if (e->state == WAITS_SYN_ACK)
		return; // its SYN-ACK was lost: comes again with the next SYN
	if (begins != e->next) {
		send_ack(e, 0, sent, 0); // there is a gap, or we had it
		return;
	}
	e->next += (uint32_t)s->data_len;
	if (s->data_len && e->state == WAITS_RESPONSE)
		got_response(at, e, s);
	if (s->flags & FIN) {
		e->next++;
		send_ack(e, FIN, sent, 0);
		count.done++;
		end(e);
		return;
	}
	if (request_follows)
		send_ack(e, PSH, e->iss + 1, 1);
	else if (s->data_len || s->flags & SYN)
		send_ack(e, 0, sent, 0);
	if (config.only_open || (config.leave_open && e->state == WAITS_FIN)) {
		count.done++;
		end(e);
	}
}

// got_late answers what comes again for an exchange that we have forgotten: our last segment was lost.
static void got_late(uint32_t client, const struct segment *s)
{
	uint8_t fin = s->flags & FIN;
	if (s->flags & ACK && s->flags & (SYN | FIN))
		transmit(client, s->to_port, ACK | fin, s->ack, s->seq + (uint32_t)s->data_len + 1 + (fin && s->flags & SYN),
		         NULL, 0, 0);
}

// receive takes what has come, and returns the number of frames.
static int receive(int64_t at)
{
	int n = inbox_read(&in, MSG_DONTWAIT);
	for (int i = 0; i < n; i++) {
		struct segment s;
		if (!parse_frame(in.frames[i], in.messages[i].msg_len, &s) || s.from != config.server ||
		    s.from_port != config.port || s.to - config.base >= config.clients || s.to_port < FIRST_PORT)
			continue;
		uint32_t client = s.to - config.base;
		struct exchange *e = &exchanges[slot_of(client, s.to_port)];
		if (e->state != FREE && e->client == client && e->port == s.to_port)
			got_segment(at, e, &s);
		else
			got_late(client, &s);
	}
	return n;
}

// learn_from takes the cookies out of what has come, and ends the connections that they came with.
static uint32_t learn_from(void)
{
	uint32_t learnt = 0;
	for (int n; (n = inbox_read(&in, MSG_DONTWAIT)) > 0;) {
		for (int i = 0; i < n; i++) {
			struct segment s;
			uint8_t cookie[MAX_COOKIE];
			if (!parse_frame(in.frames[i], in.messages[i].msg_len, &s) || s.from != config.server ||
			    s.to - config.base >= config.clients || (s.flags & (SYN | ACK)) != (SYN | ACK))
				continue;
			struct client *c = &clients[s.to - config.base];
			size_t len = find_cookie(&s, cookie);
			if (len && !c->cookie_len) {
				memcpy(c->cookie, cookie, len);
				c->cookie_len = len;
				learnt++;
			}
			transmit(s.to - config.base, s.to_port, RST, s.ack, 0, NULL, 0, 0);
		}
		outbox_flush(&out);
	}
	return learnt;
}

// learn gets every client its cookie. It asks for a hundred at a time, and again for those that did not come.
static void learn(void)
{
	uint32_t learnt = 0;
	for (int round = 0; round < LEARNING_ROUNDS && learnt < config.clients; round++) {
		uint32_t asked = 0;
		for (uint32_t c = 0; c < config.clients; c++) {
			uint8_t options[24];
			if (clients[c].cookie_len)
				continue;
			transmit(c, (uint16_t)(LEARNING_PORT + round), SYN, 1000, 0, options, put_syn_options(options, NULL, 0), 0);
			if (++asked % 100 == 0) {
				outbox_flush(&out);
				usleep(2000);
				learnt += learn_from();
			}
		}
		outbox_flush(&out);
		for (int waits = 0; waits < 50 && learnt < config.clients; waits++) {
			usleep(1000);
			learnt += learn_from();
		}
	}
	if (learnt < config.clients) {
		fprintf(stderr, "load: %u of %u clients got a cookie\n", learnt, config.clients);
		exit(1);
	}
}

// wait_for_frames returns when something has come, or at a time.
static void wait_for_frames(int64_t until)
{
	int64_t left = until - now();
	if (left <= 0)
		return;
	struct timespec t = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
	struct pollfd p = {.fd = in.fd, .events = POLLIN};
	ppoll(&p, 1, &t, NULL);
}

// closed_loop has a number of exchanges going on.
static void closed_loop(int64_t began)
{
	for (int64_t at = began; at < began + config.duration; at = now()) {
		while (going_on < config.window && count.started < config.count && start(at, at))
			;
		outbox_flush(&out);
		receive(now());
		outbox_flush(&out);
		resend_due(at);
		if (going_on == 0 && count.started == config.count)
			return;
	}
}

// open_loop starts exchanges when they are planned.
static void open_loop(int64_t began)
{
	double pace = 1e9 / (double)config.rate;
	int64_t ends = began + config.duration;
	for (int64_t at = began; at < ends && count.started < config.count; at = now()) {
		int64_t planned = began + (int64_t)((double)count.started * pace);
		if (planned < ends && planned <= at && start(at, planned))
			continue;
		outbox_flush(&out);
		if (receive(now()) == 0) {
			int64_t due = next_due();
			int64_t until = planned < due ? planned : due;
			wait_for_frames(until < ends ? until : ends);
		}
		outbox_flush(&out);
		resend_due(now());
	}
}

// finish waits for what goes on, as long as it may be sent again.
static void finish(void)
{
	int64_t until = now() + (config.resend << TRIES);
	while (going_on > 0 && now() < until) {
		receive(now());
		resend_due(now());
		outbox_flush(&out);
		if (going_on > 0) {
			int64_t due = next_due();
			wait_for_frames(due < until ? due : until);
		}
	}
}

static void parse_flags(int argc, char **argv)
{
	const char *mac = NULL, *server = NULL, *base = NULL;
	for (int c; (c = getopt(argc, argv, "i:m:s:p:b:k:t:n:w:r:R:olgf")) != -1;) {
		switch (c) {
		case 'i': config.ifname = optarg; break;
		case 'm': mac = optarg; break;
		case 's': server = optarg; break;
		case 'p': config.port = (uint16_t)parse_number(optarg, 1, 65535); break;
		case 'b': base = optarg; break;
		case 'k': config.clients = (uint32_t)parse_number(optarg, 4, MAX_CLIENTS) & ~3u; break;
		case 't': config.duration = parse_seconds(optarg); break;
		case 'n': config.count = (uint64_t)parse_number(optarg, 1, 100000000); break;
		case 'w': config.window = parse_number(optarg, 1, SLOTS / 4); break;
		case 'r': config.rate = parse_number(optarg, 1, 1000000); break;
		case 'R': config.resend = parse_number(optarg, 1, 60000) * 1000000; break;
		case 'o': config.only_open = 1; break;
		case 'l': config.leave_open = 1; break;
		case 'g': config.wait_to_go = 1; break;
		case 'f': config.first_on_core = 1; break;
		default: exit(2);
		}
	}
	if (!config.ifname || !mac || !server || !config.port || !base || optind != argc) {
		fprintf(stderr, "usage: load -i INTERFACE -m TO-MAC -s SERVER -p PORT -b BASE-ADDRESS [FLAGS]\n");
		exit(2);
	}
	parse_mac(mac, config.to_mac);
	mac_of(config.ifname, config.from_mac);
	config.server = parse_address(server);
	config.base = parse_address(base);
	if (!config.resend)
		config.resend = config.rate ? 1000000000 : 200000000;
}

// go_first makes us run as soon as there is something to do.
static void go_first(void)
{
	struct sched_param first = {.sched_priority = 1};
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		perror("load: going on without real-time priority");
}

static void wait_to_go(void)
{
	char line[16];
	say_ready();
	if (!fgets(line, sizeof line, stdin))
		exit(1);
	while (inbox_read(&in, MSG_DONTWAIT))
		; // what came meanwhile is for nobody
}

int main(int argc, char **argv)
{
	parse_flags(argc, argv);
	in.fd = out.fd = open_packets(config.ifname, 1);
	if (!config.only_open)
		learn();
	if (config.rate || config.window == 1) {
		double most = (config.rate ? (double)config.rate : 1e5) * (double)config.duration / 1e9;
		room = (size_t)most + 1;
		latencies = calloc(room, sizeof *latencies);
		if (!latencies)
			fail("calloc");
	}
	// A server that has run before may remember ports of an earlier load.
	first_port = (uint16_t)(FIRST_PORT + (uint64_t)now() / 1000 % PORTS);

	if (config.wait_to_go)
		wait_to_go();
	if (config.first_on_core)
		go_first();
	int64_t began = now();
	if (config.rate)
		open_loop(began);
	else
		closed_loop(began);
	double seconds = (double)(now() - began) / 1e9;
	uint64_t done = count.done;
	finish();
	printf("started=%llu accepted=%llu rejected=%llu responses=%llu done=%llu resets=%llu failed=%llu resent=%llu wrong=%llu"
	       " unfinished=%ld seconds=%.3f rate=%.0f",
	       (unsigned long long)count.started, (unsigned long long)count.accepted, (unsigned long long)count.rejected,
	       (unsigned long long)count.responses, (unsigned long long)count.done, (unsigned long long)count.resets,
	       (unsigned long long)count.failed, (unsigned long long)count.resent, (unsigned long long)count.wrong, going_on,
	       seconds, (double)done / seconds);
	print_latencies(latencies, measured);
	putchar('\n');
	return 0;
}
