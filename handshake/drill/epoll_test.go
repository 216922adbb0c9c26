package drill_test

import (
	"fmt"
	"strings"
	"testing"

	"tfocraft/handshake/drill"
)

// With EPOLLET every arrival is an edge, also of data that lies beside other data.
// What was read before anybody waits is none, what comes again is none, and an end is
// one for everybody.
func TestEpollEdges(t *testing.T) {
	const (
		ready     = "+0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 1\n"
		nothing   = "+0 epoll_wait(5, ..., 1, 0) = 0\n"
		watch     = "+0 epoll_create(1) = 5\n+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLET, fd=4}) = 0\n"
		first     = "+0 < P. 1:6(5) ack 1 win 65535\n"
		second    = "+0 < P. 6:10(4) ack 1 win 65535\n"
		third     = "+0 < P. 10:11(1) ack 1 win 65535\n"
		room      = "+0 epoll_wait(5, {events=EPOLLOUT, fd=4}, 1, 0) = 1\n"
		both      = "+0 epoll_create(1) = 5\n+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLOUT|EPOLLET, fd=4}) = 0\n" + room + nothing
		low       = "+0 setsockopt(4, SOL_TCP, TCP_NOTSENT_LOWAT, [40000], 4) = 0\n"
		missed    = "+0 write(4, ..., 64600) = 64600\n+.1 < . 1:1(0) ack 14601 win 65535\n+.1 < . 1:1(0) ack 43801 win 65535\n+.1 < . 1:1(0) ack 64601 win 65535\n"
		gone      = "+.1 < . 1:1(0) ack 123001 win 65535\n"
		watchRoom = "+0 epoll_create(1) = 5\n+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLOUT|EPOLLET, fd=4}) = 0\n"
		writing   = watchRoom + room
	)
	var acknowledged strings.Builder
	for n := 1; n <= 60; n++ {
		fmt.Fprintf(&acknowledged, "+.1 < . 1:1(0) ack %d win 65535\n", n*14600+1)
	}
	for name, script := range map[string]string{
		"arrivals":         watch + nothing + first + ready + nothing + second + third + ready + nothing,
		"before the watch": first + watch + ready + nothing,
		"a second time":    watch + first + ready + first + nothing,
		"out of order":     watch + first + ready + third + nothing + second + ready,
		"read before":      watch + first + "+0 read(4, ..., 10) = 5\n" + nothing + second + ready,
		"read after":       watch + first + ready + "+0 read(4, ..., 10) = 5\n" + second + ready,
		"while it waits":   watch + first + ready + "+0...0.1 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, -1) = 1\n+.1 < P. 6:10(4) ack 1 win 65535\n" + nothing,
		"changed":          watch + first + ready + "+0 epoll_ctl(5, EPOLL_CTL_MOD, 4, {events=EPOLLIN|EPOLLET, fd=4}) = 0\n" + ready + nothing,
		"connections": "+0 epoll_create(1) = 5\n+0 epoll_ctl(5, EPOLL_CTL_ADD, 3, {events=EPOLLIN|EPOLLET, fd=4}) = 0\n" + nothing +
			"+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 9000 <mss 1460>\n+0 > S. 0:0(0) ack 1 <...>\n+0 < . 1:1(0) ack 1 win 9000\n" + ready + nothing +
			"+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 9000 <mss 1460>\n+0 > S. 0:0(0) ack 1 <...>\n+0 < . 1:1(0) ack 1 win 9000\n" + ready + nothing,
		"read before, room": both + first + "+0 read(4, ..., 10) = 5\n" + room + nothing,
		"room that nobody missed": writing + "+0 write(4, ..., 200000) = 200000\n" +
			acknowledged.String() + nothing,
		"room missed once": low + writing + missed + room + nothing + "+0 write(4, ..., 95500) = 95500\n" + gone + nothing,
		"room missed by the watch": low + "+0 write(4, ..., 44600) = 44600\n" + watchRoom + nothing + "+.1 < . 1:1(0) ack 14601 win 65535\n" +
			"+.1 < . 1:1(0) ack 29201 win 65535\n" + room + nothing,
		"room missed by a look": low + both + "+0 write(4, ..., 44600) = 44600\n" + first + ready + "+0 read(4, ..., 5) = 5\n+.1 < . 6:6(0) ack 14601 win 65535\n" +
			"+.1 < . 6:6(0) ack 29201 win 65535\n" + room + nothing,
		"a connect": "+0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 6\n+0 epoll_create(1) = 5\n" +
			"+0 epoll_ctl(5, EPOLL_CTL_ADD, 6, {events=EPOLLOUT|EPOLLET, fd=4}) = 0\n+0 epoll_wait(5, {events=EPOLLOUT|EPOLLHUP, fd=4}, 1, 0) = 1\n" +
			"+0 connect(6, ..., ...) = -1 EINPROGRESS\n" + nothing + "+0 > S 0:0(0) <...>\n+0 < S. 0:0(0) ack 1 win 65535 <mss 1460>\n" + room + nothing,
		"room at once": "+0 setsockopt(4, SOL_TCP, TCP_NOTSENT_LOWAT, [1], 4) = 0\n" + writing + "+0 write(4, ..., 20000) = ...\n" +
			"+.1 < . 1:1(0) ack 14601 win 65535\n" + room + nothing,
		"room":   writing + "+0 write(4, ..., 10000000) = ...\n" + acknowledged.String() + room + nothing,
		"an end": writing + nothing + "+0 < F. 1:1(0) ack 1 win 65535\n" + room + nothing,
	} {
		if r := play(t, drill.Config{}, opened+script); r.Verdict != drill.Pass {
			t.Errorf("%s: %v", name, r)
		}
	}
}
