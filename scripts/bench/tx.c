// One frame again and again, as fast as one core sends it: the limit for whatever makes its frames.
//
//   tx INTERFACE TO-MAC TO-ADDRESS sendto|sendmmsg|ring qdisc|bypass SECONDS
//
// The frame is a SYN with a cookie and data, 118 bytes. "bypass" goes past the queueing discipline. Prints the frames
// that the kernel took; what left is for the interface's counters to say.
#define _GNU_SOURCE
#include "frame.h"

#include <sys/mman.h>

enum { DATA_LEN = 48, FRAME_LEN = ETHERNET_LEN + IP_LEN + TCP_LEN + 16 + DATA_LEN };

// A slot of the ring holds the kernel's header and the frame.
enum { SLOT_LEN = 256, BLOCK_LEN = 1 << 16, BLOCKS = 64, SLOTS = BLOCK_LEN / SLOT_LEN * BLOCKS, SLOTS_A_CALL = 256 };

static uint8_t frame[MAX_SENT];

static void make_frame(const char *ifname, const char *to_mac, const char *to)
{
	static const uint8_t cookie[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	uint8_t from[ETH_ALEN], dest[ETH_ALEN], options[24], data[DATA_LEN];
	mac_of(ifname, from);
	parse_mac(to_mac, dest);
	memset(data, 'x', sizeof data);
	struct segment s = {
		.from_mac = from, .to_mac = dest,
		.from = parse_address("192.0.2.1"), .to = parse_address(to),
		.from_port = 12345, .to_port = 9000,
		.seq = 1, .flags = SYN,
		.options = options, .options_len = put_syn_options(options, cookie, sizeof cookie),
		.data = data, .data_len = sizeof data,
	};
	if (build_frame(frame, &s) != FRAME_LEN)
		abort();
}

static int open_socket(const char *ifname, int bypass, int ring)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0)
		fail("packet socket");
	set_option(fd, SOL_PACKET, PACKET_QDISC_BYPASS, bypass, "PACKET_QDISC_BYPASS");
	set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, 32 << 20, "SO_SNDBUFFORCE");
	if (ring) {
		struct tpacket_req r = {
			.tp_block_size = BLOCK_LEN, .tp_block_nr = BLOCKS, .tp_frame_size = SLOT_LEN, .tp_frame_nr = SLOTS,
		};
		set_option(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V2, "TPACKET_V2");
		if (setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &r, sizeof r))
			fail("PACKET_TX_RING");
	}
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(ifname)};
	if (!a.sll_ifindex || bind(fd, (struct sockaddr *)&a, sizeof a))
		fail(ifname);
	return fd;
}

// A sender makes one system call, and returns how many frames it sent.
static long send_one(int fd)
{
	return send(fd, frame, FRAME_LEN, 0) == FRAME_LEN;
}

// The frames of a batch are copies, as they would be if they differed.
static long send_batch(int fd)
{
	static uint8_t frames[BATCH][FRAME_LEN];
	static struct iovec parts[BATCH];
	static struct mmsghdr messages[BATCH];
	if (!parts[0].iov_base) {
		for (int i = 0; i < BATCH; i++) {
			memcpy(frames[i], frame, FRAME_LEN);
			parts[i] = (struct iovec){frames[i], FRAME_LEN};
			messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
		}
	}
	int r = sendmmsg(fd, messages, BATCH, 0);
	return r > 0 ? r : 0;
}

// The ring's slots are filled anew each time, as they would be if the frames differed.
static long send_ring(int fd)
{
	static uint8_t *ring;
	static unsigned next;
	if (!ring) {
		ring = mmap(NULL, (size_t)BLOCK_LEN * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (ring == MAP_FAILED)
			fail("mmap");
	}
	long filled = 0;
	while (filled < SLOTS_A_CALL) {
		struct tpacket2_hdr *slot = (struct tpacket2_hdr *)(ring + (size_t)next * SLOT_LEN);
		if (__atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_AVAILABLE)
			break;
		memcpy((uint8_t *)slot + TPACKET2_HDRLEN - sizeof(struct sockaddr_ll), frame, FRAME_LEN);
		slot->tp_len = FRAME_LEN;
		__atomic_store_n(&slot->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
		next = (next + 1) % SLOTS;
		filled++;
	}
	send(fd, NULL, 0, 0);
	return filled;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		long (*send)(int fd);
	} modes[] = {{"sendto", send_one}, {"sendmmsg", send_batch}, {"ring", send_ring}};
	enum { MODES = sizeof modes / sizeof *modes };

	int mode = 0, bypass = argc == 7 && !strcmp(argv[5], "bypass");
	while (argc == 7 && mode < MODES && strcmp(argv[4], modes[mode].name))
		mode++;
	if (argc != 7 || mode == MODES || (!bypass && strcmp(argv[5], "qdisc"))) {
		fprintf(stderr, "usage: tx INTERFACE TO-MAC TO-ADDRESS sendto|sendmmsg|ring qdisc|bypass SECONDS\n");
		return 2;
	}
	make_frame(argv[1], argv[2], argv[3]);
	int fd = open_socket(argv[1], bypass, modes[mode].send == send_ring);
	int64_t began = now(), end = began + parse_seconds(argv[6]);
	long sent = 0;
	while (now() < end)
		for (int i = 0; i < 16; i++) // so that the clock costs nothing
			sent += modes[mode].send(fd);
	double seconds = (double)(now() - began) / 1e9;
	printf("sent=%ld seconds=%.3f rate=%.0f\n", sent, seconds, (double)sent / seconds);
	return 0;
}
