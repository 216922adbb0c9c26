package drill_test

import (
	"testing"

	"tfocraft/handshake/drill"
)

// What calls say on a socket that is not connected, or not yet: each as Linux 6.18
// says it.
func TestConnectCorners(t *testing.T) {
	const (
		socket  = "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
		begun   = socket + "+0 connect(3, ..., ...) = -1 EINPROGRESS\n+0 > S 0:0(0) <...>\n"
		joined  = begun + "+0 < S. 0:0(0) ack 1 win 65535 <mss 1460>\n+0 > . 1:1(0) ack 1\n"
		blocks  = "+0 fcntl(3, F_SETFL, O_RDWR) = 0\n"
		reset   = "+0 < R 1:1(0) win 0\n"
		waiting = "`sysctl net.ipv4.tcp_fastopen=5`\n" + socket + "+0 setsockopt(3, SOL_TCP, TCP_FASTOPEN_CONNECT, [1], 4) = 0\n" +
			"+0 connect(3, ..., ...) = 0\n"
		unnamed = "+0 sendmsg(3, {msg_name(...)=NULL, msg_iov(1)=[{..., 10}], msg_flags=0}, MSG_FASTOPEN) = "
	)
	for name, script := range map[string]string{
		"sendmsg to nobody":          socket + unnamed + "-1 EINVAL",
		"sendto to nobody":           socket + "+0 sendto(3, ..., 10, MSG_FASTOPEN, NULL, 0) = -1 EINVAL",
		"sendto to AF_UNSPEC":        socket + "+0 sendto(3, ..., 10, MSG_FASTOPEN, {sa_family=AF_UNSPEC}, ...) = -1 EOPNOTSUPP",
		"sendmsg in SYN-SENT":        begun + unnamed + "-1 EALREADY",
		"sendmsg behind the SYN-ACK": joined + unnamed + "10\n+0 > P. 1:11(10) ack 1\n" + unnamed + "-1 EISCONN",
		"sendmsg with a SYN that waits": waiting + unnamed + "10\n+0 > S 0:10(10) <...>\n" +
			"+0 < S. 0:0(0) ack 11 win 65535 <mss 1460>\n+0 > . 11:11(0) ack 1",
		"sendto of a connection that was reset": joined + "+0 connect(3, ..., ...) = 0\n" + reset +
			"+0 sendto(3, ..., 10, MSG_FASTOPEN, ..., ...) = -1 EISCONN\n+0 write(3, ..., 10) = -1 ECONNRESET",
		"sendto of one that nobody has heard of": joined + reset +
			"+0 sendto(3, ..., 10, MSG_FASTOPEN, ..., ...) = -1 ECONNRESET\n" + "+0 connect(3, ..., ...) = -1 EINPROGRESS\n+0 > S 0:0(0) <...>",
		"shutdown with a SYN that waits": waiting + "+0 shutdown(3, SHUT_WR) = 0\n" +
			"+0 write(3, ..., 10) = -1 ECONNRESET\n+0 write(3, ..., 10) = -1 EPIPE",
		"connect with a SYN that waits": waiting + blocks +
			"+0 setsockopt(3, SOL_SOCKET, SO_SNDTIMEO, {tv_sec=0, tv_usec=100000}, 16) = 0\n" +
			"+0...0.1 connect(3, ..., ...) = -1 EISCONN\n+.2 send(3, ..., 10, MSG_DONTWAIT) = 10\n+0 > S 0:10(10) <...>",
		"a write that waits, reset": begun + blocks + "+0...0.1 write(3, ..., 10) = -1 ECONNREFUSED\n" +
			"+.1 < R. 0:0(0) ack 1 win 0\n+0 connect(3, ..., ...) = -1 ECONNABORTED",
	} {
		if r := play(t, drill.Config{}, script); r.Verdict != drill.Pass {
			t.Errorf("%s: %v", name, r)
		}
	}
}
