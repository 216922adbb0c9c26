package drill_test

import (
	"testing"

	"tfocraft/handshake/drill"
)

// SO_RCVLOWAT is how much wakes a reader. What one takes beforehand counts for it, but
// does not wake it, as in Linux 6.18.
func TestReceiveLowAt(t *testing.T) {
	const (
		low     = "+0 setsockopt(4, SOL_SOCKET, SO_RCVLOWAT, [100], 4) = 0\n"
		blocks  = "+0 fcntl(4, F_SETFL, O_RDWR) = 0\n"
		data    = "+.1 < P. 1:51(50) ack 1 win 65535\n* > . 1:1(0) ack 51\n"
		more    = "+.1 < P. 51:111(60) ack 1 win 65535\n* > . 1:1(0) ack 111\n"
		fin     = "+.1 < F. 51:51(0) ack 1 win 65535\n* > . 1:1(0) ack 52\n"
		reset   = "+.1 < R. 51:51(0) ack 1 win 0\n"
		timeout = "+0 setsockopt(4, SOL_SOCKET, SO_RCVTIMEO, {tv_sec=0, tv_usec=300000}, 16) = 0\n"
		silent  = "+0 poll([{fd=4, events=POLLIN, revents=0}], 1, 0) = 0\n"
		told    = "+0 poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 0) = 1\n"
	)
	for name, script := range map[string]string{
		"waits for enough":              low + blocks + "+0...0.2 read(4, ..., 1000) = 110\n" + data + more,
		"no more than the reader wants": low + blocks + data + "+0 read(4, ..., 30) = 30",
		"a FIN":                         low + blocks + "+0...0.2 read(4, ..., 1000) = 50\n" + data + fin + "+0 read(4, ..., 10) = 0",
		"a reset":                       low + blocks + "+0...0.2 read(4, ..., 1000) = 50\n" + data + reset + "+0 read(4, ..., 10) = -1 ECONNRESET",
		"a reset after some was taken": low + blocks + data + "+0...0.1 read(4, ..., 1000) = 50\n" + reset +
			"+0 read(4, ..., 10) = -1 ECONNRESET",
		"a timeout": low + blocks + timeout + "+0...0.3 read(4, ..., 1000) = 50\n" + data,
		"the rest wakes nobody": low + blocks + timeout + data + "+0...0.3 read(4, ..., 1000) = 110\n" +
			"+.1 < P. 51:111(60) ack 1 win 65535\n* > . 1:1(0) ack 111",
		"without waiting": low + data + silent + "+0 read(4, ..., 1000) = 50\n+0 read(4, ..., 1000) = -1 EAGAIN",
		"MSG_PEEK":        low + blocks + "+0...0.2 recv(4, ..., 1000, MSG_PEEK) = 110\n" + data + more + "+0 read(4, ..., 1000) = 110",
		"MSG_PEEK twice":  blocks + timeout + data + "+0...0.3 recv(4, ..., 200, MSG_PEEK|MSG_WAITALL) = 110\n" + more,
		"MSG_PEEK, MSG_WAITALL": blocks + data + "+0...0.1 recv(4, ..., 100, MSG_PEEK|MSG_WAITALL) = 100\n" + more +
			"+0 read(4, ..., 1000) = 110",
		"poll": low + data + silent + "+0 setsockopt(4, SOL_SOCKET, SO_RCVLOWAT, [40], 4) = 0\n" + told +
			"+0 setsockopt(4, SOL_SOCKET, SO_RCVLOWAT, [60], 4) = 0\n" + silent,
		"poll behind a FIN": low + data + fin + told,
	} {
		if r := play(t, drill.Config{}, opened+script); r.Verdict != drill.Pass {
			t.Errorf("%s: %v", name, r)
		}
	}
}

// Who waits for more than the window lets come is woken when it is about to close,
// and one that waits for more than the buffer has room for gets a larger one.
func TestReceiveLowAtWindow(t *testing.T) {
	const server = "`sysctl -q net.ipv4.tcp_timestamps=0`\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	const joined = "+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 65535 <mss 1460,nop,wscale 8>\n" +
		"+0 > S. 0:0(0) ack 1 <...>\n+0 < . 1:1(0) ack 1 win 65535\n+0 accept(3, ..., ...) = 4\n"
	for name, script := range map[string]string{
		"small": server + "+0 setsockopt(3, SOL_SOCKET, SO_RCVBUF, [4000], 4) = 0\n" + joined +
			"+0 setsockopt(4, SOL_SOCKET, SO_RCVLOWAT, [4000], 4) = 0\n" +
			"+.1 < P. 1:2001(2000) ack 1 win 65535\n* > . 1:1(0) ack 2001\n+0 poll([{fd=4, events=POLLIN, revents=0}], 1, 0) = 0\n" +
			"+.1 < P. 2001:3001(1000) ack 1 win 65535\n* > . 1:1(0) ack 3001\n+0 poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 0) = 1\n",
		"large": server + "+0 setsockopt(3, SOL_SOCKET, SO_RCVLOWAT, [300000], 4) = 0\n" + joined +
			"+0 getsockopt(4, SOL_SOCKET, SO_RCVBUF, [600000], [4]) = 0\n" +
			"+0 < P. 1:1001(1000) ack 1 win 65535\n+0 > . 1:1(0) ack 1001 win 1167\n",
	} {
		if r := play(t, drill.Config{}, script); r.Verdict != drill.Pass {
			t.Errorf("%s: %v", name, r)
		}
	}
}

// Sizes of buffers count from when they are set, on a connection as well: the calls
// are told how much there is room for, and the window does not move back.
func TestBuffersOfConnection(t *testing.T) {
	const size = "+0 setsockopt(4, SOL_SOCKET, "
	for name, script := range map[string]string{
		"a smaller send buffer": size + "SO_SNDBUF, [5000], 4) = 0\n+0 write(4, ..., 60000) = 46720\n* > P. 1:14601(14600) ack 1\n" +
			"+0 write(4, ..., 10) = -1 EAGAIN\n" + size + "SO_SNDBUF, [30000], 4) = 0\n+0 write(4, ..., 60000) = 32120",
		"a smaller receive buffer": size + "SO_RCVBUF, [3000], 4) = 0\n+0 < P. 1:1461(1460) ack 1 win 65535\n" +
			"+0 > . 1:1(0) ack 1461 win 64075\n+0 getsockopt(4, SOL_SOCKET, SO_RCVBUF, [6000], [4]) = 0",
		"more to wait for": size + "SO_RCVLOWAT, [200000], 4) = 0\n+0 < P. 1:60001(60000) ack 1 win 65535\n* > . 1:1(0) ack 60001\n" +
			"+0 < P. 60001:120001(60000) ack 1 win 65535\n* > . 1:1(0) ack 120001\n" +
			"+0 < P. 120001:160001(40000) ack 1 win 65535\n* > . 1:1(0) ack 160001",
	} {
		if r := play(t, drill.Config{}, opened+script); r.Verdict != drill.Pass {
			t.Errorf("%s: %v", name, r)
		}
	}
}
