package drill_test

import (
	"strings"
	"testing"

	"tfocraft/handshake/drill"
)

// What Linux counts and the host does not is unsupported as soon as there may be
// something to count: here with ECN.
func TestUnknownInfo(t *testing.T) {
	const ecn = "`sysctl -q net.ipv4.tcp_timestamps=0 net.ipv4.tcp_ecn=1`\n" + `
 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < SEW 0:0(0) win 65535 <mss 1460>
+0 > SE. 0:0(0) ack 1 <mss 1460>
+0 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
`
	for _, last := range []string{
		"+0 %{ assert tcpi_delivered_ce == 0 }%",
		"+0 getsockopt(4, SOL_TCP, TCP_INFO, {tcpi_delivered_ce=0}, [232]) = 0",
	} {
		r := play(t, drill.Config{}, ecn+last)
		if r.Verdict != drill.Unsupported || !strings.Contains(r.Message, "what Linux tells of tcpi_delivered_ce by now") {
			t.Errorf("%s: got %v", last, r)
		}
	}
	r := play(t, drill.Config{}, opened+"+0 getsockopt(4, SOL_TCP, TCP_INFO, {tcpi_state=TCP_CLOSE}, [232]) = 0")
	if r.Verdict != drill.Fail || r.Message != "getsockopt tells tcpi_state=1, expected 7" {
		t.Errorf("got %v", r)
	}
}
