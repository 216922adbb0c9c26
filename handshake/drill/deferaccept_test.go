package drill_test

import (
	"testing"

	"tfocraft/handshake/drill"
)

// TCP_DEFER_ACCEPT of a socket that listens counts for the clients that come after
// it.
func TestDeferAcceptWhileListening(t *testing.T) {
	const (
		before = "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n"
		listen = "+0 listen(3, 1) = 0\n"
		on     = "+0 setsockopt(3, SOL_TCP, TCP_DEFER_ACCEPT, [5], 4) = 0\n"
		off    = "+0 setsockopt(3, SOL_TCP, TCP_DEFER_ACCEPT, [0], 4) = 0\n"
		client = "+0 < S 0:0(0) win 65535 <mss 1460>\n+0 > S. 0:0(0) ack 1 <...>\n+0 < . 1:1(0) ack 1 win 65535\n"
	)
	for name, script := range map[string]string{
		"on":  before + listen + on + client + "+0 accept(3, ..., ...) = -1 EAGAIN\n+0 `nstat | grep -q TcpExtTCPDeferAcceptDrop`",
		"off": before + on + listen + off + client + "+0 accept(3, ..., ...) = 4",
	} {
		if r := play(t, drill.Config{}, script); r.Verdict != drill.Pass {
			t.Errorf("%s: %v", name, r)
		}
	}
}
